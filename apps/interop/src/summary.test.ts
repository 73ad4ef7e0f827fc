import { expect, it } from "vitest";
import { type Report, table } from "./summary.js";

const met = [
  { name: "one", file: "a", ours: "us" },
  { name: "two", file: "b", ours: "us" },
  { name: "three", file: "c", ours: "us" },
];

function report(...files: [name: string, ...tests: [title: string, status: string, ...groups: string[]][]][]): Report {
  return {
    testResults: files.map(([name, ...tests]) => ({
      name: `/x/test/${name}`,
      status: "passed",
      message: "it did not build",
      assertionResults: tests.map(([title, status, ...ancestorTitles]) => ({ title, status, ancestorTitles })),
    })),
  };
}

it("the table counts both directions of a scenario with one client of ours, leaves out who cannot play it, and says why a toolchain is missing", () => {
  const text = table(
    report(
      [
        "a.test.ts",
        ["same", "passed", "us to one"],
        ["same", "failed", "one to us"],
        ["order", "passed", "on 2.9", "us to one"],
      ],
      [
        "b.interop.ts",
        ["same", "passed", "us to two"],
        ["same", "passed", "us too to two"],
        ["same", "passed", "us and the other"],
        ["order [two has none]", "pending", "us to two"],
      ],
      ["c.interop.ts", ["three is not met: there is no three on PATH", "pending"]],
    ),
    met,
    new Map([["three", "there is no three on PATH"]]),
  );
  expect(text.split("\n").map((line) => line.trim().replace(/ {2,}/g, "|"))).toEqual([
    "passed of played, both directions|one|two|three",
    "same|1/2|2/2",
    "order|1/1|-",
    "",
    "one: 2 passed, 1 failed, 0 skipped",
    "two: 2 passed, 0 failed, 1 skipped",
    "three: skipped, there is no three on PATH",
  ]);
});

it("a test file that could not even begin is told with its message", () => {
  const text = table(
    report(["a.test.ts", ["same", "passed", "us to one"]], ["b.interop.ts"]),
    met.slice(0, 2),
    new Map(),
  );
  expect(text).toContain("two: it did not build");
});
