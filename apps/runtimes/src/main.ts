// `npm run runtimes`: plays the suite in every runtime that can be had here, one after the other, and says in a table how it went.
// Ends with 1 when a scenario failed; a runtime that cannot be had is told with its reason and is no failure. Names on the
// command line, such as `deno node@22`, choose some.

import { Host } from "./host.js";
import { type Ready, runtimes } from "./runtimes.js";
import { scenarios } from "./suite/suite.js";
import { failed, type Row, table } from "./table.js";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !runtimes.some((one) => one.name === name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(", ")}; there are ${runtimes.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const chosen = runtimes.filter(({ name }) => names.length === 0 || names.includes(name));
process.stderr.write(`getting ready: ${chosen.map(({ name }) => name).join(", ")}\n`);
const prepared = await Promise.allSettled(chosen.map((runtime) => runtime.prepare()));
const host = await Host.start();
const rows: Row[] = [];
try {
  for (const [index, { name }] of chosen.entries()) {
    const one = prepared[index];
    rows.push(one?.status === "fulfilled" ? await played(name, one.value) : { name, skipped: firstLine(one?.reason) });
  }
} finally {
  await host.stop();
}
const order = scenarios.map(({ name }) => name);
process.stdout.write(`${table(rows, order)}\n`);
if (rows.some(failed)) process.exitCode = 1;

async function played(name: string, { version, play }: Ready): Promise<Row> {
  process.stderr.write(`${name} ${version} …\n`);
  const started = performance.now();
  const outcomes = await play(host).catch((error: unknown) => {
    return [{ scenario: "the suite as a whole", door: "", ms: 0, error: said(error) }];
  });
  await host.clear();
  return { name, version, outcomes, seconds: (performance.now() - started) / 1_000 };
}

// What a browser that does not start prints is long.
function firstLine(reason: unknown): string {
  return said(reason).split("\n", 1).join();
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
