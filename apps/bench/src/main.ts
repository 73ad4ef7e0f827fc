// The command line: which scenarios, how much, where to. See README.md.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { cac } from "cac";
import { type Result, renderMarkdown, renderTable } from "./report.js";
import { runScenario } from "./run-scenario.js";
import { scenarios } from "./scenarios/index.js";

interface Flags {
  readonly scenario: string;
  readonly msgs?: number;
  readonly rounds: number;
  readonly only?: string;
  readonly profile?: string;
  readonly save?: boolean;
}

const RESULTS = new URL("../results/", import.meta.url);
const REPORT = new URL("../../../docs/performance.md", import.meta.url);

const cli = cac("bench");
cli
  .command("", "Compare CPU time per message")
  .option("--scenario <name>", `${scenarios.map(({ name }) => name).join(", ")} or all`, { default: "codec" })
  .option("--msgs <count>", "Messages in a round (default: the scenario's own)")
  .option("--rounds <count>", "Rounds", { default: 7 })
  .option("--only <text>", "Only lines with this text, for example a contestant: myelin-client")
  .option("--profile <folder>", "Write V8 CPU profiles of every run; the figures then mean nothing")
  .option("--save", "Keep the results and rewrite docs/performance.md")
  .action(main);
cli.command("report", "Rewrite docs/performance.md from the kept results").action(report);
cli.help();
cli.parse();

async function main(flags: Flags): Promise<void> {
  const chosen = scenarios.filter(({ name }) => flags.scenario === "all" || flags.scenario === name);
  if (chosen.length === 0) throw new Error(`there is no scenario "${flags.scenario}"`);
  const rounds = count("--rounds", flags.rounds);
  for (const scenario of chosen) {
    const messages = count("--msgs", flags.msgs ?? scenario.messages);
    const command = `pnpm --filter @myelin/bench start --scenario ${scenario.name} --msgs ${messages} --rounds ${rounds}`;
    const result = await runScenario(scenario, {
      messages,
      rounds,
      only: flags.only,
      profile: flags.profile === undefined ? undefined : resolve(flags.profile),
      command: flags.only === undefined ? command : `${command} --only "${flags.only}"`,
      progress: ({ work, who }, { cpuNs, messages }) =>
        void process.stderr.write(`${work} · ${who}: ${(cpuNs / messages).toFixed(1)} ns\n`),
    });
    process.stdout.write(`\n${renderTable(result)}\n`);
    if (flags.save === true) save(result);
  }
}

function save(result: Result): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(`${result.scenario}.json`, RESULTS), `${JSON.stringify(result, undefined, 2)}\n`);
  report();
}

function report(): void {
  const kept = scenarios
    .map(({ name }) => new URL(`${name}.json`, RESULTS))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Result);
  mkdirSync(new URL("./", REPORT), { recursive: true });
  writeFileSync(REPORT, renderMarkdown(kept));
}

function count(flag: string, value: unknown): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`${flag} takes a whole number, 1 or more`);
  return number;
}
