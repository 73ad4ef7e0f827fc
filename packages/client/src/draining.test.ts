// drain() of the connection: who is waited for, until when, and what it tells was left. Fakes and virtual time.

import { describe, expect, it } from "vitest";
import { last, lines, scene, send } from "../test/one-server.js";
import { rejection } from "../test/simulated.js";
import { DrainError, DrainingConnectionError, InvalidOperationError } from "./index.js";

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

  it("D10: settles when its signal aborts, closed, and tells what was left and why; one that is aborted already drains nothing", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a");
    void sub.process(() => new Promise<void>(() => {}));
    await send(world, "a", 3);
    const reason = new Error("enough");
    expect(await rejection(world.nc.drain({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(world.nc.state).toBe("connected");
    const stop = new AbortController();
    const drained = rejection(world.nc.drain({ signal: stop.signal }));
    await world.clock.advance(50);
    stop.abort(reason);
    const error = await drained;
    expect(error).toMatchObject({ code: "DRAIN_INCOMPLETE", message: "drain(): enough", cause: reason, abandoned: 2 });
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

  it("RECV-DRAIN-7: draining twice is one drain, also after its end; draining what ended otherwise is refused", async () => {
    const world = await scene();
    const sub = world.nc.subscribe("a");
    sub.unsubscribe();
    expect(await rejection(sub.drain())).toBeInstanceOf(InvalidOperationError);
    world.nc.subscribe("b", { callback: () => {} });
    world.nc.publish("b");
    const first = world.nc.drain({ timeout: 5_000 });
    // When the close is told, and when all is over.
    const whileClosing: Promise<unknown>[] = [];
    world.nc.on("close", () => void whileClosing.push(world.nc.drain()));
    const report = await world.clock.until(first);
    expect(report.handled).toBe(1);
    expect(whileClosing).toHaveLength(1);
    expect(await Promise.all([...whileClosing, world.nc.drain()])).toEqual([report, report]);
    const cut = await scene();
    void cut.server.stop();
    await cut.clock.advance(10);
    cut.nc.publish("kept");
    cut.nc.on("close", () => void whileClosing.push(rejection(cut.nc.drain())));
    const error = await rejection(cut.clock.until(cut.nc.drain()));
    expect([await whileClosing.at(-1), error.code]).toEqual([error, "DRAIN_INCOMPLETE"]);
    const other = await scene();
    await other.clock.until(other.nc.close());
    expect((await rejection(other.nc.drain())).code).toBe("CONNECTION_CLOSED");
  });

  it("RECV-DRAIN-7: a second call tells what was left like the first", async () => {
    const world = await scene();
    void world.nc.subscribe("a").process(() => new Promise<void>(() => {}));
    await send(world, "a", 3);
    const first = rejection(world.nc.drain({ timeout: 500 }));
    const second = rejection(world.nc.drain());
    const error = await world.clock.until(first);
    expect(error).toMatchObject({ code: "DRAIN_INCOMPLETE", abandoned: 2 });
    expect(await second).toBe(error);
    expect(await rejection(world.nc.drain())).toBe(error);
  });

  it("RECV-DRAIN-4: the connection's waits for one of a subscription that is under way, whose handlers may still publish", async () => {
    const world = await scene();
    world.server.script = { onPing: () => "silence" };
    const sub = world.nc.subscribe("a", { callback: () => void world.nc.publish("result") });
    const subDrained = sub.drain();
    const drained = world.nc.drain();
    await world.clock.advance(10);
    // What the server had sent before it read the UNSUB, then the answers to the PINGs.
    last(world.server)?.send("MSG a 1 1\r\n1\r\n");
    last(world.server)?.pong();
    await world.clock.until(subDrained);
    world.server.script = {};
    last(world.server)?.pong();
    await world.clock.until(drained);
    expect(lines(world.server)).toContain("PUB result 0");
  });

  it("says once what was asked and what ended it: the time, close(), or both before and after a call", async () => {
    const world = await scene();
    const { clock, nc } = world;
    nc.subscribe("a", { callback: () => new Promise(() => {}) });
    await send(world, "a", 1);
    const late = await rejection(clock.until(nc.drain({ timeout: 50 })));
    expect(late.message).toBe("drain(): it timed out after 50 ms");
    const again = "the connection is closed; connect() makes a new one";
    expect((await rejection(nc.flush())).message).toBe(`flush(): ${again}`);

    const second = await scene();
    second.nc.subscribe("a", { callback: () => new Promise(() => {}) });
    await send(second, "a", 1);
    const [drained, flushed] = [rejection(second.nc.drain()), rejection(second.nc.flush())];
    await second.clock.until(second.nc.close());
    expect((await drained).message).toBe(`drain(): close() came first: ${again}`);
    expect((await flushed).message).toBe(`a call in flight: ${again}`);
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
