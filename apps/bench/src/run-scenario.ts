// Runs one scenario: starts the endpoints it needs, interleaves the runs, checks what arrived, ends the endpoints.

import { circumstances } from "./circumstances.js";
import { pubFrame } from "./frames.js";
import { expectCount, type Job, type Outcome } from "./job.js";
import { figureOf, interleave, type Line, steadinessOf } from "./measure.js";
import { type RunningEndpoint, runJob, startEndpoint } from "./processes.js";
import type { MemoryFigure, Result } from "./report.js";
import type { Scenario } from "./scenarios/scenario.js";

export interface RunOptions {
  readonly messages: number;
  readonly rounds: number;
  /** Only lines with this text in their work or their contestant. */
  readonly only: string | undefined;
  /** A folder for V8's CPU profiles. */
  readonly profile: string | undefined;
  readonly command: string;
  /** Told of every run. */
  readonly progress: (line: Line, outcome: Outcome) => void;
}

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Result> {
  const { messages, rounds, only, profile, command, progress } = options;
  const at = circumstances(command);
  const lines = scenario
    .lines(messages)
    .filter(({ work, job }) => only === undefined || `${work} ${job.contestant}`.includes(only));
  if (lines.length === 0) throw new Error(`${scenario.name}: no line has "${only}" in it`);
  const endpoints = new Map<"source" | "sink", RunningEndpoint>();
  const run = async (line: Line): Promise<Outcome> => {
    const kind = endpointOf(line.job);
    const endpoint = kind === undefined ? undefined : (endpoints.get(kind) ?? (await startEndpoint(kind)));
    if (kind !== undefined && endpoint !== undefined) endpoints.set(kind, endpoint);
    await endpoint?.received();
    const outcome = await runJob({ ...line.job, port: endpoint?.port ?? 0 }, profile);
    if (kind === "sink" && endpoint !== undefined) checkSink(line, await endpoint.received());
    progress(line, outcome);
    return outcome;
  };
  try {
    const outcomes = await interleave(lines, rounds, run);
    return {
      scenario: scenario.name,
      title: scenario.title,
      about: scenario.about,
      circumstances: at,
      figures: lines.map((line, index) => figureOf(line, outcomes[index] ?? [])),
      memory: lines.flatMap((line, index) => memoryOf(line, outcomes[index]?.[0])),
    };
  } finally {
    for (const endpoint of endpoints.values()) await endpoint.stop();
  }
}

function endpointOf(job: Omit<Job, "port">): "source" | "sink" | undefined {
  if (job.contestant.endsWith("-codec")) return undefined;
  return job.work.kind === "receive" ? "source" : "sink";
}

// CONNECT and PINGs come on top of the messages, and are less than one block.
function checkSink({ job }: Line, received: number): void {
  const messages = job.work.messages * job.steps + job.warmUp;
  const expected = messages * pubFrame(job.work.size).length;
  if (received >= expected && received < expected + 65_536) return;
  expectCount(`${job.contestant}: bytes at the sink`, received, expected);
}

function memoryOf({ work, who }: Line, outcome: Outcome | undefined): MemoryFigure[] {
  if (outcome === undefined || outcome.memory.length === 0) return [];
  const { memory, messages } = outcome;
  const rss = steadinessOf(memory.map((sample) => sample.rss));
  return [{ work, who, messages, rss, heapUsed: steadinessOf(memory.map((sample) => sample.heapUsed)) }];
}
