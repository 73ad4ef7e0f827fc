// Runs one scenario: prepares who takes part, starts the other ends, interleaves the runs, checks what arrived, ends them all.

import { circumstances } from "./circumstances.js";
import { pubFrame, subjectOf } from "./frames.js";
import { expectCount, type Outcome, type PeerName } from "./job.js";
import { figureOf, interleave, type Line, steadinessOf } from "./measure.js";
import { endOf, OtherEnds } from "./other-ends.js";
import { isPeer, type PeerCommand, peerVersion, preparePeer, runPeer } from "./peers.js";
import { runJob } from "./processes.js";
import type { Programs } from "./programs.js";
import type { MemoryFigure, Result } from "./result.js";
import { type Amounts, type Scenario, WHO } from "./scenarios/scenario.js";

export interface RunOptions {
  readonly programs: Programs;
  readonly amounts: Amounts;
  readonly rounds: number;
  /** Only lines with this text in their work or their contestant. */
  readonly only: string | undefined;
  /** A folder for V8's CPU profiles. */
  readonly profile: string | undefined;
  readonly command: string;
  /** Told of every run, with how many there are. */
  readonly progress: (line: Line, outcome: Outcome, done: number, all: number) => void;
  readonly say: (line: string) => void;
}

export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Result> {
  const { programs, amounts, rounds, only, profile, command, progress, say } = options;
  const at = circumstances(command);
  const wanted = scenario
    .lines(amounts)
    .filter(({ work, job }) => only === undefined || `${work} ${job.contestant}`.includes(only));
  const { peers, skipped } = await preparePeers(wanted, say);
  const lines = wanted.filter(({ job }) => !isPeer(job.contestant) || peers.has(job.contestant));
  if (lines.length === 0) throw new Error(`${scenario.name}: no line has "${only}" in it`);
  const ends = new OtherEnds(programs);
  let done = 0;
  const run = async (line: Line): Promise<Outcome> => {
    const kind = endOf(line.job.work, line.job.contestant);
    const end = await ends.get(kind, line.link);
    await end.received();
    const job = { ...line.job, target: end.target };
    const peer = isPeer(job.contestant) ? peers.get(job.contestant) : undefined;
    const outcome = await (peer === undefined ? runJob(programs, job, profile) : runPeer(peer, job));
    // What a WebSocket masks or TLS seals is counted after it was opened.
    if (kind === "sink") checkSink(line, await end.received());
    progress(line, outcome, ++done, lines.length * rounds);
    return outcome;
  };
  try {
    const outcomes = await interleave(lines, rounds, run);
    const others = Object.fromEntries([...peers.keys()].map((name) => [WHO[name], peerVersion(name)]));
    const server = ends.serverVersion === undefined ? {} : { "nats-server": ends.serverVersion };
    return {
      scenario: scenario.name,
      title: scenario.title,
      about: scenario.about,
      circumstances: { ...at, versions: { ...at.versions, ...others, ...server } },
      figures: lines.map((line, index) => figureOf(line, outcomes[index] ?? [])),
      memory: lines.flatMap((line, index) => memoryOf(line, outcomes[index]?.[0])),
      skipped,
    };
  } finally {
    await ends.stop();
  }
}

async function preparePeers(
  lines: readonly Line[],
  say: (line: string) => void,
): Promise<{ peers: Map<PeerName, PeerCommand>; skipped: string[] }> {
  const peers = new Map<PeerName, PeerCommand>();
  const skipped: string[] = [];
  for (const name of new Set(lines.map(({ job }) => job.contestant).filter(isPeer))) {
    try {
      peers.set(name, await preparePeer(name, say));
    } catch (error) {
      const reason = `${name} is left out: ${(error as Error).message.split("\n")[0] ?? ""}`;
      skipped.push(reason);
      say(reason);
    }
  }
  return { peers, skipped };
}

// CONNECT and PINGs come on top of the messages, and are less than one block.
function checkSink({ job }: Line, received: number): void {
  const { work } = job;
  if (work.kind !== "publish") return;
  const subject = work.subjects === undefined ? undefined : subjectOf(0);
  const messages = work.messages * job.steps + job.warmUp;
  const expected = messages * pubFrame(work.size, subject).length;
  if (received >= expected && received < expected + 65_536) return;
  expectCount(`${job.contestant}: bytes at the sink`, received, expected);
}

function memoryOf({ work, who }: Line, outcome: Outcome | undefined): MemoryFigure[] {
  if (outcome === undefined || outcome.memory.length === 0) return [];
  const { memory, messages } = outcome;
  const rss = steadinessOf(memory.map((sample) => sample.rss));
  return [{ work, who, messages, rss, heapUsed: steadinessOf(memory.map((sample) => sample.heapUsed)) }];
}
