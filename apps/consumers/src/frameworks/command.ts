// Commands of others, each a process of Node: one that runs to its end, and one that serves until it is stopped. Ended by their own ids.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

export interface Where {
  readonly cwd: string;
  /** Beside our own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What serves. */
export interface Serving {
  /** What was waited for. */
  readonly found: string;
  /** What it said up to now. */
  printed(): string;
  stop(): Promise<void>;
}

const COMMAND_MS = 300_000;
const READY_MS = 60_000;
const STOP_MS = 10_000;

// Nothing is told to anybody, and nobody is asked.
const QUIET = { CI: "1", NEXT_TELEMETRY_DISABLED: "1", NG_CLI_ANALYTICS: "false", DO_NOT_TRACK: "1", NO_COLOR: "1" };

/** Runs `node` with these arguments to its end and answers what it printed; rejects with that when it fails. */
export async function finished(args: readonly string[], where: Where): Promise<string> {
  const { child, printed } = launch(args, where);
  const late = setTimeout(() => child.kill("SIGKILL"), COMMAND_MS);
  try {
    const [status] = (await once(child, "close")) as [number | null];
    if (status !== 0) throw new Error(printed() || `it ended with ${status ?? "a signal"}`);
    return printed();
  } finally {
    clearTimeout(late);
  }
}

/** Starts `node` with these arguments and waits for a line that matches; what the first group of it holds is found. */
export async function serving(args: readonly string[], ready: RegExp, where: Where): Promise<Serving> {
  const { child, printed } = launch(args, where);
  const closed = once(child, "close");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await closed;
    clearTimeout(late);
  };
  const found = await new Promise<string | undefined>((resolve) => {
    const late = setTimeout(resolve, READY_MS, undefined);
    const look = (): void => {
      const seen = ready.exec(printed())?.[1];
      if (seen === undefined && child.exitCode === null) return;
      clearTimeout(late);
      resolve(seen);
    };
    child.stdout.on("data", look);
    child.on("close", look);
  });
  if (found !== undefined) return { found, printed, stop };
  await stop();
  throw new Error(`it did not serve: ${printed()}`);
}

/** Ours, but for what the bundlers leave in it: with a NODE_ENV of production npm installs no compiler. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  const { NODE_ENV, ...rest } = process.env;
  return rest;
}

interface Launched {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  printed(): string;
}

function launch(args: readonly string[], { cwd, env = {} }: Where): Launched {
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const child = spawn(process.execPath, args, { cwd, stdio, env: { ...ownEnvironment(), ...QUIET, ...env } });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return { child, printed: () => stripVTControlCharacters(text).trim() };
}
