// Handlers of this client under test without a connection: makeMsg of @myelin/testing makes messages of our own class.

import { headers } from "@myelin/protocol";
import { makeMsg } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { Msg } from "../src/index.js";

/** A handler as an application writes it. */
function greet(msg: Msg): void {
  const { name } = msg.json<{ name: string }>();
  const answer = headers();
  answer.set("lang", msg.headers?.get("lang") ?? "en");
  msg.respond(`hello ${name}`, { headers: answer });
}

describe("P28: makeMsg", () => {
  it("makes a message a handler takes for a real one, and collects the answers", () => {
    const asked = headers();
    asked.set("lang", "de");
    const { msg, responses } = makeMsg(Msg, {
      subject: "greet",
      reply: "in.1",
      data: '{"name":"Ada"}',
      headers: asked,
    });
    greet(msg);
    expect(msg).toBeInstanceOf(Msg);
    expect([msg.subject, msg.reply, msg.sid]).toEqual(["greet", "in.1", 1]);
    expect(responses.map((one) => [one.subject, one.string(), one.headers?.get("lang")])).toEqual([
      ["in.1", "hello Ada", "de"],
    ]);
  });

  it("a message without a reply subject is answered to nobody, as a real one", () => {
    const { msg, responses } = makeMsg(Msg, { subject: "greet" });
    expect([msg.respond("x"), msg.data.length, msg.headers, responses]).toEqual([false, 0, undefined, []]);
  });

  it("throws for what no server could send", () => {
    expect(() => makeMsg(Msg, { subject: "a b" })).toThrow("whitespace");
    const { msg } = makeMsg(Msg, { subject: "a", reply: "r" });
    expect(() => msg.respond(1 as unknown as string)).toThrow("payload");
  });
});
