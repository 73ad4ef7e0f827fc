// Options of single calls, as a program without types gives them. Those of connect() are in resolved-options.test.ts.

import type { MsgHdrs } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { scene } from "../test/one-server.js";
import { recorded, rejection } from "../test/simulated.js";

describe("options of single calls", () => {
  it("an unknown one is refused by its name, with what was meant where that is near, and nothing has happened", async () => {
    const { nc, server } = await scene();
    const before = server.connections[0]?.received.length;
    const wrong: [() => unknown, string][] = [
      [
        () => nc.publish("a", "", { header: undefined } as object),
        "header: is not an option of publish(); did you mean headers?",
      ],
      [
        () => nc.subscribe("a", { quue: "workers" } as object),
        "quue: is not an option of subscribe(); did you mean queue?",
      ],
      [() => nc.subscribe("a", { group: "workers" } as object), "group: is not an option of subscribe()"],
      [() => nc.subscribe("a", (() => {}) as object), "options: of subscribe() must be an object"],
      [() => nc.subscribe("a", { valueOf: 1 } as object), "valueOf: is not an option of subscribe()"],
      [() => nc.subscribe("a", null as unknown as object), "options: of subscribe() must be an object"],
    ];
    for (const [call, message] of wrong) expect(call).toThrow(message);
    const late: [() => Promise<unknown>, string][] = [
      [
        () => nc.request("a", "", { timout: 5 } as object),
        "timout: is not an option of request(); did you mean timeout?",
      ],
      [
        () => nc.requestMany("a", "", { maxwait: 5 } as object),
        "maxwait: is not an option of requestMany(); did you mean maxWait?",
      ],
      [() => nc.request("a", "", 500 as unknown as object), "options: of request() must be an object"],
      [() => nc.flush({ timeOut: 5 } as object), "timeOut: is not an option of flush(); did you mean timeout?"],
      [() => nc.rtt({ wait: 5 } as object), "wait: is not an option of flush()"],
      [() => nc.writable(5 as unknown as object), "options: of writable() must be an object"],
      [() => nc.drain({ within: 5 } as object), "within: is not an option of drain()"],
      [() => nc.request("a", "", null as unknown as object), "options: of request() must be an object"],
      [() => nc.requestMany("a", "", null as unknown as object), "options: of requestMany() must be an object"],
    ];
    for (const [call, message] of late) expect((await rejection(call())).message).toBe(message);
    expect(server.connections[0]?.received.length).toBe(before);
    const sub = nc.subscribe("a");
    expect(() => sub.process(() => {}, { concurency: 8 } as object)).toThrow("did you mean concurrency?");
    expect(sub.isClosed()).toBe(false);
  });

  it("a number given as text is told as text", async () => {
    const { nc } = await scene();
    const message = (await rejection(nc.requestMany("a", "", { maxMessages: "5" as unknown as number }))).message;
    expect(message).toBe('maxMessages: must be a whole number, -1 or more, not the text "5"');
  });

  it("headers that are a plain object are refused, null is none, and those of another copy are sent", async () => {
    const { nc, server, clock } = await scene();
    const errors = recorded(nc, "error");
    const bare = Object.assign(Object.create(null) as object, { a: "1" });
    for (const plain of [{ a: "1" }, new Map([["a", "1"]]), new Headers({ a: "1" }), bare, Symbol("a"), 1, false]) {
      const given = plain as unknown as MsgHdrs;
      expect(() => nc.publish("plain", "", { headers: given })).toThrow("MsgHdrs.fromRecord()");
      expect(() => nc.publish("plain", "", { headers: given, traceDestination: "t" })).toThrow(
        "not made with headers()",
      );
    }
    nc.publish("null", "", { headers: null as unknown as MsgHdrs });
    nc.publish("none", "", null as unknown as undefined);
    nc.publish("foreign", "", { headers: { toString: () => "NATS/1.0\r\nA: 1\r\n\r\n" } as unknown as MsgHdrs });
    await clock.until(nc.flush());
    const published = server.connections[0]?.received.filter(({ op }) => op === "PUB") ?? [];
    expect(published.map(({ text }) => text.split(" ").slice(0, 2).join(" "))).toEqual([
      "PUB null",
      "PUB none",
      "HPUB foreign",
    ]);
    expect(errors).toEqual([]);
  });
});
