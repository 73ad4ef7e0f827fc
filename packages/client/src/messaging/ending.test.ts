// How subscriptions and the connection end in order: limits, unsubscribing in the middle, the two phases of a drain. Fakes and
// virtual time. RECV-UNSUB-*, RECV-DRAIN-*.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { DrainingConnectionError, type Subscription } from "../index.js";

const last = (server: FakeServer): FakeConnection | undefined => server.connections.at(-1);
const lines = (server: FakeServer): string[] =>
  last(server)?.received.map(({ text }) => text.split("\r\n")[0] ?? "") ?? [];

describe("unsubscribing", () => {
  it("RECV-UNSUB-1: in the middle of a chunk ends callback and loop at once; what was outstanding is dropped", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a", { onUnsub: () => "skip" });
    const nc = await connect({ servers: "a" });
    const got: string[] = [];
    const sub: Subscription = nc.subscribe("x", {
      callback: (_, msg) => {
        got.push(msg.string());
        if (msg.string() === "2") sub.unsubscribe();
      },
    });
    const looped: string[] = [];
    const loop = nc.subscribe("x");
    const looping = (async () => {
      for await (const msg of loop) {
        looped.push(msg.string());
        if (msg.string() === "2") break;
      }
    })();
    await clock.settle();
    last(a)?.send([1, 2, 3, 4].map((n) => `MSG x 1 1\r\n${n}\r\nMSG x 2 1\r\n${n}\r\n`).join(""));
    await clock.until(looping);
    last(a)?.send("MSG x 1 1\r\n5\r\nMSG x 2 1\r\n5\r\n");
    await clock.until(nc.flush());
    expect([got, looped]).toEqual([
      ["1", "2"],
      ["1", "2"],
    ]);
    expect([sub.isClosed(), loop.isClosed(), loop.getPending()]).toEqual([true, true, 0]);
    expect(
      lines(a)
        .filter((line) => line.startsWith("UNSUB"))
        .sort(),
    ).toEqual(["UNSUB 1", "UNSUB 2"]);
  });

  it("RECV-UNSUB-AFTER-2: at a total already reached ends it at once, and the server is told without a number", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    for (const total of [3, 5]) {
      const sub = nc.subscribe("x", { callback: () => {} });
      for (let i = 0; i < 5; i++) nc.publish("x");
      await clock.until(nc.flush());
      sub.unsubscribe(total);
      expect(sub.isClosed()).toBe(true);
      nc.publish("x");
      await clock.until(nc.flush());
      expect(sub.getReceived()).toBe(5);
      expect(lines(a)).toContain(`UNSUB ${sub.getID()}`);
    }
    // The total counts from the beginning of the subscription: three have come, two more will.
    const sub = nc.subscribe("y", { callback: () => {} });
    for (let i = 0; i < 3; i++) nc.publish("y");
    await clock.until(nc.flush());
    sub.unsubscribe(5);
    for (let i = 0; i < 5; i++) nc.publish("y");
    await clock.until(nc.flush());
    expect([sub.getReceived(), sub.isClosed()]).toEqual([5, true]);
    expect(lines(a)).toContain(`UNSUB ${sub.getID()} 5`);
  });
});

describe("draining", () => {
  it("RECV-DRAIN-1, RECV-DRAIN-4: handlers publish in the first phase; in the second publishing is refused, and what was published is sent", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const told = recorded(nc, "close");
    nc.subscribe("x", { callback: (_, msg) => void nc.publish("result", msg.string()) });
    for (const text of ["1", "2"]) nc.publish("x", text);
    // The first PONG ends the first phase; the second one is held back.
    let pings = 0;
    a.script = { onPing: () => (++pings > 1 ? "silence" : "pong") };
    const drained = nc.drain();
    await clock.advance(1_000);
    expect([pings, nc.state]).toEqual([2, "draining"]);
    expect(() => nc.publish("late")).toThrow(DrainingConnectionError);
    expect(() => nc.subscribe("late")).toThrow(DrainingConnectionError);
    expect((await rejection(nc.request("late"))).code).toBe("CONNECTION_DRAINING");
    expect(told).toEqual([]);
    last(a)?.pong();
    await clock.until(drained);
    expect(lines(a).slice(2)).toEqual([
      "SUB x 1",
      "PUB x 1",
      "PUB x 1",
      "UNSUB 1",
      "PING",
      "PUB result 1",
      "PUB result 1",
      "PING",
    ]);
    expect([nc.state, told.length]).toEqual(["closed", 1]);
  });

  it("D10: a drain waits no longer for a loop that was left with messages still there", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("x");
    for (let i = 0; i < 3; i++) nc.publish("x", String(i));
    await clock.until(nc.flush());
    const loop = sub[Symbol.asyncIterator]();
    await loop.next();
    const drained = sub.drain();
    await clock.until(nc.flush());
    await loop.return?.();
    await clock.until(drained, 1_000);
    expect(sub.isClosed()).toBe(true);
    await clock.until(nc.close());
  });

  it("RECV-DRAIN-7: a second drain of a subscription resolves no sooner than the first, whoever waits for messages", async () => {
    for (const consumer of ["callback", "loop", "nobody"]) {
      const { clock, connect, serve } = simulate();
      const a = serve("a", { onPing: () => "pong" });
      const nc = await connect({ servers: "a" });
      const sub = nc.subscribe("x", consumer === "callback" ? { callback: () => {} } : {});
      if (consumer === "loop") void sub[Symbol.asyncIterator]().next();
      await clock.settle();
      a.script = { onPing: () => "silence" };
      const order: string[] = [];
      const first = sub.drain().then(() => order.push("first"));
      const second = sub.drain().then(() => order.push("second"));
      await clock.advance(1_000);
      expect(order, consumer).toEqual([]);
      last(a)?.pong();
      await clock.until(Promise.all([first, second]));
      expect(order, consumer).toEqual(["first", "second"]);
      await clock.until(nc.close());
    }
  });

  it("RECV-DRAIN-7: both drains of a subscription fail when the link is lost, at once, and so does a later one", async () => {
    for (const consumer of ["callback", "loop"]) {
      const { clock, connect, serve } = simulate();
      const a = serve("a");
      const nc = await connect({ servers: "a" });
      const sub = nc.subscribe("x", consumer === "callback" ? { callback: () => {} } : {});
      nc.publish("x");
      nc.publish("x");
      await clock.until(nc.flush());
      // Its loop is at the first message.
      if (consumer === "loop") await sub[Symbol.asyncIterator]().next();
      a.script = { onPing: () => "silence" };
      const both = [rejection(sub.drain()), rejection(sub.drain())];
      await clock.settle();
      last(a)?.reset();
      const [first, second] = await clock.until(Promise.all(both), 1_000);
      expect(first?.code, consumer).toBe("DISCONNECTED");
      expect([second, await rejection(sub.drain())], consumer).toEqual([first, first]);
      await clock.until(nc.close());
    }
  });

  it("RECV-DRAIN-7: a drain of a subscription that has reached its limit shares the one that still waits for its handlers", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a", { onPing: () => "pong", onUnsub: () => "skip" });
    const nc = await connect({ servers: "a" });
    let handled = 0;
    const sub = nc.subscribe("x", {
      max: 1,
      callback: async () => {
        await new Promise<void>((resolve) => void clock.after(100, resolve));
        handled++;
      },
    });
    await clock.settle();
    const first = sub.drain();
    last(a)?.send("MSG x 1 1\r\n1\r\n");
    await clock.advance(10);
    expect([sub.isClosed(), handled]).toEqual([true, 0]);
    await clock.until(sub.drain());
    expect(handled).toBe(1);
    await first;
    await sub.drain();
    await clock.until(nc.close());
  });

  it("D10: a link that is lost ends a drain at once, though a handler still runs, and the error says that it was lost", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    void nc.subscribe("x").process(() => new Promise(() => {}));
    nc.publish("x");
    await clock.until(nc.flush());
    const drained = rejection(nc.drain());
    await clock.settle();
    last(a)?.reset();
    await clock.settle();
    const error = await drained;
    expect([nc.state, error.name]).toEqual(["closed", "DrainError"]);
    expect(error.cause).toMatchObject({ code: "CONNECTION_RESET", address: "a:4222" });
  });
});

describe("answering", () => {
  it("RECV-REPLY-1: respond() publishes to the reply subject and says so; without one it sends nothing and says that", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const said: boolean[] = [];
    nc.subscribe("x", { callback: (_, msg) => void said.push(msg.respond("answer")) });
    await clock.settle();
    last(a)?.send("MSG x 1 1\r\n1\r\nMSG x 1 over.there 1\r\n2\r\n");
    await clock.settle();
    expect(said).toEqual([false, true]);
    expect(
      last(a)
        ?.received.filter(({ op }) => op === "PUB")
        .map(({ text }) => text),
    ).toEqual(["PUB over.there 6\r\nanswer"]);
  });
});

describe("what the client sends", () => {
  it("PROTO-22, PROTO-24: in a whole life is made of a client's operations alone, with one CONNECT for each link", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a", { pingInterval: 400, pingMax: 100 });
    const nc = await connect({ servers: "a", pingInterval: 100, user: "u", pass: "p" });
    const sub = nc.subscribe("x", { queue: "q", max: 3, callback: (_, msg) => void msg.respond("y") });
    nc.publish("x", "1", { reply: "z" });
    await clock.until(nc.request("x", "?"));
    await clock.until(nc.request("x", "?", { noMux: true }));
    sub.unsubscribe();
    await nc.reconnect();
    await clock.advance(2_000);
    await clock.until(nc.drain());
    const ops = a.connections.map(({ received }) => received.map(({ op }) => op));
    expect(ops).toHaveLength(2);
    expect([...new Set(ops.flat())].sort()).toEqual(["CONNECT", "PING", "PONG", "PUB", "SUB", "UNSUB"]);
    for (const one of ops) expect(one.filter((op) => op === "CONNECT")).toEqual(["CONNECT"]);
  });
});
