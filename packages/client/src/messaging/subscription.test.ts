// Receiving: who gets what, what waits for a slow consumer, awaited handlers, and how it ends. Fakes and virtual time.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, type Simulation, simulate } from "../../test/simulated.js";
import {
  CallbackError,
  type ConnectionOptions,
  DrainError,
  DrainingConnectionError,
  InvalidOperationError,
  type Msg,
  type NatsConnection,
  SlowConsumerError,
  type Subscription,
  syncIterator,
  TimeoutError,
} from "../index.js";

interface Scene extends Simulation {
  readonly nc: NatsConnection;
  readonly server: FakeServer;
}

async function scene(options: ConnectionOptions = {}): Promise<Scene> {
  const simulation = simulate();
  const server = simulation.serve("a");
  return { ...simulation, server, nc: await simulation.connect({ servers: "a", ...options }) };
}

const last = (server: FakeServer): FakeConnection | undefined => server.connections.at(-1);
const lines = (server: FakeServer): string[] =>
  last(server)?.received.map(({ text }) => text.split("\r\n")[0] ?? "") ?? [];

/** Publishes `1` … `count` on `subject` and lets them arrive. */
async function send({ nc, clock }: Scene, subject: string, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) nc.publish(subject, String(i));
  await clock.advance(10);
}

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

describe("process", () => {
  it("RECV-ASYNC-5: handlers are awaited, one at a time and in order by default", async () => {
    const world = await scene();
    const log: string[] = [];
    const sub = world.nc.subscribe("a", { max: 3 });
    const done = sub.process(async (msg) => {
      log.push(`begin ${msg.string()}`);
      await new Promise<void>((resolve) => void world.clock.after(10, resolve));
      log.push(`end ${msg.string()}`);
    });
    await send(world, "a", 3);
    await world.clock.until(done);
    expect(log).toEqual(["begin 1", "end 1", "begin 2", "end 2", "begin 3", "end 3"]);
  });

  it("never runs more handlers than allowed, and uses what is allowed", async () => {
    const world = await scene();
    let running = 0;
    let most = 0;
    const sub = world.nc.subscribe("a", { max: 1_000 });
    const done = sub.process(
      async () => {
        most = Math.max(most, ++running);
        await new Promise<void>((resolve) => void world.clock.after(1, resolve));
        running--;
      },
      { concurrency: 16 },
    );
    await send(world, "a", 1_000);
    await world.clock.until(done);
    expect([most, running, sub.getProcessed()]).toEqual([16, 0, 1_000]);
  });

  it("keeps the order within a key, and a busy key does not hold up the others", async () => {
    const world = await scene();
    const order: Record<string, number[]> = { hot: [], a: [], b: [] };
    const at: Record<string, number> = {};
    const begin = world.clock.now();
    const sub = world.nc.subscribe("k.*", { max: 30 });
    const done = sub.process(
      async (msg) => {
        const key = msg.subject.slice(2);
        await new Promise<void>((resolve) => void world.clock.after(key === "hot" ? 100 : 1, resolve));
        order[key]?.push(Number(msg.string()));
        at[key] = world.clock.now() - begin;
      },
      { concurrency: 4, key: (msg) => msg.subject },
    );
    for (let i = 1; i <= 10; i++) for (const key of ["hot", "a", "b"]) world.nc.publish(`k.${key}`, String(i));
    await world.clock.until(done);
    for (const numbers of Object.values(order)) expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(at["a"]).toBeLessThan(100);
    expect(at["hot"]).toBeGreaterThanOrEqual(1_000);
  });

  it("D13, D14, P9: a handler or key that throws or rejects is reported with its subject, and the rest goes on", async () => {
    const world = await scene();
    const errors = recorded(world.nc, "error");
    const handled: string[] = [];
    const sub = world.nc.subscribe("a", { max: 4 });
    const done = sub.process(
      (msg) => {
        handled.push(msg.string());
        if (msg.string() === "1") throw new Error("thrown");
        return msg.string() === "2" ? Promise.reject(new Error("rejected")) : undefined;
      },
      {
        key: (msg) => {
          if (msg.string() === "3") throw new Error("no key");
          return 1;
        },
      },
    );
    await send(world, "a", 4);
    await world.clock.until(done);
    expect(handled.sort()).toEqual(["1", "2", "3", "4"]);
    const causes = errors.flatMap((one) => ("error" in one && one.error instanceof CallbackError ? [one.error] : []));
    expect(causes.map((one) => [one.subject, (one.cause as Error).message]).sort()).toEqual([
      ["a", "no key"],
      ["a", "rejected"],
      ["a", "thrown"],
    ]);
  });

  it("P18, RECV-DRAIN-6: draining waits for the handlers that run and for the messages that wait", async () => {
    const world = await scene();
    const handled: string[] = [];
    const sub = world.nc.subscribe("a");
    const done = sub.process(async (msg) => {
      await new Promise<void>((resolve) => void world.clock.after(100, resolve));
      handled.push(msg.string());
    });
    await send(world, "a", 3);
    await world.clock.until(sub.drain());
    expect(handled).toEqual(["1", "2", "3"]);
    await done;
    await world.clock.until(world.nc.flush());
  });

  it("a signal ends the subscription; a running handler is still awaited", async () => {
    const world = await scene();
    const abort = new AbortController();
    let finished = 0;
    const sub = world.nc.subscribe("a");
    const done = sub.process(
      async () => {
        await new Promise<void>((resolve) => void world.clock.after(100, resolve));
        finished++;
      },
      { signal: abort.signal },
    );
    await send(world, "a", 3);
    abort.abort();
    await world.clock.until(done);
    expect([finished, sub.isClosed()]).toEqual([1, true]);
  });

  it("a subscription has one consumer", async () => {
    const { nc } = await scene();
    const called = nc.subscribe("a", { callback: () => {} });
    expect(() => called.process(() => {})).toThrow(InvalidOperationError);
    const processed = nc.subscribe("a");
    void processed.process(() => {});
    expect(() => processed[Symbol.asyncIterator]()).toThrow(InvalidOperationError);
    expect(() => nc.subscribe("a").process(() => {}, { concurrency: 0 })).toThrow("concurrency");
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

describe("drain", () => {
  it("P18, RECV-DRAIN-2: resolves closed, with a report of what was handled", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a");
    const done = sub.process((_msg) => new Promise<void>((resolve) => void world.clock.after(10, resolve)));
    await send(world, "a", 3);
    const report = await world.clock.until(world.nc.drain({ timeout: 5_000 }));
    expect(report).toEqual({ handled: 2, abandoned: 0, unsent: 0 });
    expect(world.nc.isClosed()).toBe(true);
    await done;
  });

  it("P18: handlers of a subscription that has ended already are waited for too", async () => {
    for (const processed of [true, false]) {
      const world = await scene();
      let finished = 0;
      const handler = async (): Promise<void> => {
        await new Promise<void>((resolve) => void world.clock.after(100, resolve));
        finished++;
      };
      if (processed) void world.nc.subscribe("a", { max: 2 }).process(handler, { concurrency: 2 });
      else world.nc.subscribe("a", { max: 2, callback: handler });
      await send(world, "a", 2);
      expect(finished).toBe(0);
      await world.clock.until(world.nc.drain());
      expect(finished).toBe(2);
    }
  });

  it("P18, D10, RECV-DRAIN-8: settles by its time-out, closed, and tells what was left", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a");
    void sub.process(() => new Promise<void>(() => {}));
    await send(world, "a", 3);
    const begin = world.clock.now();
    const error = await rejection(world.clock.until(world.nc.drain({ timeout: 500 })));
    expect(error).toBeInstanceOf(DrainError);
    expect(error).toMatchObject({ code: "DRAIN_INCOMPLETE", abandoned: 2, unsent: 0 });
    expect(world.clock.now() - begin).toBeLessThanOrEqual(600);
    expect(world.nc.isClosed()).toBe(true);
  });

  it("RECV-DRAIN-4, RECV-DRAIN-5: handlers may still publish, but nothing new is subscribed to or requested", async () => {
    const world = await scene();
    const late: unknown[] = [];
    world.nc.subscribe("a", {
      callback: async () => {
        await new Promise<void>((resolve) => void world.clock.after(50, resolve));
        world.nc.publish("result", "1");
        try {
          world.nc.subscribe("b");
        } catch (error) {
          late.push(error);
        }
        await world.nc.request("b").catch((error: unknown) => late.push(error));
      },
    });
    await send(world, "a", 1);
    await world.clock.until(world.nc.drain());
    expect(lines(world.server)).toContain("PUB result 1");
    expect(late.map((error) => error instanceof DrainingConnectionError)).toEqual([true, true]);
  });

  it("RECV-DRAIN-7: draining twice is one drain; draining what is closed is refused", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a");
    sub.unsubscribe();
    expect(await rejection(sub.drain())).toBeInstanceOf(InvalidOperationError);
    const [one, two] = [world.nc.drain(), world.nc.drain()];
    await world.clock.until(Promise.all([one, two]));
    expect((await rejection(world.nc.drain())).code).toBe("CONNECTION_CLOSED");
  });

  it("RECV-DRAIN-9, P18: a link lost while draining ends it, closed; so does an outage before it", async () => {
    const world = await scene();
    world.nc.subscribe("a", { callback: () => new Promise(() => {}) });
    await send(world, "a", 1);
    const drained = rejection(world.clock.until(world.nc.drain()));
    await world.clock.advance(10);
    last(world.server)?.reset();
    const begin = world.clock.now();
    expect(await drained).toBeInstanceOf(DrainError);
    expect(world.clock.now() - begin).toBeLessThan(1_000);
    expect(world.nc.isClosed()).toBe(true);
    const second = await scene();
    void second.server.stop();
    await second.clock.advance(10);
    second.nc.publish("kept");
    expect(await rejection(second.clock.until(second.nc.drain({ timeout: 100 })))).toMatchObject({ unsent: 1 });
    expect(second.nc.isClosed()).toBe(true);
  });
});
