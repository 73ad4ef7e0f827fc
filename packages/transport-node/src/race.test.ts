import { TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { race } from "./race.js";
import type { Delay } from "./system.js";

/** Attempts settled by hand, and a delay that fires by hand. */
function rig(candidates: readonly string[]) {
  const started: string[] = [];
  const cancelled: string[] = [];
  const won = new Map<string, () => void>();
  const failed = new Map<string, () => void>();
  const timers = new Map<() => void, number>();
  const delay: Delay = {
    after(ms, run) {
      timers.set(run, ms);
      return () => timers.delete(run);
    },
  };
  const controller = new AbortController();
  const result = race<string, string>(
    candidates,
    (candidate, win, fail) => {
      started.push(candidate);
      won.set(candidate, () => win(candidate));
      failed.set(candidate, () => fail(new TransportError("CONNECTION_REFUSED", "tcp", candidate, candidate)));
      return () => cancelled.push(candidate);
    },
    {
      stagger: 250,
      delay,
      signal: controller.signal,
      allFailed: (errors) =>
        new TransportError("CONNECT_FAILED", "tcp", errors.map((e) => e.address).join(), undefined),
    },
  );
  result.catch(() => {});
  const fire = (): void => {
    const due = Array.from(timers.keys());
    timers.clear();
    for (const run of due) run();
  };
  return {
    result,
    started,
    cancelled,
    timers,
    fire,
    controller,
    win: (c: string) => won.get(c)?.(),
    fail: (c: string) => failed.get(c)?.(),
  };
}

describe("race", () => {
  it("starts the next candidate 250 ms after the last, and cancels the losers when one wins", async () => {
    const r = rig(["a", "b", "c"]);
    expect([r.started, [...r.timers.values()]]).toEqual([["a"], [250]]);
    r.fire();
    expect([r.started, [...r.timers.values()]]).toEqual([["a", "b"], [250]]);
    r.win("b");
    expect(await r.result).toBe("b");
    expect([r.cancelled, r.timers.size]).toEqual([["a"], 0]);
    expect(r.started).toEqual(["a", "b"]);
  });

  it("starts the next candidate at once when one fails, and never two timers at a time", () => {
    const r = rig(["a", "b", "c"]);
    r.fail("a");
    expect([r.started, r.timers.size]).toEqual([["a", "b"], 1]);
    r.fail("b");
    expect([r.started, r.timers.size]).toEqual([["a", "b", "c"], 0]);
  });

  it("rejects with the errors of all, in candidate order, once all have failed", async () => {
    const r = rig(["a", "b", "c"]);
    r.fire();
    r.fire();
    r.fail("c");
    r.fail("a");
    r.fail("b");
    await expect(r.result).rejects.toMatchObject({ message: "a,b,c" });
    expect(r.timers.size).toBe(0);
  });

  it("waits for a slow candidate after the last other one failed", async () => {
    const r = rig(["a", "b"]);
    r.fire();
    r.fail("b");
    r.win("a");
    expect(await r.result).toBe("a");
  });

  it("P24: rejects with the signal's reason, cancels every attempt and the timer", async () => {
    const r = rig(["a", "b", "c"]);
    r.fire();
    const reason = new Error("took too long");
    r.controller.abort(reason);
    await expect(r.result).rejects.toBe(reason);
    expect([r.cancelled, r.timers.size, r.started]).toEqual([["a", "b"], 0, ["a", "b"]]);
  });

  it("starts nothing when the signal has aborted already", async () => {
    const started: string[] = [];
    const options = {
      stagger: 1,
      delay: { after: () => () => {} },
      signal: AbortSignal.abort("no"),
      allFailed: () => new TransportError("CONNECT_FAILED", "tcp", "", undefined),
    };
    const result = race(
      ["a"],
      (candidate) => {
        started.push(candidate);
        return () => {};
      },
      options,
    );
    await expect(result).rejects.toBe("no");
    expect(started).toEqual([]);
  });
});
