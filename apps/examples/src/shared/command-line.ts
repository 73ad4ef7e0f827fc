// What the command-line programs of the tutorials share: flags in one or two dashes (`-count 3`), one sentence for a mistake,
// exit code 2 for a wrong command line and 1 for a failure. Nothing of NATS lives here.

import type { CAC } from "cac";

/** Runs the command that `cli` describes on this process's arguments. */
export async function run(cli: CAC): Promise<void> {
  try {
    cli.help();
    cli.parse([...process.argv.slice(0, 2), ...process.argv.slice(2).map(twoDashes)], { run: false });
    await cli.runMatchedCommand();
  } catch (error) {
    const { name, message } = error as Error;
    process.stderr.write(`${cli.name}: ${message}\n`);
    process.exitCode = name === "CACError" ? 2 : 1;
  }
}

/** Calls `stop` once, on Ctrl-C or when asked to end. */
export function onStop(stop: () => void): void {
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** A whole number of at least 1 that was given for a flag. */
export function count(flag: string, value: unknown): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new RangeError(`${flag} must be a whole number of at least 1, not ${String(value)}`);
}

// The tutorials write `-count`, which would otherwise be the five flags c, o, u, n and t.
function twoDashes(argument: string): string {
  return /^-[a-z]{2,}/.test(argument) ? `-${argument}` : argument;
}
