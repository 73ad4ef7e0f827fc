// Moving from one server to another without being without one, and what is in flight meanwhile: fakes and virtual time. How it begins is
// lame-duck.test.ts, how it fails failed-moves.test.ts.

import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../test/simulated.js";
import { lameDuck, last, lines, onA, told } from "../test/two-servers.js";
import { OVERLAP } from "./handover.js";
import { ConnectionError } from "./index.js";

describe("what is in flight during a move", () => {
  it("requests asked over the old link are answered, by way of either", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const replies: string[] = [];
    a.script = {
      onPub: (_, { reply }) => {
        replies.push(reply ?? "");
        return "skip";
      },
    };
    nc.subscribe("held", { callback: () => {} });
    const first = nc.request("svc", "1", { timeout: 20_000 });
    const second = nc.request("svc", "2", { timeout: 20_000 });
    await clock.advance(1);
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    // The responder's answer comes to the inbox of the new link, long before the old one is left.
    const inbox = b.subscriptions.find(({ subject }) => replies[0]?.startsWith(subject.slice(0, -1)));
    last(b).deliver({
      subject: replies[0] ?? "",
      sid: inbox?.sid ?? "",
      reply: undefined,
      headerBlock: undefined,
      payload: "one",
    });
    expect((await clock.until(first)).string()).toBe("one");
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("b:4222");
    last(b).deliver({
      subject: replies[1] ?? "",
      sid: inbox?.sid ?? "",
      reply: undefined,
      headerBlock: undefined,
      payload: "two",
    });
    expect((await clock.until(second)).string()).toBe("two");
  });

  it("a flush over the old link resolves", async () => {
    const { a, nc, clock } = await onA({ reconnectJitter: 0 });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    const flushed = nc.flush();
    await clock.advance(3_000);
    await flushed;
    expect(nc.getServer()).toBe("b:4222");
  });

  it("every publish goes out once, in order, and none over the new link before the old server has had all of those before", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const seen: string[] = [];
    const keep = (where: string) => ({
      onPub: (_: unknown, { text }: { readonly text: string }): void =>
        void seen.push(`${where} ${text.split("\r\n")[1]}`),
    });
    a.script = keep("a");
    b.script = keep("b");
    lameDuck(a);
    for (let n = 0; n < 300; n++) {
      nc.publish("n", String(n));
      await clock.advance(5);
    }
    await clock.until(nc.flush());
    expect(seen.map((line) => Number(line.split(" ")[1]))).toEqual(Array.from({ length: 300 }, (_, n) => n));
    const firstOnB = seen.findIndex((line) => line.startsWith("b"));
    expect(firstOnB).toBeGreaterThan(50);
    expect(seen.slice(firstOnB).every((line) => line.startsWith("b"))).toBe(true);
  });

  it("publishes between the links are kept whatever whileDisconnected and reconnectBufferSize say: it is no outage", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0, whileDisconnected: "reject", reconnectBufferSize: 0 });
    // Its answer to the last PING is late.
    let hold = false;
    a.script = { onPing: () => (hold ? "silence" : "pong") };
    lameDuck(a);
    await clock.advance(OVERLAP - 100);
    hold = true;
    await clock.advance(300);
    nc.publish("between", "1");
    const asked = nc.request("svc", "2", { timeout: 20_000 });
    expect(nc.bufferedBytes).toBeGreaterThan(0);
    expect(
      lines(a)
        .concat(lines(b))
        .filter((line) => /PUB/.test(line)),
    ).toEqual([]);
    last(a).pong();
    await clock.advance(100);
    expect(lines(b).filter((line) => line.startsWith("PUB"))).toHaveLength(2);
    expect(nc.getServer()).toBe("b:4222");
    asked.catch(() => {});
  });

  it("subscriptions made and ended during a move are so on both links", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const early = nc.subscribe("early");
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    nc.subscribe("late", { max: 2 });
    early.unsubscribe();
    await clock.advance(1);
    for (const server of [a, b]) {
      expect(lines(server)).toEqual(expect.arrayContaining(["SUB late 2", "UNSUB 2 2", "UNSUB 1"]));
    }
  });

  it("a limit counts once: what the new link brought too does not use it up, and both servers are told of the end", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const got: string[] = [];
    nc.subscribe("few", { max: 3, callback: (_, msg) => got.push(msg.string()) });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    for (const server of [a, b]) last(server).send("MSG few 1 1\r\nA\r\nMSG few 1 1\r\nB\r\n");
    await clock.advance(2_000);
    expect(got).toEqual(["A", "B"]);
    last(b).send("MSG few 1 1\r\nC\r\n");
    await clock.advance(10);
    expect(got).toEqual(["A", "B", "C"]);
    expect(lines(b)).toContain("UNSUB 1");
  });
});

describe("reconnect({ graceful: true })", () => {
  it("moves to another server and resolves when it has", async () => {
    const { a, nc, clock } = await onA();
    const events = told(nc);
    await clock.until(nc.reconnect({ graceful: true }));
    expect(nc.getServer()).toBe("b:4222");
    expect(events()).toEqual(["handover"]);
    await clock.advance(3_000);
    expect(last(a).isOpen).toBe(false);
  });

  it("makes a new link to the same server where there is no other", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("x");
    const events = recorded(nc, "handover", "disconnect");
    await clock.until(nc.reconnect({ graceful: true }));
    await clock.advance(3_000);
    expect(events).toEqual([{ type: "handover", epoch: 2, from: "a:4222", server: "a:4222", reason: "requested" }]);
    expect(a.connections.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    expect(a.subscriptions.map(({ subject }) => subject)).toEqual(["x"]);
    last(a).reset();
    await clock.advance(3_000);
    expect(a.dials).toBe(3);
    expect(nc.state).toBe("connected");
  });

  it("rejects with the reason when it cannot, and the link stays", async () => {
    const { network, nc, clock } = await onA();
    network.refuse("b", 4222);
    const error = await rejection(clock.until(nc.reconnect({ graceful: true })));
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect([nc.getServer(), nc.state]).toEqual(["a:4222", "connected"]);
    await clock.until(nc.flush());
  });

  it("rejects when the connection is closed meanwhile", async () => {
    for (const ms of [0, 1, OVERLAP / 2]) {
      const { nc, clock } = await onA();
      const moving = rejection(nc.reconnect({ graceful: true }));
      await clock.advance(ms);
      await clock.until(nc.close());
      expect(await clock.until(moving)).toBeInstanceOf(ConnectionError);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("takes the new link at once when reconnect() drops the old one meanwhile", async () => {
    const { nc, clock } = await onA();
    const moving = nc.reconnect({ graceful: true });
    await clock.advance(OVERLAP / 2);
    await nc.reconnect();
    await clock.until(moving);
    expect([nc.getServer(), nc.state]).toEqual(["b:4222", "connected"]);
  });
});
