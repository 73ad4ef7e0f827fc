// The command line, checked: what a run is asked to do, or a sentence about what is wrong with the asking.

import { type CAC, cac } from "cac";
import { type Act, acts } from "./scenario.js";

export interface DemoOptions {
  /** Requests a second, and publishes a second. */
  readonly rate: number;
  readonly acts: readonly Act[];
  /** Least length of an act. */
  readonly secondsPerAct: number;
  readonly plain: boolean;
  /** Real servers or none. */
  readonly real: boolean;
  /** Brokers inside this process, whatever servers there are. */
  readonly standIn: boolean;
  /** Path of a nats-server. */
  readonly server: string | undefined;
}

/** The command line asks for something there is not. */
export class UsageError extends Error {}

/** Options, or `undefined` when help was asked for and printed. Throws {@link UsageError}. */
export function parseOptions(argv: readonly string[]): DemoOptions | undefined {
  const cli = describe();
  try {
    const { args, options } = cli.parse(["node", "demo", ...argv], { run: false });
    for (const [name, value] of Object.entries(options)) {
      if (name !== "--" && Array.isArray(value)) throw new UsageError(`--${kebab(name)} is given more than once`);
    }
    const { acts: names, help, plain, rate, real, secondsPerAct, server, standIn } = options;
    if (help === true) return undefined;
    // Both throw for what nobody declared; they run by themselves only with an action.
    cli.globalCommand.checkUnknownOptions();
    cli.globalCommand.checkOptionValue();
    if (args.length > 0) throw new UsageError(`"${args.join(" ")}" is no option of the demo`);
    if (standIn === true && (real === true || typeof server === "string")) {
      throw new UsageError("--stand-in means no real servers: it goes neither with --real nor with --server");
    }
    return {
      rate: numberOf("--rate", rate, 1, 20_000),
      acts: actsOf(names),
      secondsPerAct: numberOf("--seconds-per-act", secondsPerAct, 0, 600),
      plain: plain === true,
      real: real === true,
      standIn: standIn === true,
      server: typeof server === "string" ? server : undefined,
    };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function describe(): CAC {
  const cli = cac("npm run demo --");
  cli.usage("[options]");
  cli.option("--rate <n>", "Requests a second, and as many publishes", { default: 1000 });
  cli.option("--acts <list>", `Acts in their order: ${acts.map(({ name }) => name).join(",")}`, { default: "all" });
  cli.option("--seconds-per-act <n>", "Least length of an act", { default: 3 });
  cli.option("--plain", "Plain lines, also on a terminal");
  cli.option("--real", "Real servers, or fail");
  cli.option("--stand-in", "Brokers inside this process; so it is also where no real server can be had");
  cli.option("--server <path>", "The nats-server to run; else one is found or fetched");
  cli.help();
  return cli;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function numberOf(flag: string, value: unknown, least: number, most: number): number {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof found === "number" && found >= least && found <= most) return found;
  throw new UsageError(`${flag} must be a number from ${least} to ${most}, not "${String(value)}"`);
}

function actsOf(value: unknown): readonly Act[] {
  if (value === "all") return acts;
  const chosen = String(value)
    .split(",")
    .map((name) => name.trim())
    .map((name) => {
      const act = acts.find((one) => one.name === name);
      if (act !== undefined) return act;
      throw new UsageError(`--acts: "${name}" is none of ${acts.map((one) => one.name).join(", ")}`);
    });
  const drain = chosen.findIndex(({ name }) => name === "drain");
  if (drain >= 0 && drain < chosen.length - 1) throw new UsageError("--acts: drain ends the play, so it must be last");
  return chosen;
}
