// Receiving: who gets what, what waits for a slow consumer, and how it ends. Fakes and virtual time. Awaited handlers are
// processing.test.ts, draining is draining.test.ts.

import { describe, expect, it } from "vitest";
import { last, lines, scene, send } from "../../test/one-server.js";
import { recorded, rejection } from "../../test/simulated.js";
import { type Msg, SlowConsumerError, type Subscription, syncIterator, TimeoutError } from "../index.js";

async function rest(sub: Subscription): Promise<string[]> {
  const found: string[] = [];
  for await (const msg of sub) found.push(msg.string());
  return found;
}

describe("bounds on what waits", () => {
  it("D8, EVENTS-SLOW-1, EVENTS-SLOW-2: past the bound the newest are dropped and counted, and told once for each episode", async () => {
    const world = await scene();
    const slow = recorded(world.nc, "slowConsumer");
    const sub = world.nc.subscribe("a", { pending: { messages: 4 } });
    await send(world, "a", 10);
    expect([sub.getPending(), sub.getDropped(), sub.getReceived()]).toEqual([4, 6, 10]);
    expect(slow).toMatchObject([{ sub, pending: 4, dropped: 1 }]);
    const pull = syncIterator(sub, world.clock);
    expect((await pull.next())?.string()).toBe("1");
    await send(world, "a", 2);
    expect(slow).toHaveLength(1);
    for (let i = 0; i < 4; i++) await pull.next();
    await send(world, "a", 6);
    expect(slow).toHaveLength(2);
    expect(world.nc.isClosed()).toBe(false);
  });

  it("EVENTS-SLOW-1: the bound on bytes holds beside that on messages, and -1 is none", async () => {
    const world = await scene({ pending: { messages: -1, bytes: 3 } });
    const bounded = world.nc.subscribe("a");
    const free = world.nc.subscribe("a", { pending: { bytes: -1 } });
    await send(world, "a", 9);
    expect([bounded.getPending(), bounded.getPendingBytes(), bounded.getDropped()]).toEqual([3, 3, 6]);
    expect([free.getPending(), free.getDropped()]).toEqual([9, 0]);
  });

  it("P8: drop-old keeps the newest", async () => {
    const world = await scene();
    const slow = recorded(world.nc, "slowConsumer");
    const sub = world.nc.subscribe("a", { pending: { messages: 3, overflow: "drop-old" }, max: 10 });
    await send(world, "a", 10);
    expect(sub.getDropped()).toBe(7);
    expect(slow).toHaveLength(1);
    expect(await rest(sub)).toEqual(["8", "9", "10"]);
    expect(sub.getProcessed()).toBe(3);
  });

  it("P8: error ends the subscription with SlowConsumerError, after what waits, and leaves the connection alone", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a", { pending: { messages: 2, overflow: "error" } });
    await send(world, "a", 5);
    const got: string[] = [];
    const error = await rejection(
      (async () => {
        for await (const msg of sub) got.push(msg.string());
      })(),
    );
    expect(error).toBeInstanceOf(SlowConsumerError);
    expect(error).toMatchObject({ limit: 2, unit: "messages" });
    expect(error).toMatchObject({ code: "SLOW_CONSUMER", subject: "a", pending: 2 });
    expect(await sub.closed).toBe(error);
    expect(got).toEqual(["1", "2"]);
    expect(lines(world.server)).toContain(`UNSUB ${sub.getID()}`);
    await world.clock.until(world.nc.flush());
  });

  it("P8, EVENTS-SLOW-5: pause loses nothing, holds little more than the bound, and stops reading until half is consumed", async () => {
    const world = await scene({ pingInterval: 1_000 });
    const slow = recorded(world.nc, "slowConsumer");
    const stale = recorded(world.nc, "staleConnection", "disconnect");
    const sub = world.nc.subscribe("a", { pending: { messages: 4, overflow: "pause" }, max: 100 });
    const other = world.nc.subscribe("b", { callback: () => {} });
    await send(world, "a", 50);
    await send(world, "a", 50);
    await send(world, "b", 1);
    await world.clock.advance(60_000);
    expect([sub.getPending(), sub.getDropped(), other.getReceived()]).toEqual([5, 0, 0]);
    expect(slow).toHaveLength(1);
    expect(stale).toEqual([]);
    expect(await world.clock.until(rest(sub))).toEqual(
      Array.from({ length: 100 }, (_, index) => String((index % 50) + 1)),
    );
    await world.clock.until(world.nc.flush());
    expect(other.getReceived()).toBe(1);
  });

  it("P8: a paused subscription that ends, or loses its link, does not hold up the others", async () => {
    const world = await scene();
    const other = world.nc.subscribe("b", { callback: () => {} });
    const first = world.nc.subscribe("a", { pending: { messages: 1, overflow: "pause" } });
    const second = world.nc.subscribe("a", { pending: { messages: 1, overflow: "pause" } });
    await send(world, "a", 5);
    await send(world, "b", 1);
    expect(other.getReceived()).toBe(0);
    first.unsubscribe();
    second.unsubscribe();
    await world.clock.until(world.nc.flush());
    expect(other.getReceived()).toBe(1);
    const third = world.nc.subscribe("a", { pending: { messages: 1, overflow: "pause" } });
    await send(world, "a", 5);
    await world.nc.reconnect();
    await world.clock.advance(5_000);
    expect(world.nc.state).toBe("connected");
    await send(world, "b", 1);
    expect(other.getReceived()).toBe(1);
    third.unsubscribe();
    await world.clock.until(world.nc.flush());
    expect(other.getReceived()).toBe(2);
  });

  it("EVENTS-SLOW-3: slow tells how many wait without dropping any, once for each episode", async () => {
    const world = await scene();
    const slow = recorded(world.nc, "slowConsumer");
    const sub = world.nc.subscribe("a", { slow: 3 });
    await send(world, "a", 10);
    expect(slow).toMatchObject([{ pending: 4, dropped: 0 }]);
    expect(sub.getPending()).toBe(10);
  });

  it("a bad bound is refused before anything happens", async () => {
    const { nc, server, clock } = await scene();
    for (const pending of [{ messages: -2 }, { bytes: 1.5 }, { overflow: "wait" as "pause" }]) {
      expect(() => nc.subscribe("a", { pending })).toThrow("pending.");
    }
    expect(() => nc.subscribe("a", { slow: -1 })).toThrow("slow");
    await clock.until(nc.flush());
    expect(lines(server).some((line) => line.startsWith("SUB"))).toBe(false);
    await expect(scene({ pending: { overflow: "wait" as "pause" } })).rejects.toThrow("pending.overflow");
  });
});

describe("one by one", () => {
  it("RECV-SYNC-1: next() takes one message, tells a time-out from the end, and loses nothing to a time-out", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a", { max: 2 });
    const pull = syncIterator(sub, world.clock);
    expect(await rejection(world.clock.until(pull.next({ timeout: 50 })))).toBeInstanceOf(TimeoutError);
    await send(world, "a", 2);
    expect((await pull.next())?.string()).toBe("1");
    expect((await pull.next({ timeout: 50 }))?.string()).toBe("2");
    expect(await pull.next({ timeout: 50 })).toBeNull();
    expect(await pull.next()).toBeNull();
  });
});

describe("callbacks and iterators", () => {
  it("RECV-ASYNC-1, RECV-ASYNC-2: a callback gets (null, msg) for every message, in order", async () => {
    const world = await scene();
    const got: [Error | null, string][] = [];
    world.nc.subscribe("a", { callback: (error, msg) => got.push([error, msg.string()]) });
    await send(world, "a", 3);
    expect(got).toEqual([
      [null, "1"],
      [null, "2"],
      [null, "3"],
    ]);
  });

  it("RECV-ASYNC-4, P9: a callback that throws or rejects harms no other, and flush settles", async () => {
    const world = await scene();
    const errors = recorded(world.nc, "error");
    const others: string[] = [];
    world.nc.subscribe("a", {
      callback: () => {
        throw new Error("thrown");
      },
    });
    world.nc.subscribe("a", { callback: () => Promise.reject(new Error("rejected")) });
    world.nc.subscribe("a", { callback: (_, msg) => others.push(msg.string()) });
    await send(world, "a", 3);
    await world.clock.until(world.nc.flush());
    expect(others).toEqual(["1", "2", "3"]);
    expect(errors).toHaveLength(6);
    expect(world.nc.isClosed()).toBe(false);
  });

  it("RECV-ASYNC-6: closed settles when it ends: by unsubscribe, by its limit, with the connection, with its error", async () => {
    const world = await scene();
    const one = world.nc.subscribe("a");
    const two = world.nc.subscribe("a", { max: 1 });
    const three = world.nc.subscribe("b");
    const four = world.nc.subscribe("b", { timeout: 20 });
    one.unsubscribe();
    expect(await one.closed).toBeUndefined();
    await send(world, "a", 1);
    expect(await two.closed).toBeUndefined();
    expect(await world.clock.until(four.closed)).toBeInstanceOf(TimeoutError);
    await world.nc.close();
    expect(await three.closed).toBeUndefined();
  });

  it("RECV-UNSUB-1, RECV-UNSUB-3: unsubscribe sends UNSUB once, drops what waits, ends the loop, and is not replayed", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a");
    await send(world, "a", 3);
    sub.unsubscribe();
    sub.unsubscribe();
    expect(await rest(sub)).toEqual([]);
    await world.clock.until(world.nc.flush());
    expect(lines(world.server).filter((line) => line.startsWith("UNSUB"))).toEqual([`UNSUB ${sub.getID()}`]);
    await world.nc.reconnect();
    await world.clock.advance(5_000);
    expect(lines(world.server).filter((line) => line.startsWith("SUB"))).toEqual([]);
  });

  it("RECV-UNSUB-2: a message for an unknown sid is discarded, and what follows is read", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a", { max: 1 });
    last(world.server)?.send("MSG gone 4711 5\r\nhello\r\nMSG a 1 1\r\nx\r\nPING\r\n");
    await world.clock.advance(10);
    expect(sub.getReceived()).toBe(1);
    expect(lines(world.server)).toContain("PONG");
  });

  it("RECV-UNSUB-AFTER-5: no first message in time is a TimeoutError for the callback and for the loop", async () => {
    const world = await scene();
    const told: (Error | null)[] = [];
    world.nc.subscribe("a", { timeout: 20, callback: (error) => told.push(error) });
    expect(await rejection(world.clock.until(rest(world.nc.subscribe("a", { timeout: 20 }))))).toBeInstanceOf(
      TimeoutError,
    );
    expect(told[0]).toBeInstanceOf(TimeoutError);
  });

  it("RECV-REPLY-1: a message without reply subject is not answered, and says so", async () => {
    const world = await scene();
    const got: Msg[] = [];
    world.nc.subscribe("a", { callback: (_, msg) => got.push(msg) });
    world.nc.publish("a");
    world.nc.publish("a", "", { reply: "b" });
    await world.clock.advance(10);
    expect(got.map((msg) => [msg.reply, msg.respond("x")])).toEqual([
      [undefined, false],
      ["b", true],
    ]);
  });
});
