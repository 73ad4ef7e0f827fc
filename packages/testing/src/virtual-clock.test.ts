import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.js";
import { VirtualClock } from "./virtual-clock.js";

describe("VirtualClock", () => {
  it("runs timers in the order they are due, the older first, each at its own time", async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    for (const [name, ms] of [
      ["c", 30],
      ["a", 10],
      ["b1", 20],
      ["b2", 20],
    ] as const) {
      clock.after(ms, () => ran.push(`${name}@${clock.now()}`));
    }
    await clock.advance(20);
    expect(ran).toEqual(["a@10", "b1@20", "b2@20"]);
    expect([clock.now(), clock.pendingTimers, clock.untilNext]).toEqual([20, 1, 10]);
    await clock.advance(100);
    expect([ran.at(-1), clock.now(), clock.untilNext]).toEqual(["c@30", 120, undefined]);
  });

  it("runs what a timer starts within the same advance, and lets promises and end-of-turn work go first", async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.after(10, () => {
      clock.after(10, () => ran.push("later"));
      clock.endOfTurn(() => {
        ran.push("end of turn");
        void Promise.resolve().then(() => clock.endOfTurn(() => ran.push("the next one")));
      });
      void Promise.resolve().then(() => ran.push("promise"));
    });
    clock.after(15, () => ran.push("between"));
    await clock.advance(20);
    expect(ran).toEqual(["promise", "end of turn", "the next one", "between", "later"]);
  });

  it("does not run a cancelled timer, and cancelling twice or late does nothing", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const cancel = clock.after(1, () => runs++);
    const keep = clock.after(2, () => runs++);
    cancel();
    cancel();
    await clock.advance(5);
    keep();
    expect(runs).toBe(1);
  });

  it("runs end-of-turn work by itself and never within the call", async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    await new Promise<void>((resolve) => {
      clock.endOfTurn(() => {
        ran.push("work");
        resolve();
      });
      ran.push("after the call");
    });
    expect(ran).toEqual(["after the call", "work"]);
  });

  it("jumps to the next timer and runs all that are due with it", async () => {
    const clock = new VirtualClock();
    let runs = 0;
    clock.after(7, () => runs++);
    clock.after(7, () => runs++);
    clock.after(8, () => runs++);
    expect([await clock.advanceToNext(), runs, clock.now()]).toEqual([7, 2, 7]);
    expect([await clock.advanceToNext(), await clock.advanceToNext(), runs]).toEqual([1, 0, 3]);
  });

  it("passes time until a promise settles, and says so when nothing can settle it", async () => {
    const clock = new VirtualClock();
    expect(await clock.until(new Promise((resolve) => clock.after(500, () => resolve("done"))))).toBe("done");
    expect(clock.now()).toBe(500);
    await expect(clock.until(Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(clock.until(new Promise(() => {}))).rejects.toThrow("no timer is left");
    clock.after(50, () => {});
    await expect(clock.until(new Promise(() => {}), 10)).rejects.toThrow("not within 10 ms");
  });

  it("with a resolution runs the timers of one moment together, before what follows from them, and those set meanwhile after it", async () => {
    const clock = new VirtualClock({ resolution: 1 });
    const seen: string[] = [];
    const say = (what: string) => () => {
      seen.push(`${what} ${clock.now()}`);
      void Promise.resolve().then(() => seen.push(`after ${what}`));
      if (what === "a") clock.after(0, () => seen.push("set meanwhile"));
    };
    clock.after(0.2, say("b"));
    clock.after(0.9, say("c"));
    clock.after(0.1, say("a"));
    clock.after(1.1, say("d"));
    await clock.advance(2);
    expect(seen.slice(0, 3)).toEqual(["b 1", "c 1", "a 1"]);
    expect(seen.slice(3, 6).sort()).toEqual(["after a", "after b", "after c"]);
    expect(seen.slice(6)).toEqual(["set meanwhile", "d 2", "after d"]);
  });

  it("rejects with what a timer or end-of-turn work threw, at the moment it did", async () => {
    const clock = new VirtualClock();
    clock.after(5, () => {
      throw new Error("from a timer");
    });
    await expect(clock.advance(10)).rejects.toThrow("from a timer");
    expect(clock.now()).toBe(5);
    clock.endOfTurn(() => {
      throw new Error("from the turn");
    });
    await expect(clock.settle()).rejects.toThrow("from the turn");
  });
});

describe("seededRandom", () => {
  it("gives the same numbers for the same seed, others for another, all of them in [0, 1)", () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 1000 }, random);
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(3).every((number) => number >= 0 && number < 1)).toBe(true);
    const mean = draw(4).reduce((sum, number) => sum + number, 0) / 1000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05);
  });
});
