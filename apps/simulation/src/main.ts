// Plays scenarios with policies and prints the figures; draws them when asked to. Exit code 2: the command line was wrong.

import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { parseOptions, type SimulationOptions, UsageError } from "./options.js";
import { plot } from "./plot.js";
import { clientPolicy } from "./policies/client.js";
import type { PolicyKind } from "./policy.js";
import { type Result, runPools } from "./run.js";
import type { Scenario } from "./scenarios.js";
import { shardThreads } from "./shard-threads.js";
import { type PlayAll, runClients } from "./shards.js";
import { table } from "./table.js";

async function main(): Promise<number> {
  let options: SimulationOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\nnpm run simulation -- --help lists the options\n`);
    return 2;
  }
  if (options === undefined) return 0;
  const { clients, level, policies, seed, servers, shards, svg } = options;
  const parts = level === "client" ? ` in ${shards} parts` : "";
  const what = `${clients} clients, ${servers} servers, level ${level}${parts}, seed ${seed}, Node ${process.version}`;
  process.stdout.write(`${what}\n\n`);
  const threads = level === "client" ? await shardThreads() : undefined;
  const results: Result[] = [];
  for (const scenario of options.scenarios) {
    for (const policy of policies) results.push(await run(options, scenario, policy, threads));
  }
  process.stdout.write(`${table(results)}\n`);
  const [first] = results;
  if (svg !== undefined && first !== undefined) {
    writeFileSync(svg, plot(results, `${first.scenario.name}: ${first.scenario.about}`, what));
    process.stdout.write(`\ndrawn into ${svg}\n`);
  }
  const most = process.resourceUsage().maxRSS / 2 ** 10;
  const [load = 0] = loadavg();
  process.stdout.write(
    `\nall: ${process.uptime().toFixed(1)} s by the clock on the wall, load average ${load.toFixed(1)}, ${most.toFixed(0)} MiB at most\n`,
  );
  return 0;
}

function run(
  asked: SimulationOptions,
  scenario: Scenario,
  policy: PolicyKind,
  threads: PlayAll | undefined,
): Promise<Result> {
  const { clients, jitter, level, seed, servers, shards } = asked;
  const real = level === "client" ? clientPolicy(policy.name) : undefined;
  if (real === undefined) return runPools({ clients, servers, seed, scenario, policy });
  return runClients({ scenario: scenario.name, policy: real, clients, servers, seed, jitter, shards }, threads);
}

process.exitCode = await main();
