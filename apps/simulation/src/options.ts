// The command line, checked: what is to be simulated, or a sentence about what is wrong with the asking.

import { type CAC, cac } from "cac";
import { clientPolicies, clientPolicy } from "./policies/client.js";
import { own } from "./policies/own.js";
import { published } from "./policies/published.js";
import type { PolicyKind } from "./policy.js";
import { type Scenario, scenarios } from "./scenarios.js";

export interface SimulationOptions {
  readonly level: "pool" | "client";
  readonly clients: number;
  readonly servers: number;
  readonly scenarios: readonly Scenario[];
  readonly policies: readonly PolicyKind[];
  readonly seed: number;
  /** Milliseconds within which our clients make their first attempt. */
  readonly jitter: number;
  /** Parts a fleet of real clients is played in, each in a thread of its own. */
  readonly shards: number;
  /** File to draw into; `undefined` = none. */
  readonly svg: string | undefined;
}

/** The command line asks for something there is not. */
export class UsageError extends Error {}

const LEVELS = ["pool", "client"] as const;

/** Options, or `undefined` when help was asked for and printed. Throws {@link UsageError}. */
export function parseOptions(argv: readonly string[]): SimulationOptions | undefined {
  const cli = describe();
  try {
    const { args, options } = cli.parse(["node", "simulation", ...argv], { run: false });
    for (const [name, value] of Object.entries(options)) {
      if (name !== "--" && Array.isArray(value)) throw new UsageError(`--${name} is given more than once`);
    }
    if (options["help"] === true) return undefined;
    cli.globalCommand.checkUnknownOptions();
    cli.globalCommand.checkOptionValue();
    if (args.length > 0) throw new UsageError(`"${args.join(" ")}" is no option of the simulation`);
    const level = LEVELS.find((one) => one === options["level"]);
    if (level === undefined) throw new UsageError(`--level must be one of ${LEVELS.join(", ")}`);
    const jitter = numberOf("--jitter", options["jitter"], 0, 600_000);
    const policies = chosen("--policy", options["policy"], [...own(jitter), ...published]);
    if (level === "client" && policies.some(({ name }) => clientPolicy(name) === undefined)) {
      throw new UsageError(`--level client has the real client: --policy ${clientPolicies.join(" or ")}`);
    }
    const played = chosen("--scenario", options["scenario"], scenarios);
    const svg: unknown = options["svg"];
    if (svg !== undefined && played.length > 1) throw new UsageError("--svg draws one scenario");
    return {
      level,
      clients: numberOf("--clients", options["clients"], 1, 1_000_000),
      servers: numberOf("--servers", options["servers"], 2, 100),
      scenarios: played,
      policies,
      seed: numberOf("--seed", options["seed"], 0, 2 ** 31),
      jitter,
      shards: numberOf("--shards", options["shards"], 1, 64),
      svg: typeof svg === "string" ? svg : undefined,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function describe(): CAC {
  const names = [...own(0), ...published].map(({ about, name }) => `${name} (${about})`);
  const cli = cac("npm run simulation --");
  cli.usage("[options]");
  cli.option("--clients <n>", "Clients", { default: 100_000 });
  cli.option("--servers <n>", "Servers", { default: 9 });
  cli.option("--scenario <list>", `all, or of: ${scenarios.map(({ name }) => name).join(",")}`, {
    default: "third-dies",
  });
  cli.option("--policy <list>", `all, or of: ${names.join(", ")}`, { default: "myelin" });
  cli.option("--seed <n>", "Chance", { default: 1 });
  cli.option("--jitter <ms>", "reconnectJitter of our clients", { default: 100 });
  cli.option("--level <level>", "pool: real server-pool, dials modelled; client: the real client, brokers in memory", {
    default: "pool",
  });
  cli.option("--shards <n>", "--level client: parts of the fleet, a thread for each", { default: 2 });
  cli.option("--svg <file>", "Draw it");
  cli.help();
  return cli;
}

function numberOf(option: string, value: unknown, least: number, most: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}, not ${String(value)}`);
}

function chosen<T extends { readonly name: string }>(option: string, value: unknown, all: readonly T[]): readonly T[] {
  if (value === "all") return all;
  return String(value)
    .split(",")
    .map((name) => {
      const found = all.find((one) => one.name === name);
      if (found === undefined)
        throw new UsageError(`${option}: "${name}" is none of ${all.map((one) => one.name).join(", ")}`);
      return found;
    });
}
