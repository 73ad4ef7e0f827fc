// Rounds of runs and what they amount to. Runs are interleaved, A B C C B A …, so that a busy neighbour hits everybody; the
// figure is the median of the rounds, and its spread is always told. Ratios are of medians.

import type { Job, Outcome } from "./job.js";

/** One line of a scenario: a contestant at one piece of work. */
export interface Line {
  /** What is done, the same words for everybody who is compared: "MSG 16 B, subject+data read". */
  readonly work: string;
  /** Who does it, in words. */
  readonly who: string;
  /** What others are compared with. One line per work at most. */
  readonly reference: boolean;
  readonly job: Omit<Job, "port">;
}

/** Median and extremes of the rounds. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What the rounds of a line amount to. */
export interface Figure {
  readonly work: string;
  readonly who: string;
  readonly reference: boolean;
  readonly rounds: number;
  /** Messages in each round. */
  readonly messages: number;
  /** CPU ns of one message. */
  readonly cpuNs: Spread;
  /** Of it, system time. */
  readonly systemNs: number;
  /** CPU time over wall time: 1 = one core. */
  readonly cores: number;
  /** Messages of one second of wall time; shared by the endpoint. */
  readonly perSecond: number;
  /** Bytes, the largest of the rounds. */
  readonly peakRss: number;
}

/** The middle and the ends. Throws for no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const least = sorted[0];
  const most = sorted[sorted.length - 1];
  if (least === undefined || most === undefined) throw new Error("no rounds");
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? least) + (sorted[Math.ceil(middle)] ?? most)) / 2;
  return { median, least, most };
}

/** Sums up the rounds of one line. */
export function figureOf(line: Line, outcomes: readonly Outcome[]): Figure {
  const median = (value: (outcome: Outcome) => number): number => spreadOf(outcomes.map(value)).median;
  return {
    work: line.work,
    who: line.who,
    reference: line.reference,
    rounds: outcomes.length,
    messages: outcomes[0]?.messages ?? 0,
    cpuNs: spreadOf(outcomes.map((outcome) => outcome.cpuNs / outcome.messages)),
    systemNs: median((outcome) => outcome.systemNs / outcome.messages),
    cores: median((outcome) => outcome.cpuNs / (outcome.wallMs * 1e6)),
    perSecond: median((outcome) => (outcome.messages * 1000) / outcome.wallMs),
    peakRss: Math.max(...outcomes.map((outcome) => outcome.peakRss)),
  };
}

/** Runs every line once a round, in turn and then in reverse; answers in the order of the lines. */
export async function interleave(
  lines: readonly Line[],
  rounds: number,
  run: (line: Line) => Promise<Outcome>,
): Promise<Outcome[][]> {
  const outcomes: Outcome[][] = lines.map(() => []);
  const order = lines.map((_, index) => index);
  for (let round = 0; round < rounds; round++) {
    for (const index of order) {
      const line = lines[index];
      if (line !== undefined) outcomes[index]?.push(await run(line));
    }
    order.reverse();
  }
  return outcomes;
}

/** How many times the messages of a CPU second that the reference of the same work has; `undefined` without one. */
export function ratioTo(figures: readonly Figure[], figure: Figure): number | undefined {
  const reference = figures.find((other) => other.reference && other.work === figure.work);
  return reference === undefined ? undefined : reference.cpuNs.median / figure.cpuNs.median;
}

/** What memory did after the first third of a run, in bytes. */
export interface Steadiness {
  /** Largest minus smallest. */
  readonly range: number;
  /** Median of the last third minus median of the second: about 0 when nothing is kept. */
  readonly growth: number;
  readonly most: number;
}

/** Judges samples in the order they were taken. Throws for fewer than six. */
export function steadinessOf(samples: readonly number[]): Steadiness {
  if (samples.length < 6) throw new Error("too few samples to judge memory by");
  const third = Math.floor(samples.length / 3);
  const { least, most } = spreadOf(samples.slice(third));
  const growth = spreadOf(samples.slice(2 * third)).median - spreadOf(samples.slice(third, 2 * third)).median;
  return { range: most - least, growth, most };
}
