import { expect, it } from "vitest";
import type { Outcome } from "./suite/plan.js";
import { failed, type Row, table } from "./table.js";

const good = (scenario: string, door = "tcp"): Outcome => ({ scenario, door, ms: 5 });
const bad = (scenario: string, door = "tcp"): Outcome => ({ scenario, door, ms: 5, error: "it hung" });
const one: Row = { name: "one", version: "1.2.3", outcomes: [good("b"), good("a"), bad("a", "ws")], seconds: 1.25 };
const two: Row = { name: "two", version: "4.5.6", outcomes: [good("c", ""), good("b", "ws")], seconds: 2 };
const three: Row = { name: "three", skipped: "there is none" };
const lines = (text: string): string[] => text.split("\n").map((line) => line.replace(/ {2,}/g, "|"));

it("the table counts the transports of each scenario, marks what failed, and tells every runtime that was skipped", () => {
  expect(lines(table([one, two, three], ["a", "b", "never played"]))).toEqual([
    "passed of played|one|two",
    "a|1/2!|-",
    "b|1/1|1/1",
    "c|-|1/1",
    "seconds|1.3|2.0",
    "",
    "one: 1.2.3 over tcp, ws: 2 passed, 1 failed, 1.3 s",
    "|a over ws: it hung",
    "two: 4.5.6 over ws: 2 passed, 0 failed, 2.0 s",
    "three: skipped: there is none",
  ]);
});

it("with nothing but skipped runtimes there are their reasons alone", () => {
  expect(table([three], ["a"])).toBe("three: skipped: there is none");
});

it("a failed scenario is a failure, one who told of nothing as well, and a skipped runtime is none", () => {
  expect([one, two, three, { ...two, outcomes: [] }].map(failed)).toEqual([true, false, false, true]);
});
