// The command line, the table and the picture.

import { describe, expect, it } from "vitest";
import { EventQueue } from "./event-queue.js";
import { parseOptions, UsageError } from "./options.js";
import { plot } from "./plot.js";
import { own } from "./policies/own.js";
import { unevenness } from "./record.js";
import { type Result, runPools } from "./run.js";
import { scenarios } from "./scenarios.js";
import { seconds, table } from "./table.js";

async function some(): Promise<Result[]> {
  const [scenario] = scenarios;
  const [policy] = own(100);
  if (scenario === undefined || policy === undefined) throw new Error("there is nothing to run");
  return [await runPools({ clients: 90, servers: 9, seed: 1, scenario, policy })];
}

describe("the command line", () => {
  it("has defaults, and lists", () => {
    expect(parseOptions([])).toMatchObject({ level: "pool", clients: 100_000, servers: 9, seed: 1, svg: undefined });
    const options = parseOptions([
      "--clients",
      "500",
      "--policy",
      "all",
      "--scenario",
      "auth-outage,node-dies",
      "--seed",
      "3",
    ]);
    expect(options?.policies.map(({ name }) => name)).toEqual([
      "myelin",
      "myelin-rebalance",
      "myelin-zones",
      "nats.js",
      "nats.go",
      "nats.rs",
    ]);
    expect(options?.scenarios.map(({ name }) => name)).toEqual(["auth-outage", "node-dies"]);
  });

  it.each([
    ["--clients", "none"],
    ["--clients", "0"],
    ["--servers", "1"],
    ["--scenario", "rain"],
    ["--policy", "fair"],
    ["--level", "socket"],
    ["--colour", "red"],
    ["extra"],
    ["--level", "client", "--policy", "nats.go"],
    ["--scenario", "all", "--svg", "x.svg"],
  ])("throws for %s %s", (...argv) => {
    expect(() => parseOptions(argv.filter((one) => one !== undefined))).toThrow(UsageError);
  });
});

describe("the output", () => {
  it("is a table with a row for each run", async () => {
    const lines = table(await some()).split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^\| node-dies +\| myelin +\|/);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect([seconds(Number.NaN), seconds(12), seconds(12_345)]).toEqual(["-", "12 ms", "12.3 s"]);
  });

  it("is a picture with nothing in it that is no number, and text that is text", async () => {
    const svg = plot(await some(), "a < b & c", "d");
    expect(svg).toMatch(/^<svg xmlns=/);
    expect(svg).toContain("a &lt; b &amp; c");
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.match(/<rect /g)?.length).toBeGreaterThan(10);
  });

  it("unevenness is the distance of the farthest from an equal share", () => {
    expect(unevenness([10, 10, 10])).toBe(0);
    expect(unevenness([5, 10, 15])).toBe(0.5);
  });
});

describe("things to come", () => {
  it("come in the order of their time, and of their arrival at one time", () => {
    const queue = new EventQueue();
    const times = Array.from({ length: 500 }, (_, index) => (index * 7_919) % 97);
    for (const [index, at] of times.entries()) queue.push(at, index);
    const expected = [...times.entries()].sort(([i, a], [j, b]) => a - b || i - j).map(([index]) => index);
    const taken: number[] = [];
    for (let what = queue.pop(); what !== -1; what = queue.pop()) taken.push(what);
    expect(taken).toEqual(expected);
    expect(queue.next).toBe(Number.POSITIVE_INFINITY);
  });
});
