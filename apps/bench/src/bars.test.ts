import { describe, expect, it } from "vitest";
import { type Bar, bars, judge } from "./bars.js";
import type { Figure } from "./measure.js";
import type { Result } from "./result.js";
import { scenarios } from "./scenarios/index.js";

function figure(work: string, who: string, median: number): Figure {
  const spread = { median, least: median, most: median };
  const rest = { rounds: 3, messages: 10, systemNs: 0, cores: 1, perSecond: 1e9 / median, peakRss: 90e6 };
  return { work, who, reference: who === "nats.js", cpuNs: spread, ...rest };
}

function results(ours: number): Result[] {
  const figures = [figure("PUB 16 B", "myelin", ours), figure("PUB 16 B", "nats.js", 1_000)];
  const circumstances = {
    date: "",
    cpu: "",
    cores: 2,
    memoryGiB: 1,
    system: "",
    node: "",
    load: 0,
    versions: {},
    command: "",
  };
  return [{ scenario: "publish", title: "", about: "", circumstances, figures, memory: [] }];
}

const bar = bars.find(({ work }) => work === "PUB 16 B") as Bar;

describe("a bar", () => {
  it("is met by a figure that reaches it, and by none above, however it would be rounded", () => {
    expect(judge(bar, results(170))).toMatchObject({ figure: "0.17 ×", met: true });
    expect(judge(bar, results(170.1))).toMatchObject({ figure: "0.17 ×", met: false });
  });

  it("that was not measured is neither met nor missed", () => {
    expect(judge(bar, [])).toMatchObject({ figure: "", met: undefined });
  });
});

it("every bar finds its lines among those the scenarios measure", () => {
  const missing: string[] = [];
  for (const { work, bar: words, find } of bars) {
    find((scenario, wanted, who) => {
      const lines = scenarios.find(({ name }) => name === scenario);
      const known = lines
        ?.lines({ messages: lines.documented })
        .some((line) => line.work === wanted && line.who === who);
      if (known !== true) missing.push(`${work}, ${words}: ${scenario}, ${wanted}, ${who}`);
      return figure(wanted, who, 1);
    });
  }
  expect(missing).toEqual([]);
});
