// Everything that must hold before a change is done, in one run: `npm run check` for people, `.ci/run` for CI. Each step is
// a command that can also be run alone. All steps run even when one fails. Says the verdict of each, and last, in one
// plain line, how many tests passed and failed.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const report = `${root}.reports/tests.json`;
const pnpm = () => `npx -y ${JSON.parse(readFileSync(`${root}package.json`, "utf8")).packageManager}`;

const steps = [
  { name: "tests", command: "npm test" },
  { name: "conformance", command: "node scripts/conformance.mjs --check" },
  { name: "format and lint", command: "npm run lint" },
  { name: "dependencies", command: "npm run unused" },
  { name: "types", command: `${pnpm()} typecheck` },
  { name: "build", command: `${pnpm()} build` },
  { name: "API reports", command: "npm run api" },
  { name: "packages", command: "npm run packages" },
  { name: "consumers", command: "npm run consumers" },
  { name: "site", command: "npm run site" },
  { name: "runtimes", command: "npm run runtimes" },
  { name: "page in a browser", command: "npm run console:check" },
  { name: "changesets", command: "npm run changesets" },
  { name: "releases", command: "npm run releases" },
];

const strict = process.argv.includes("--clean-tree");
const before = strict ? "" : changes();
rmSync(report, { force: true });
const verdicts = steps.map(({ name, command }) => {
  console.log(`\n── ${name}: ${command}`);
  const started = performance.now();
  const { status } = spawnSync(command, { cwd: root, shell: true, stdio: "inherit", env: environment() });
  return { name, ok: status === 0, seconds: (performance.now() - started) / 1000 };
});
const left = changes();
verdicts.push({ name: "clean tree", ok: left === before, seconds: 0 });

console.log("");
if (left !== before) console.log(`The working tree differs from what it must be:\n${left}`);
for (const { name, ok, seconds } of verdicts)
  console.log(`${ok ? "ok    " : "FAILED"} ${name} (${seconds.toFixed(1)} s)`);
const { passed, failed, skipped } = counts();
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (verdicts.some(({ ok }) => !ok) || failed > 0) process.exitCode = 1;

function environment() {
  return { ...process.env, MYELIN_TEST_REPORT: report, DO_NOT_TRACK: "1", TURBO_TELEMETRY_DISABLED: "1" };
}

function changes() {
  return spawnSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" }).stdout;
}

function counts() {
  // No report means that the test run itself broke down.
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  );
  // A file that fails before its first test has no test to count.
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  return {
    passed: numPassedTests,
    failed: numFailedTests + broken.length,
    skipped: numPendingTests + (numTodoTests ?? 0),
  };
}
