// What a console shows of connections, subscriptions, messages and headers, whose fields are private, and what JSON has of them.

import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { scene, send } from "../test/one-server.js";
import { headers, type Msg, MsgHdrs } from "./index.js";

const shown = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY });

describe("a console shows", () => {
  it("of a connection its name, state, server and how many there are, and no credentials", async () => {
    const { nc } = await scene({ name: "billing", user: "u", pass: "canary" });
    const facts = "name: 'billing', state: 'connected', server: 'a:4222', servers: 1";
    expect(shown(nc)).toBe(`NatsConnection { ${facts} }`);
    expect(JSON.stringify(nc)).toBe('{"name":"billing","state":"connected","server":"a:4222","servers":1}');
    expect(inspect(nc, { showHidden: true, depth: 9 })).not.toContain("canary");
    await nc.close();
    expect(shown(nc)).toBe("NatsConnection { name: 'billing', state: 'closed', servers: 1 }");
  });

  it("of a subscription its subject, queue group and numbers", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a.*", { queue: "workers" });
    await send(world, "a.b", 2);
    const facts = "subject: 'a.*', queue: 'workers', sid: 1, state: 'open', received: 2, pending: 2, dropped: 0";
    expect(shown(sub)).toBe(`Subscription { ${facts} }`);
    expect(JSON.parse(JSON.stringify({ sub }))).toMatchObject({ sub: { subject: "a.*", received: 2 } });
    sub.unsubscribe();
    expect(shown(sub)).toContain("state: 'closed'");
  });

  it("of a message its subject, reply subject, headers, and the payload as text or bytes, cut to a line", async () => {
    const { clock, nc } = await scene();
    const messages: Msg[] = [];
    nc.subscribe("a", { callback: (_, msg) => void messages.push(msg) });
    const own = headers();
    own.append("City", "Zürich");
    nc.publish("a", "plain");
    nc.publish("a", '{"id":42}', { reply: "b", headers: own });
    nc.publish("a", new Uint8Array([0xff, 0xfe, 1]));
    nc.publish("a", "é".repeat(100));
    nc.publish("a");
    await clock.until(nc.flush());
    expect(messages.map(shown)).toEqual([
      "Msg { subject: 'a', sid: 1, data: 'plain' }",
      `Msg { subject: 'a', reply: 'b', sid: 1, headers: MsgHdrs { City: [ 'Zürich' ] }, data: '{"id":42}' }`,
      "Msg { subject: 'a', sid: 1, data: Uint8Array(3) [ 255, 254, 1 ] }",
      `Msg { subject: 'a', sid: 1, data: '${"é".repeat(64)}… (200 bytes)' }`,
      "Msg { subject: 'a', sid: 1, data: '' }",
    ]);
    expect(inspect({ deep: { deeper: messages[0] } }, { depth: 1 })).toContain("Msg");
  });

  it("of headers the status and what they hold, and of a class the name", async () => {
    await scene();
    expect(shown(new MsgHdrs(503, "No Responders"))).toBe("MsgHdrs { status: '503 No Responders' }");
    const { [Symbol.for("nodejs.util.inspect.custom")]: show } = MsgHdrs.prototype as unknown as Record<
      symbol,
      () => string
    >;
    expect(show?.call(MsgHdrs.prototype)).toBe("MsgHdrs {}");
  });
});
