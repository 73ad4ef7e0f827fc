// Where a failed call was made: by the stack taken in the call, or, when a second has had its share of those, by who awaits it.

import { describe, expect, it } from "vitest";
import { type Scene, scene } from "../test/one-server.js";
import { rejection } from "../test/simulated.js";
import { TimeoutError } from "./errors.js";

const CALLED_FROM = "    --- called from ---\n";

const calls: readonly [string, (scene: Scene) => Promise<unknown>][] = [
  ["request", ({ nc }) => nc.request("nobody")],
  ["request with noMux", ({ nc }) => nc.request("nobody", "", { noMux: true })],
  ["request with retry", ({ nc }) => nc.request("nobody", "", { retry: { attempts: 1, wait: 10 } })],
  ["publishConfirmed", ({ nc }) => nc.publishConfirmed("denied", "")],
];

describe.each(calls)("the error of a failed %s", (_, call) => {
  async function whoAwaits(world: Scene): Promise<unknown> {
    return await call(world);
  }
  const byCallback = (world: Scene): Promise<unknown> => new Promise((_, reject) => void call(world).catch(reject));
  const frames = async ({ clock }: Scene, made: Promise<unknown>): Promise<string> => {
    const [, ...behind] = (await rejection(clock.until(made))).stack?.split(CALLED_FROM) ?? [];
    expect(behind.length).toBeLessThanOrEqual(1);
    return behind[0] ?? "none";
  };

  // V8 writes "async" before the name; the test runner's source maps do not.
  it("P10: tells the caller, and past the share of stacks of a second who awaits it", async () => {
    const world = await deaf();
    expect(await frames(world, byCallback(world))).toContain("call-sites.test.ts");
    await spend(world);
    expect(await frames(world, whoAwaits(world))).toMatch(/^ +at (async )?whoAwaits \(.*call-sites\.test\.ts/);
    expect(await frames(world, byCallback(world))).toBe("none");
  });

  it("tells the caller again a second later", async () => {
    const world = await deaf();
    await spend(world);
    expect(await frames(world, byCallback(world))).toBe("none");
    await world.clock.advance(1_000);
    expect(await frames(world, byCallback(world))).toContain("call-sites.test.ts");
  });

  it("tells neither with noAsyncTraces", async () => {
    const world = await deaf({ noAsyncTraces: true });
    expect(await frames(world, whoAwaits(world))).toBe("none");
    await spend(world);
    expect(await frames(world, whoAwaits(world))).toBe("none");
  });
});

describe("past the share of stacks of a second", () => {
  it("a failure nobody waits for is not unhandled, and an abort's reason is left as it is", async () => {
    const world = await deaf();
    await spend(world);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    for (const [, call] of calls) void call(world);
    await world.clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
    const reason = new Error("enough");
    const { stack } = reason;
    const stop = new AbortController();
    const asked = world.nc.request("nobody", "", { signal: stop.signal });
    stop.abort(reason);
    expect(await rejection(asked)).toBe(reason);
    expect(reason.stack).toBe(stack);
  });
});

describe("an error that is not one call's alone", () => {
  it("P10: what ends with the link has an error of its own for each call, with its subject and its caller", async () => {
    const { clock, nc, server } = await deaf();
    server.script = { onPing: () => "silence" };
    const ended = [nc.publishConfirmed("a", ""), nc.publishConfirmed("b", ""), nc.flush(), nc.rtt()].map(rejection);
    await clock.advance(10);
    await server.stop();
    const errors = await clock.until(Promise.all(ended));
    expect(new Set(errors).size).toBe(4);
    expect(errors.map((error) => (error as { subject?: string }).subject)).toEqual(["a", "b", undefined, undefined]);
    const callers = errors.map(({ stack }) => (stack ?? "").split(CALLED_FROM).length - 1);
    expect(callers).toEqual([1, 1, 0, 0]);
  });

  it.each([false, true])(
    "a signal's reason is left as it is, also one of our own classes; share spent: %s",
    async (spent) => {
      const world = await deaf();
      const { clock, nc, server } = world;
      if (spent) await spend(world);
      const stop = new AbortController();
      const { signal } = stop;
      const reason = new TimeoutError("all of it", 1);
      const before = [Object.keys(reason), reason.stack];
      // The first attempt has ended; it waits for the second.
      const again = rejection(
        nc.request("nobody", "", { signal, timeout: 60_000, retry: { attempts: 1, wait: 30_000 } }),
      );
      await clock.advance(10);
      server.script = { onPing: () => "silence", onPub: () => "skip" };
      const open = [
        nc.request("a", "", { signal }),
        nc.request("a", "", { signal, noMux: true }),
        nc.publishConfirmed("a", "", { signal }),
      ].map(rejection);
      await clock.advance(10);
      stop.abort(reason);
      const late = [nc.request("a", "", { signal }), nc.publishConfirmed("a", "", { signal })].map(rejection);
      for (const error of await clock.until(Promise.all([again, ...open, ...late]))) expect(error).toBe(reason);
      expect(await rejection(nc.requestMany("a", "", { signal }))).toBe(reason);
      expect([Object.keys(reason), reason.stack]).toEqual(before);
      const text = AbortSignal.abort("enough");
      expect(await rejection(nc.request("a", "", { signal: text }))).toBe("enough");
    },
  );

  it("when the server denies the inbox that requests share, their error does not grow with their number", async () => {
    for (const spent of [false, true]) {
      const world = await deaf();
      const { clock, nc, server } = world;
      if (spent) await spend(world);
      server.script = { onPub: () => "skip" };
      const options = { timeout: 60_000, retry: { attempts: 1 } };
      const all = [1, 2, 3].map(() => rejection(nc.request("a", "", options)));
      await clock.advance(10);
      const inbox = server.connections[0]?.received.map(({ text }) => /^SUB (\S+)/.exec(text)?.[1]).find(Boolean);
      server.connections[0]?.err(`Permissions Violation for Subscription to "${inbox}"`);
      for (const { code, stack } of await clock.until(Promise.all(all))) {
        expect(code).toBe("PERMISSIONS_VIOLATION");
        expect((stack ?? "").split(CALLED_FROM).length).toBeLessThanOrEqual(2);
      }
    }
  });
});

/** A server that nobody answers at, and that denies a subject. */
async function deaf(options = {}): Promise<Scene> {
  const world = await scene(options);
  world.server.script = {
    onPub: (connection, { subject }) => {
      if (subject !== "denied") return undefined;
      connection.err(`Permissions Violation for Publish to "${subject}"`);
      return "skip";
    },
  };
  return world;
}

/** More calls at once than a second has stacks for, the first second's beginning included. */
async function spend({ clock, nc }: Scene): Promise<void> {
  const all = Array.from({ length: 1_100 }, () => nc.request("nobody"));
  await clock.until(Promise.allSettled(all));
}
