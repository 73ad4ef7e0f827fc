// Starts endpoints and runs as child processes and speaks with them. Every child ends by itself when this process does.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Job, Outcome } from "./job.js";

// As the start script has it, whatever started this process: a test runner's flags are not ours to hand on.
const FROM_SOURCE = ["--conditions=@myelin/source", "--import", "tsx"];

/** An endpoint's process. */
export interface RunningEndpoint {
  readonly port: number;
  /** Bytes it received since the last question. */
  received(): Promise<number>;
  stop(): Promise<void>;
}

export async function startEndpoint(kind: "source" | "sink"): Promise<RunningEndpoint> {
  const child = fork(new URL("./endpoints/process.ts", import.meta.url), [kind], {
    execArgv: FROM_SOURCE,
  });
  const { port } = (await answer(child)) as { port: number };
  return {
    port,
    received: async () => {
      const reply = answer(child);
      child.send("received");
      return ((await reply) as { received: number }).received;
    },
    stop: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

/** Does one job in a fresh process; rejects when the run is void. `profile`: a folder for V8's CPU profile of the run. */
export async function runJob(job: Job, profile: string | undefined): Promise<Outcome> {
  const flags = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${profile}`];
  const child = fork(new URL("./run-process.ts", import.meta.url), [], { execArgv: [...FROM_SOURCE, ...flags] });
  const exited = once(child, "exit");
  await answer(child);
  const reply = answer(child);
  child.send(job);
  const result = (await reply) as { outcome?: Outcome; failure?: string };
  await exited;
  if (result.outcome === undefined) throw new Error(`${job.contestant}: ${result.failure ?? "no answer"}`);
  return result.outcome;
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null): void => {
      child.off("message", onMessage);
      reject(new Error(`a child process ended with ${code} before it had answered`));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
