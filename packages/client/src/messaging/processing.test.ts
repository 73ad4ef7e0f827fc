// Handlers that are awaited: how many at once, in which order, and what they end with. Fakes and virtual time.

import { describe, expect, it } from "vitest";
import { scene, send } from "../../test/one-server.js";
import { recorded } from "../../test/simulated.js";
import { CallbackError, InvalidOperationError } from "../index.js";

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
