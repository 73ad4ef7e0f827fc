// The command: random faults on a real cluster under load, and the verdict. Exit code 0 = nothing that is not allowed happened,
// 1 = something did, 2 = the command line was wrong.

import { findServer } from "@myelin/testing";
import { parseOptions, UsageError } from "./options.js";
import { lineOf, tableOf } from "./report.js";
import { run } from "./run.js";

async function main(): Promise<number> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  let options: ReturnType<typeof parseOptions>;
  try {
    options = parseOptions(process.argv.slice(2), Date.now() % 1_000_000);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nnpm run chaos -- --help lists the options\n`);
    return 2;
  }
  if (options === undefined) return 0;
  const binary = await findServer({ which: options.line });
  say(`chaos on three nodes of nats-server ${binary.version}, seed ${options.seed}`);
  // Asked once it ends in order, after the fault that is under way.
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  const { seed, seconds, rate, only } = options;
  const { rows, totals, violations, violationCount } = await run(
    { binary, seed, seconds, rate, only, signal: interrupt.signal },
    (row) => say(lineOf(row)),
  );
  say("");
  for (const line of totals === undefined ? [] : tableOf(rows, totals)) say(line);
  say("");
  for (const violation of violations) say(`! ${violation}`);
  if (violationCount === 0) {
    say(`PASSED: ${rows.length} faults; nothing was lost, repeated or left open that must not be (seed ${seed}).`);
    return 0;
  }
  say(`FAILED: ${violationCount} things are not as promised (seed ${seed}).`);
  return 1;
}

process.exitCode = await main();
