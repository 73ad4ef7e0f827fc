import { expect, it } from "vitest";
import { evidence, idsOf, problems, statements, table } from "./conformance.mjs";

const report = (...tests) => ({
  testResults: [
    { name: "/r/a/x.test.ts", assertionResults: tests.map(([title, status = "passed"]) => ({ title, status })) },
  ],
});

it("finds the IDs a test's name begins with, and none elsewhere", () => {
  expect(idsOf("RECV-1, RECV-UNSUB-2: it works")).toEqual(["RECV-1", "RECV-UNSUB-2"]);
  expect(idsOf("D8, P8: bounded")).toEqual(["D8", "P8"]);
  expect(idsOf("it works as RECV-1: says")).toEqual([]);
});

it("counts passing tests only, once for every sentence, whatever the server's version", () => {
  const proofs = evidence(
    report(["RECV-1: on 2.9.10"], ["RECV-1: on 2.15.1"], ["RECV-2: skipped", "skipped"], ["SEND-1: red", "failed"]),
    "/r",
  );
  const seeded = evidence(report(["'SEND-1: text' ('x') works (with seed=-12)"]), "/r");
  expect([...seeded.get("SEND-1").keys()]).toEqual(["a/x.test.ts: text ('x') works"]);
  expect([...proofs.keys()]).toEqual(["RECV-1"]);
  expect([...proofs.get("RECV-1").values()]).toEqual([{ file: "a/x.test.ts", sentence: "on …" }]);
});

it("names a statement without test, and an ID that is no statement", () => {
  const found = problems(evidence(report(["RECV-999: nonsense"]), "/r"));
  expect(found).toContain("a test names RECV-999, which is no statement");
  const names = ["RCEV-1: a slip", "D19: no decision", "ERR-4, VER-1, P16: numbers of other lists"];
  expect(
    problems(evidence(report(...names.map((name) => [name])), "/r")).filter((one) => one.startsWith("a test")),
  ).toEqual(["a test names RCEV-1, which is no statement", "a test names D19, which is no statement"]);
  expect(found).toContain("SEED-1 (M) has no passing test and no reason");
});

it("has every statement in the table, with its status", () => {
  const text = table(evidence(report(["SEED-1: an array is a list"]), "/r"));
  expect(text).toContain("| SEED-1 | M | proven | an array is a list (`a/x.test.ts`) |");
  for (const { id } of statements()) expect(text).toContain(`| ${id} |`);
});
