// Starts endpoints and runs as child processes and speaks with them. Every child ends by itself when this process does.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { EndpointOrder } from "./endpoints/process.js";
import type { Job, Outcome } from "./job.js";
import type { Programs } from "./programs.js";

/** A run that has not ended by then hangs: a message is missing, or an end of it is. */
const RUN_MS = 180_000;

/** An endpoint's process. */
export interface EndpointProcess {
  readonly port: number;
  /** Bytes it received since the last question. */
  received(): Promise<number>;
  stop(): Promise<void>;
}

export async function startEndpoint(programs: Programs, order: EndpointOrder): Promise<EndpointProcess> {
  const child = fork(programs.endpoint, [], { execArgv: [] });
  await answer(child);
  const started = answer(child);
  child.send(order);
  const { port } = (await started) as { port: number };
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
export async function runJob(programs: Programs, job: Job, profile: string | undefined): Promise<Outcome> {
  const flags = profile === undefined ? [] : ["--cpu-prof", "--cpu-prof-interval=200", `--cpu-prof-dir=${profile}`];
  const child = fork(programs.run, [], { execArgv: flags });
  const exited = once(child, "exit");
  await answer(child);
  const reply = answer(child);
  child.send(job);
  const late = setTimeout(() => child.kill("SIGKILL"), RUN_MS);
  try {
    const result = (await reply) as { outcome?: Outcome; failure?: string };
    if (result.outcome === undefined) throw new Error(`${job.contestant}: ${result.failure ?? "no answer"}`);
    return result.outcome;
  } finally {
    clearTimeout(late);
    await exited;
  }
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      child.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null, signal: string | null): void => {
      child.off("message", onMessage);
      reject(new Error(`a child process ended with ${code ?? signal} before it had answered`));
    };
    child.once("message", onMessage);
    child.once("exit", onExit);
  });
}
