import { describe, expect, it } from "vitest";
import type { Outcome } from "./job.js";
import { figureOf, interleave, type Line, ratioTo, spreadOf, steadinessOf } from "./measure.js";

function line(who: string, reference: boolean): Line {
  const work = { kind: "publish", size: 16, messages: 10 } as const;
  return {
    work: "PUB 16 B",
    who,
    reference,
    link: "tcp",
    job: { contestant: "myelin-codec", work, steps: 1, warmUp: 0 },
  };
}

function outcome(cpuNs: number): Outcome {
  return { messages: 10, cpuNs, systemNs: 0, wallMs: 1, peakRss: cpuNs, memory: [] };
}

describe("spreadOf", () => {
  it("takes the middle of an odd number of rounds and the mean of the middle two of an even one", () => {
    expect(spreadOf([9, 1, 2])).toEqual({ median: 2, least: 1, most: 9 });
    expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, least: 1, most: 9 });
  });

  it("has no answer for no rounds", () => {
    expect(() => spreadOf([])).toThrow("no rounds");
  });
});

describe("interleave", () => {
  it("runs every line once a round, in reverse every other round, and answers in the order of the lines", async () => {
    const seen: string[] = [];
    const outcomes = await interleave([line("a", false), line("b", true)], 3, async ({ who }) => {
      seen.push(who);
      return outcome(seen.length);
    });
    expect(seen).toEqual(["a", "b", "b", "a", "a", "b"]);
    expect(outcomes.map((rounds) => rounds.map(({ cpuNs }) => cpuNs))).toEqual([
      [1, 4, 5],
      [2, 3, 6],
    ]);
  });
});

describe("figureOf", () => {
  it("divides CPU time by messages and keeps the largest resident set", () => {
    const figure = figureOf(line("a", false), [outcome(300), outcome(100), outcome(200)]);
    expect(figure.cpuNs).toEqual({ median: 20, least: 10, most: 30 });
    expect([figure.rounds, figure.messages, figure.peakRss]).toEqual([3, 10, 300]);
  });
});

describe("ratioTo", () => {
  it("compares with the reference of the same work only", () => {
    const ours = figureOf(line("a", false), [outcome(100)]);
    const theirs = figureOf(line("b", true), [outcome(500)]);
    expect(ratioTo([ours, theirs], ours)).toBe(5);
    expect(ratioTo([ours, { ...theirs, work: "MSG 16 B" }], ours)).toBeUndefined();
  });
});

describe("steadinessOf", () => {
  it("leaves the first third out and sees growth after it", () => {
    expect(steadinessOf([900, 500, 10, 12, 10, 11])).toEqual({ range: 2, growth: -0.5, most: 12 });
    expect(steadinessOf([0, 1, 2, 3, 4, 5]).growth).toBe(2);
  });

  it("does not judge by a handful of samples", () => {
    expect(() => steadinessOf([1, 2, 3, 4, 5])).toThrow("too few");
  });
});
