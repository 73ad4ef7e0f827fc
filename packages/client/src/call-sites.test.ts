// Where a failed call was made: by the stack taken in the call, or, when a second has had its share of those, by who awaits it.

import { describe, expect, it } from "vitest";
import { type Scene, scene } from "../test/one-server.js";
import { rejection } from "../test/simulated.js";

const CALLED_FROM = "    --- called from ---\n";

const calls: readonly [string, (scene: Scene) => Promise<unknown>][] = [
  ["request", ({ nc }) => nc.request("nobody")],
  ["request with noMux", ({ nc }) => nc.request("nobody", "", { noMux: true })],
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
