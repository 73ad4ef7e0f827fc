// `npm run runtimes`: plays the suite in every runtime that can be had here, one after the other, and says in a table how it went.
// Ends with 1 when a scenario failed; a runtime that cannot be had is told with its reason and is no failure. Names on the
// command line, such as `deno node@22`, choose some.

import { Host } from "./host.js";
import { type Ready, type Runtime, runtimes } from "./runtimes.js";
import { scenarios } from "./suite/suite.js";
import { failed, type Row, table } from "./table.js";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !runtimes.some((one) => one.name === name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(", ")}; there are ${runtimes.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const host = await Host.start();
const rows: Row[] = [];
try {
  for (const runtime of runtimes) {
    if (names.length > 0 && !names.includes(runtime.name)) continue;
    rows.push(await played(runtime));
  }
} finally {
  await host.stop();
}
const order = scenarios.map(({ name }) => name);
process.stdout.write(`${table(rows, order)}\n`);
if (rows.some(failed)) process.exitCode = 1;

async function played(runtime: Runtime): Promise<Row> {
  const { name } = runtime;
  process.stderr.write(`${name} …\n`);
  let ready: Ready;
  try {
    ready = await runtime.prepare();
  } catch (error) {
    return { name, skipped: error instanceof Error ? error.message : String(error) };
  }
  const started = performance.now();
  try {
    const outcomes = await ready.play(host);
    return { name, version: ready.version, outcomes, seconds: (performance.now() - started) / 1_000 };
  } catch (error) {
    const outcomes = [{ scenario: "the suite as a whole", door: "", ms: 0, error: String(error) }];
    return { name, version: ready.version, outcomes, seconds: (performance.now() - started) / 1_000 };
  } finally {
    await ready.close();
    await host.clear();
  }
}
