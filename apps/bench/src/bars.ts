// What the figures are held against: each bar says what it wants and finds its figure in the results. No measuring here, and no
// rounding in our favour: a bar is met by the figure itself.

import type { Figure } from "./measure.js";
import type { Result } from "./result.js";

/** One bar. */
export interface Bar {
  readonly work: string;
  readonly bar: string;
  /** Its figure, `undefined` when the results do not have it. */
  readonly find: (results: Finder) => number | undefined;
  readonly most?: number;
  readonly least?: number;
  readonly unit: string;
}

/** A bar beside its figure. */
export interface BarResult {
  readonly work: string;
  readonly bar: string;
  readonly figure: string;
  readonly met: boolean | undefined;
}

/** Looks figures up by scenario, work and who. */
export type Finder = (scenario: string, work: string, who: string) => Figure | undefined;

export function judge(bar: Bar, results: readonly Result[]): BarResult {
  const find: Finder = (scenario, work, who) =>
    results
      .find((result) => result.scenario === scenario)
      ?.figures.find((figure) => figure.work === work && figure.who === who);
  const { work, bar: words, most, least, unit } = bar;
  const value = bar.find(find);
  if (value === undefined || Number.isNaN(value)) return { work, bar: words, figure: "", met: undefined };
  const met = (most === undefined || value <= most) && (least === undefined || value >= least);
  return { work, bar: words, figure: `${value.toFixed(value < 10 ? 2 : 0)}${unit}`, met };
}

const OURS = "myelin";
const PEER = "nats.js";

function ratio(
  scenario: string,
  work: string,
  of: (figure: Figure) => number | undefined,
  other: string,
  otherWork: string = work,
): Bar["find"] {
  return (find) => {
    const [ours, theirs] = [find(scenario, work, OURS), find(scenario, otherWork, other)].map(
      (figure) => figure && of(figure),
    );
    return ours === undefined || theirs === undefined ? undefined : ours / theirs;
  };
}

function own(scenario: string, work: string, of: (figure: Figure) => number | undefined): Bar["find"] {
  return (find) => {
    const figure = find(scenario, work, OURS);
    return figure && of(figure);
  };
}

const toFloor = (scenario: string, work: string, most: number, floor: string, label = work): Bar => ({
  work: label,
  bar: `CPU ≤ ${most.toFixed(2)} × ${floor}`,
  find: ratio(scenario, work, ({ cpuNs }) => cpuNs.median, floor),
  most,
  unit: " ×",
});

const toPeer = (scenario: string, work: string, most: number, label = work): Bar =>
  toFloor(scenario, work, most, PEER, label);

const FRAMING = "bare socket that frames";
const BARE = "bare socket, encoded beforehand";
const sizes = ["16 B", "128 B"];
const large = ["64 KiB", "1 MiB"];

/** A bare socket waits when it is full: so does who heeds the client, and nobody else can be as quick. */
const heeding = (size: string, floor: string): Bar => ({
  work: `PUB ${size}, heeding the client`,
  bar: `CPU ≤ 1.25 × ${floor}`,
  find: ratio("large", `PUB ${size}, heeding the client`, ({ cpuNs }) => cpuNs.median, floor, `PUB ${size}`),
  most: 1.25,
  unit: " ×",
});

/** Growth of the cost of a message from one subscription to 200 000. */
function growth(spread: boolean): Bar {
  const work = (count: string): string => `MSG 128 B, ${count}`;
  const grown = spread ? "200,000 subscriptions, to each in turn" : "one of 200,000 subscriptions";
  return {
    work: `cost of a message from 1 to 200,000 subscriptions, ${spread ? "to each in turn" : "to one of them"}`,
    bar: "≤ 1.25 ×",
    find: (find) => {
      const [few, many] = ["one of 1 subscription", grown].map((count) => find("subscriptions", work(count), OURS));
      return few === undefined || many === undefined ? undefined : many.cpuNs.median / few.cpuNs.median;
    },
    most: 1.25,
    unit: " ×",
  };
}

export const bars: readonly Bar[] = [
  ...sizes.map((size) => toPeer("publish", `PUB ${size}`, 0.17)),
  ...sizes.map((size) => toPeer("subscribe", `MSG ${size}, counted`, 0.2, `MSG ${size}, callback`)),
  toPeer("iterator", "MSG 128 B, iterated", 0.2),
  toPeer("headers", "HMSG 128 B, 5,000 subjects, subject and header read", 0.35),
  toPeer("request", "request 128 B, 256 in flight", 0.4),
  {
    work: "request 128 B, 256 in flight",
    bar: "throughput ≥ 2 × nats.js",
    find: ratio("request", "request 128 B, 256 in flight", ({ perSecond }) => perSecond, PEER),
    least: 2,
    unit: " ×",
  },
  {
    work: "request 128 B, one at a time",
    bar: "p50 ≤ 0.90 × nats.js",
    find: ratio("request", "request 128 B, one at a time", ({ latency }) => latency?.p50, PEER),
    most: 0.9,
    unit: " ×",
  },
  {
    work: "request 128 B, one at a time",
    bar: "p50 ≤ 1.15 × bare socket echo",
    find: ratio("request", "request 128 B, one at a time", ({ latency }) => latency?.p50, BARE),
    most: 1.15,
    unit: " ×",
  },
  {
    work: "peak memory, 2 million × 128 B at the client's own pace",
    bar: "≤ 120 MB",
    find: own("pressure", "PUB 128 B, heeding the client", ({ peakRss }) => peakRss / 1e6),
    most: 120,
    unit: " MB",
  },
  ...large.flatMap((size) => [FRAMING, BARE].map((floor) => heeding(size, floor))),
  ...large.flatMap((size) =>
    (
      [
        ["large", `PUB ${size}`],
        ["large", `MSG ${size}, counted`],
      ] as const
    ).flatMap(([scenario, work]) => [
      toPeer(scenario, work, 1),
      toFloor(scenario, work, 1.25, FRAMING),
      toFloor(scenario, work, 1.25, BARE),
    ]),
  ),
  ...sizes.flatMap((size) => [
    toFloor("publish", `PUB ${size}`, 1.5, FRAMING),
    toFloor("publish", `PUB ${size}`, 1.5, BARE),
    toFloor("subscribe", `MSG ${size}, counted`, 1.5, FRAMING, `MSG ${size}, callback`),
    toFloor("subscribe", `MSG ${size}, counted`, 1.5, BARE, `MSG ${size}, callback`),
  ]),
  {
    work: "one inbound chunk holds the event loop, 16 B messages",
    bar: "p99.9 ≤ 10 ms",
    find: own("loop", "MSG 16 B, subject and data read", ({ latency }) => latency && latency.p999 / 1e6),
    most: 10,
    unit: " ms",
  },
  growth(false),
  growth(true),
  {
    work: "replay of 200,000 subscriptions",
    bar: "< 2 s",
    find: own("replay", "200,000 subscriptions", ({ facts }) => {
      const ms = facts?.["replay, ms"]?.median;
      return ms === undefined ? undefined : ms / 1_000;
    }),
    most: 2,
    unit: " s",
  },
  {
    work: "largest single write of a replay of 200,000 subscriptions",
    bar: "≤ 1 MB",
    find: own("replay", "200,000 subscriptions", ({ facts }) => {
      const kib = facts?.["largest write, KiB"]?.most;
      return kib === undefined ? undefined : (kib * 1_024) / 1e6;
    }),
    most: 1,
    unit: " MB",
  },
  ...["PUB 128 B through a server", "MSG 128 B through a server"].map((work) => ({
    work,
    bar: "throughput ≥ nats.go",
    find: ratio("peers", work, ({ perSecond }) => perSecond, "nats.go"),
    least: 1,
    unit: " ×",
  })),
];
