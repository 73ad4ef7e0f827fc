// The command line, checked: what a run is asked to do, or a sentence about what is wrong with the asking.

import { type CAC, cac } from "cac";
import { faults } from "./faults.js";

export interface ChaosOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly rate: number;
  readonly line: "newest" | "oldest";
  readonly only: readonly string[] | undefined;
}

/** The command line asks for something there is not. */
export class UsageError extends Error {}

/** Options, or `undefined` when help was asked for and printed. Throws {@link UsageError}. */
export function parseOptions(argv: readonly string[], seedOfToday: number): ChaosOptions | undefined {
  const cli = describe();
  try {
    const { args, options } = cli.parse(["node", "chaos", ...argv], { run: false });
    if (options["help"] === true) return undefined;
    // Both throw for what nobody declared; they run by themselves only with an action.
    cli.globalCommand.checkUnknownOptions();
    cli.globalCommand.checkOptionValue();
    if (args.length > 0) throw new UsageError(`"${args.join(" ")}" is no option of the chaos suite`);
    const { minutes, only, rate, seed, server } = options;
    if (server !== "newest" && server !== "oldest") throw new UsageError('--server must be "newest" or "oldest"');
    return {
      seed: seed === undefined ? seedOfToday : numberOf("--seed", seed, 0, 2 ** 31),
      seconds: 60 * numberOf("--minutes", minutes, 0.05, 24 * 60),
      rate: numberOf("--rate", rate, 50, 5_000),
      line: server,
      only: only === undefined ? undefined : faultsOf(only),
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function describe(): CAC {
  const cli = cac("npm run chaos --");
  cli.usage("[options]");
  cli.option("--minutes <n>", "How long faults are drawn", { default: 5 });
  cli.option("--seed <n>", "Draws the same faults again; it is printed at the beginning");
  cli.option("--rate <n>", "Publishes, messages to a queue group, and requests, a second each", { default: 200 });
  cli.option("--server <line>", 'Line of nats-server: "newest" or "oldest"', { default: "newest" });
  cli.option("--only <list>", `These faults in this order, once: ${faults.map(({ name }) => name).join(", ")}`);
  cli.help();
  return cli;
}

function numberOf(flag: string, value: unknown, least: number, most: number): number {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof found === "number" && found >= least && found <= most) return found;
  throw new UsageError(`${flag} must be a number from ${least} to ${most}, not "${String(value)}"`);
}

function faultsOf(value: unknown): readonly string[] {
  const names = String(value)
    .split(",")
    .map((name) => name.trim());
  const unknown = names.find((name) => !faults.some((fault) => fault.name === name));
  if (unknown !== undefined) throw new UsageError(`--only: "${unknown}" is no fault`);
  return names;
}
