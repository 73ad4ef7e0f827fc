// Plays scenarios with policies and prints the figures; draws them when asked to. Exit code 2: the command line was wrong.

import { writeFileSync } from "node:fs";
import { ClientFleet } from "./client-fleet.js";
import { parseOptions, type SimulationOptions, UsageError } from "./options.js";
import { plot } from "./plot.js";
import type { PolicyKind } from "./policy.js";
import { measured, type Result, runPools } from "./run.js";
import type { Scenario } from "./scenarios.js";
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
  const { clients, level, policies, seed, servers, svg } = options;
  const what = `${clients} clients, ${servers} servers, level ${level}, seed ${seed}, Node ${process.version}`;
  process.stdout.write(`${what}\n\n`);
  const results: Result[] = [];
  for (const scenario of options.scenarios) {
    for (const policy of policies) results.push(await run(options, scenario, policy));
  }
  process.stdout.write(`${table(results)}\n`);
  const [first] = results;
  if (svg !== undefined && first !== undefined) {
    writeFileSync(svg, plot(results, `${first.scenario.name}: ${first.scenario.about}`, what));
    process.stdout.write(`\ndrawn into ${svg}\n`);
  }
  const rss = process.memoryUsage().rss / 2 ** 20;
  process.stdout.write(
    `\nall: ${(process.uptime()).toFixed(1)} s by the clock on the wall, ${rss.toFixed(0)} MiB in the end\n`,
  );
  return 0;
}

function run(asked: SimulationOptions, scenario: Scenario, policy: PolicyKind): Promise<Result> {
  const { clients, jitter, level, seed, servers } = asked;
  if (level === "pool") return runPools({ clients, servers, seed, scenario, policy });
  const { unreachableGossip } = scenario;
  const options = { reconnectJitter: jitter, rebalance: policy.name === "myelin-rebalance" };
  return measured(policy.name, scenario, () =>
    ClientFleet.connect({ clients, servers, seed, unreachableGossip, options }),
  );
}

process.exitCode = await main();
