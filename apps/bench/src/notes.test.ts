import { describe, expect, it } from "vitest";
import { shares } from "./contestants/amounts.js";
import { ratesOf } from "./measure.js";
import { Notes } from "./notes.js";

describe("Notes", () => {
  it("TOOL-5: percentiles are of every latency written down, within three digits", () => {
    const notes = new Notes();
    for (let i = 1; i <= 1_000; i++) notes.took(i / 1_000);
    const { latency } = notes.read();
    expect((latency?.p50 ?? 0) / 500_000).toBeCloseTo(1, 2);
    expect((latency?.p99 ?? 0) / 990_000).toBeCloseTo(1, 2);
    expect((latency?.most ?? 0) / 1_000_000).toBeCloseTo(1, 2);
  });

  it("has no latency when nothing was measured", () => {
    expect(new Notes().read()).toEqual({ latency: undefined, samples: [], facts: {} });
  });
});

describe("connections", () => {
  it("TOOL-3: share messages so that together they have exactly all of them", () => {
    expect(shares(10, 4)).toEqual([3, 3, 2, 2]);
    expect(shares(3, 5)).toEqual([1, 1, 1, 0, 0]);
  });

  it("TOOL-2, TOOL-4: tell least, average, most and deviation of rates, each from its own first message to its last", () => {
    const samples = [
      { role: "pub", messages: 100, ms: 100 },
      { role: "pub", messages: 300, ms: 100 },
    ] as const;
    expect(ratesOf("pub", samples, 2)).toEqual({
      role: "pub",
      connections: 2,
      least: 1_000,
      average: 2_000,
      most: 3_000,
      deviation: 1_000,
    });
  });
});
