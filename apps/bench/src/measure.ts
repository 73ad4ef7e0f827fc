// Rounds of runs and what they amount to. Runs are interleaved, A B C C B A …, so that a busy neighbour hits everybody; the
// figure is the median of the rounds, and its spread is always told. Ratios are of medians.

import type { Job, Link, Outcome } from "./job.js";
import type { ClientSample, Percentiles } from "./notes.js";

/** One line of a scenario: a contestant at one piece of work. */
export interface Line {
  /** What is done, the same words for everybody who is compared: "MSG 16 B, subject+data read". */
  readonly work: string;
  /** Who does it, in words. */
  readonly who: string;
  /** What others are compared with. One line per work at most. */
  readonly reference: boolean;
  /** The least any client could cost. One line per work at most. */
  readonly floor?: boolean;
  readonly link: Link;
  readonly job: Omit<Job, "target">;
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
  readonly floor?: boolean;
  /** Bytes of a payload; 0 where there is none. */
  readonly size?: number;
  /** Medians of the rounds' percentiles, in ns. */
  readonly latency?: Percentiles;
  /** Of the rounds' p50, in ns. */
  readonly p50?: Spread;
  readonly facts?: Readonly<Record<string, Spread>>;
  /** Messages in a second of each connection, of all rounds. */
  readonly clients?: readonly Rates[];
}

/** Rates of the connections that publish, or of those that hear. */
export interface Rates {
  readonly role: ClientSample["role"];
  readonly connections: number;
  readonly least: number;
  readonly average: number;
  readonly most: number;
  readonly deviation: number;
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
    ...(line.floor === true ? { floor: true } : {}),
    ...("size" in line.job.work ? { size: line.job.work.size } : {}),
    ...latencyOf(outcomes),
    ...factsOf(outcomes),
    ...clientsOf(outcomes),
  };
}

function latencyOf(outcomes: readonly Outcome[]): Pick<Figure, "latency" | "p50"> {
  const told = outcomes.flatMap(({ latency }) => (latency === undefined ? [] : [latency]));
  if (told.length === 0) return {};
  const median = (of: (latency: Percentiles) => number): number => spreadOf(told.map(of)).median;
  const latency = {
    p50: median(({ p50 }) => p50),
    p90: median(({ p90 }) => p90),
    p99: median(({ p99 }) => p99),
    p999: median(({ p999 }) => p999),
    most: median(({ most }) => most),
  };
  return { latency, p50: spreadOf(told.map(({ p50 }) => p50)) };
}

function factsOf(outcomes: readonly Outcome[]): Pick<Figure, "facts"> {
  const names = Object.keys(outcomes[0]?.facts ?? {});
  if (names.length === 0) return {};
  const spreads = names.map(
    (name) => [name, spreadOf(outcomes.map(({ facts }) => facts?.[name] ?? Number.NaN))] as const,
  );
  return { facts: Object.fromEntries(spreads) };
}

function clientsOf(outcomes: readonly Outcome[]): Pick<Figure, "clients"> {
  const samples = outcomes.flatMap((outcome) => outcome.samples ?? []);
  const clients = (["pub", "sub"] as const).flatMap((role) => {
    const own = samples.filter((sample) => sample.role === role);
    return own.length === 0 ? [] : [ratesOf(role, own, own.length / outcomes.length)];
  });
  return clients.length === 0 ? {} : { clients };
}

/** Least, average, most and standard deviation of what the connections did in a second. */
export function ratesOf(role: Rates["role"], samples: readonly ClientSample[], connections: number): Rates {
  const rates = samples.map(({ messages, ms }) => (messages * 1_000) / Math.max(ms, 0.001));
  const average = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const squares = rates.reduce((sum, rate) => sum + (rate - average) ** 2, 0);
  const { least, most } = spreadOf(rates);
  return { role, connections, least, average, most, deviation: Math.sqrt(squares / rates.length) };
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

/** How many times the CPU time of the floor of the same work; `undefined` without one. */
export function overFloor(figures: readonly Figure[], figure: Figure): number | undefined {
  const floor = figures.find((other) => other.floor === true && other.work === figure.work);
  return floor === undefined || floor === figure ? undefined : figure.cpuNs.median / floor.cpuNs.median;
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
