// Runs a program of the folder scripts/ in a process of its own and watches how it ends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface ScriptEnd {
  /** What it said in its one line of JSON. */
  readonly said: Readonly<Record<string, unknown>>;
  /** Milliseconds from that line to its end. */
  readonly lingered: number;
  readonly exitCode: number | null;
  readonly stderr: string;
}

const PATIENCE = 20_000;

/**
 * Resolves when the program has ended; kills it when it does not.
 *
 * @param flags for Node itself
 */
export async function runScript(
  name: string,
  argument: unknown,
  flags: readonly string[] = [],
  patience: number = PATIENCE,
): Promise<ScriptEnd> {
  const file = `${import.meta.dirname}/scripts/${name}.ts`;
  const child = spawn(
    process.execPath,
    [...flags, "--conditions=@myelin/source", "--import", "tsx", file, JSON.stringify(argument)],
    {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
    },
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  const ended = once(child, "close");
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  let said: Record<string, unknown> = {};
  let at = performance.now();
  createInterface({ input: child.stdout }).on("line", (line) => {
    at = performance.now();
    said = JSON.parse(line) as Record<string, unknown>;
  });
  let gone = at;
  child.on("exit", () => {
    gone = performance.now();
  });
  await ended;
  clearTimeout(timer);
  return { said, lingered: Math.max(0, gone - at), exitCode: child.exitCode, stderr };
}
