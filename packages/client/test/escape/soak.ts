// A process of its own for random programs: `soak.ts [count] [first seed]`, or MYELIN_SEEDS for the count. To be run with
// --unhandled-rejections=strict. Prints what went wrong with the seed and its program, then one line of JSON; exit code 1 when
// anything did. `soak.ts 1 <seed>` replays one, and with MYELIN_SOAK_VERBOSE=1 prints its program anyway.

import { printed } from "./ledger.js";
import { programOf, run, written } from "./program.js";

/** Programs with problems after which it stops. */
const ENOUGH = 5;

const [count = process.env["MYELIN_SEEDS"] ?? "200", first = "1"] = process.argv.slice(2);
const last = Number(first) + Number(count) - 1;
let seed = Number(first);

// A run traps what happens during it, and tells; what comes when nothing runs any more belongs to the latest seed all the same.
let late = 0;
process.on("uncaughtException", (error) => {
  late++;
  console.error(`seed ${seed}: ${printed(error)}`);
});

const begin = performance.now();
let events = 0;
let runs = 0;
for (let bad = 0; seed <= last && bad < ENOUGH; seed++) {
  const program = programOf(seed);
  const earlier = late;
  if (process.env["MYELIN_SOAK_VERBOSE"] !== undefined) console.error(written(program));
  // Proof that an escape is seen: what a forgotten catch would do.
  if (process.env["MYELIN_SOAK_SABOTAGE"] === String(seed)) void Promise.reject(new Error("let loose on purpose"));
  const problems = await run(program);
  runs++;
  if (problems.length === 0 && late === earlier) continue;
  bad++;
  events += Math.max(1, problems.length);
  console.error([written(program), ...problems.map((problem) => `! ${problem}`), ""].join("\n"));
}
// What is left running would come to light now.
await new Promise((resolve) => setTimeout(resolve, 50));
if (late > 0) events = Math.max(events, late);
const seconds = Number(((performance.now() - begin) / 1_000).toFixed(1));
console.log(JSON.stringify({ runs, events, seconds }));
process.exitCode = events > 0 ? 1 : 0;
