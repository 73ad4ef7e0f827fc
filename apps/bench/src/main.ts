// The command line: which scenarios, how much, where to. Words and flags as in `nats bench` where they mean the same. See
// README.md.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { cac } from "cac";
import { keep, writeDocuments } from "./documents.js";
import { csvOf } from "./export.js";
import { bundlePrograms, type Programs } from "./programs.js";
import { renderTable } from "./report.js";
import type { Result } from "./result.js";
import { runScenario } from "./run-scenario.js";
import { scenarios } from "./scenarios/index.js";
import type { Scenario } from "./scenarios/scenario.js";

interface Flags {
  readonly scenario?: string;
  readonly msgs?: number;
  readonly size?: number;
  readonly clients?: number;
  readonly subscribers?: number;
  readonly subscriptions?: number;
  readonly rounds: number;
  readonly only?: string;
  readonly profile?: string;
  readonly save?: boolean;
  readonly csv?: string;
  readonly json?: string;
  readonly progress: boolean;
}

const NAMES = scenarios.map(({ name }) => name);
/** The words of `nats bench`. */
const VERBS: Readonly<Record<string, string>> = { pub: "publish", sub: "subscribe" };

const cli = cac("bench");
cli
  .command(
    "[scenario]",
    `Compare CPU time per message: ${NAMES.join(", ")}, or all; pub and sub are publish and subscribe`,
  )
  .option("--scenario <name>", "The scenario (default: codec)")
  .option("--msgs <count>", "Messages in a round (default: the scenario's own)")
  .option("--size <bytes>", "Bytes of a payload (default: the scenario's own sizes)")
  .option("--clients <count>", "Connections that publish, in pubsub")
  .option("--subscribers <count>", "Connections that subscribe, in pubsub")
  .option("--subscriptions <count>", "Subscriptions of a connection, in subscriptions")
  .option("--rounds <count>", "Rounds", { default: 7 })
  .option("--only <text>", "Only lines with this text, for example a contestant: myelin-client")
  .option("--csv <file>", "Write the figures as CSV")
  .option("--json <file>", "Write the results as JSON")
  .option("--no-progress", "Say nothing until a scenario is over")
  .option("--profile <folder>", "Write V8 CPU profiles of every run; the figures then mean nothing")
  .option("--save", "Keep the results and rewrite docs/performance.md and the README's figures")
  .action((scenario: string | undefined, flags: Flags) => main(scenario ?? flags.scenario ?? "codec", flags));
cli.command("report", "Rewrite docs/performance.md and the README's figures from the kept results").action(() => {
  writeDocuments(NAMES);
});
cli
  .command(
    "docs",
    "Measure every scenario with fewer messages, and rewrite docs/performance.md and the README's figures",
  )
  .option("--rounds <count>", "Rounds", { default: 5 })
  .option("--no-progress", "Say nothing until a scenario is over")
  .action(documents);
cli.help();
cli.parse();

async function main(name: string, flags: Flags): Promise<void> {
  const wanted = VERBS[name] ?? name;
  const chosen = scenarios.filter((scenario) => wanted === "all" || wanted === scenario.name);
  if (chosen.length === 0) throw new Error(`there is no scenario "${name}"`);
  refuseUnused(chosen, flags);
  const programs = await bundlePrograms();
  const results: Result[] = [];
  for (const scenario of chosen) {
    const result = await measure(programs, scenario, flags, scenario.messages);
    results.push(result);
    process.stdout.write(`\n${renderTable(result)}\n`);
    if (flags.save === true) keep(result);
  }
  if (flags.save === true) writeDocuments(NAMES);
  if (flags.csv !== undefined) writeFileSync(flags.csv, csvOf(results));
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(results, undefined, 2)}\n`);
}

async function documents(flags: Flags): Promise<void> {
  const programs = await bundlePrograms();
  for (const scenario of scenarios) {
    const result = await measure(programs, scenario, flags, scenario.documented);
    process.stdout.write(`\n${renderTable(result)}\n`);
    keep(result);
  }
  writeDocuments(NAMES);
}

// A flag without effect would be taken for one with.
function refuseUnused(chosen: readonly Scenario[], flags: Flags): void {
  const uses = [
    ["clients", "pubsub"],
    ["subscribers", "pubsub"],
    ["subscriptions", "subscriptions"],
  ] as const;
  for (const [flag, scenario] of uses) {
    if (flags[flag] === undefined || chosen.some(({ name }) => name === scenario)) continue;
    throw new Error(`--${flag} is for the scenario "${scenario}"`);
  }
}

function measure(programs: Programs, scenario: Scenario, flags: Flags, fallback: number): Promise<Result> {
  const { only, profile, progress, msgs } = flags;
  const messages = count("--msgs", msgs ?? fallback);
  const rounds = count("--rounds", flags.rounds);
  const chosen = (["size", "clients", "subscribers", "subscriptions"] as const).flatMap((flag) =>
    flags[flag] === undefined ? [] : [[flag, count(`--${flag}`, flags[flag])] as const],
  );
  const words = chosen.map(([flag, value]) => ` --${flag} ${value}`).join("");
  const command = `npm run bench -- --scenario ${scenario.name} --msgs ${messages} --rounds ${rounds}${words}`;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  return runScenario(scenario, {
    programs,
    amounts: { messages, ...Object.fromEntries(chosen) },
    rounds,
    only,
    profile: profile === undefined ? undefined : resolve(profile),
    command: only === undefined ? command : `${command} --only "${only}"`,
    progress: ({ work, who }, { cpuNs, messages: handled, wallMs }, done, all) => {
      if (!progress) return;
      const rate = Math.round((handled * 1_000) / wallMs).toLocaleString("en");
      say(`[${done}/${all}] ${work} · ${who}: ${(cpuNs / handled).toFixed(1)} ns, ${rate} msgs/sec`);
    },
    say,
  });
}

function count(flag: string, value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${flag} takes a whole number, 1 or more`);
  return number;
}
