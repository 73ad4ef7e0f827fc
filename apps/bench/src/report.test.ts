import { describe, expect, it } from "vitest";
import type { Figure } from "./measure.js";
import { renderMarkdown, renderTable, rowsOf } from "./report.js";
import type { Result } from "./result.js";

function figure(who: string, median: number, reference: boolean): Figure {
  return {
    work: "PUB 16 B",
    who,
    reference,
    rounds: 3,
    messages: 1_000_000,
    cpuNs: { median, least: median - 5, most: median + 5 },
    systemNs: 4,
    cores: 1,
    perSecond: 2_500_000,
    peakRss: 80 * 2 ** 20,
  };
}

const result: Result = {
  scenario: "publish",
  title: "Client, publishing",
  about: "What it is.",
  circumstances: {
    date: "2026-01-02",
    cpu: "CPU",
    cores: 2,
    memoryGiB: 8,
    system: "linux 6",
    node: "20.19.0",
    load: 1.25,
    versions: { "nats.js": "3.4.0" },
    command: "bench it",
  },
  figures: [figure("myelin", 100, false), figure("nats.js", 750, true)],
  memory: [],
};

describe("rowsOf", () => {
  it("tells the ratio of everybody but the reference, with the spread beside the median", () => {
    expect(rowsOf(result).slice(1)).toEqual([
      ["PUB 16 B", "myelin", "100", "95–105", "4.0", "10.0 M", "7.5", "2.50 M", "80 MiB"],
      ["PUB 16 B", "nats.js", "750", "745–755", "4.0", "1.33 M", "", "2.50 M", "80 MiB"],
    ]);
  });

  it("shows memory instead of speed for a run that was sampled", () => {
    const steady = { range: 2 ** 20, growth: -(2 ** 19), most: 90 * 2 ** 20 };
    const memory = [{ work: "PUB 16 B", who: "myelin", messages: 2e7, rss: steady, heapUsed: steady }];
    expect(rowsOf({ ...result, memory }).slice(1)).toEqual([
      ["PUB 16 B", "myelin", "20.0 M", "-0.5 MiB", "1.0 MiB", "90 MiB", "-0.5 MiB", "90 MiB"],
    ]);
  });
});

describe("rowsOf, of what not every scenario measures", () => {
  it("has a column for what a figure has: latencies, facts, the floor, bytes a second", () => {
    const figures = [
      { ...figure("myelin", 150, false), facts: { "replay, ms": { median: 20, least: 10, most: 30 } }, size: 1_024 },
      { ...figure("floor", 100, false), floor: true, latency: { p50: 1_500, p90: 1, p99: 2e6, p999: 3e6, most: 4e6 } },
    ];
    const [head = [], ours = [], floor = []] = rowsOf({ ...result, figures });
    const cell = (row: readonly string[], name: string): string | undefined => row[head.indexOf(name)];
    expect([cell(ours, "÷ floor"), cell(floor, "÷ floor")]).toEqual(["1.50", ""]);
    expect([cell(ours, "p50 µs"), cell(floor, "p50 µs"), cell(floor, "p99 µs")]).toEqual(["", "1.5", "2000"]);
    expect(cell(ours, "replay, ms")).toBe("20 (10–30)");
    expect(cell(ours, "MiB/s")).toBe("2441");
    expect(head).not.toContain("x nats.js");
  });
});

describe("renderTable", () => {
  it("aligns the columns", () => {
    const lines = renderTable(result).trimEnd().split("\n");
    expect(new Set(lines.slice(1).map((line) => line.length)).size).toBe(1);
  });
});

describe("renderMarkdown", () => {
  it("says on what it was measured and how to do it again", () => {
    const text = renderMarkdown([result]);
    expect(text).toContain(
      "3 rounds of 1,000,000 messages (first line) on 2026-01-02: CPU, 2 cores, 8 GiB, linux 6, Node 20.19.0, nats.js 3.4.0",
    );
    expect(text).toContain("load average at the start 1.3");
    expect(text).toContain("```sh\nbench it\n```");
  });
});
