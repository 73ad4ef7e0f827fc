// What a scenario is: work, contestants, and what a reader must know to trust the figures. It measures nothing itself.

import type { Job, Link, PublishWork, ReceiveWork, Work } from "../job.js";
import type { Line } from "../measure.js";

/** What the command line may set. */
export interface Amounts {
  /** Messages of a round, exactly; of each line unless the scenario says otherwise. */
  readonly messages: number;
  /** Bytes of a payload, in place of the scenario's own sizes. */
  readonly size?: number | undefined;
  /** Connections that publish, of a scenario with several. */
  readonly clients?: number | undefined;
  /** Connections that subscribe, of a scenario with several. */
  readonly subscribers?: number | undefined;
  /** Subscriptions of a connection, of the scenario with many. */
  readonly subscriptions?: number | undefined;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Sentences for the report: what is compared with what, and what is in the figure. */
  readonly about: string;
  /** Messages of a round when the command line says nothing. */
  readonly messages: number;
  /** Messages of a round of `bench docs`, which has minutes for everything. */
  readonly documented: number;
  lines(amounts: Amounts): Line[];
}

/** Payload sizes in bytes of most scenarios. */
const SIZES: readonly number[] = [16, 128];

export function sizesOf({ size }: Amounts, sizes: readonly number[] = SIZES): readonly number[] {
  return size === undefined ? sizes : [size];
}

/** Everybody's name in the report. */
export const WHO: Readonly<Record<Job["contestant"], string>> = {
  "myelin-codec": "myelin, codec alone",
  "nats-js-codec": "nats.js, codec alone",
  "myelin-client": "myelin",
  "nats-js-client": "nats.js",
  "bare-socket": "bare socket, encoded beforehand",
  "framing-socket": "bare socket that frames",
  "nats-go": "nats.go",
  "async-nats": "async-nats",
  "nats-py": "nats-py",
};

export const CLIENTS = ["myelin-client", "nats-js-client"] as const;

/** "16 B", "64 KiB", "1 MiB". */
export function bytesOf(size: number): string {
  if (size >= 2 ** 20 && size % 2 ** 20 === 0) return `${size / 2 ** 20} MiB`;
  return size >= 1_024 && size % 1_024 === 0 ? `${size / 1_024} KiB` : `${size} B`;
}

/** The fields a scenario changes. */
interface Changes<W> {
  readonly work?: Partial<Omit<W, "kind" | "size" | "messages">>;
  readonly words?: string;
  readonly link?: Link;
  readonly floor?: boolean;
  readonly warmUp?: number;
}

/** A line of receiving; warmed up first. */
export function receiving(
  contestant: Job["contestant"],
  messages: number,
  size: number,
  { words, ...changes }: Changes<ReceiveWork> = {},
): Line {
  const work: ReceiveWork = { kind: "receive", size, messages, read: "nothing", freshChunks: false, ...changes.work };
  const what = work.read === "nothing" ? "counted" : `${work.read.replace("+", " and ")} read`;
  return line(contestant, work, `MSG ${bytesOf(size)}${words ?? `, ${what}`}`, changes);
}

/** A line of publishing; warmed up first. */
export function publishing(
  contestant: Job["contestant"],
  messages: number,
  size: number,
  { words = "", ...changes }: Changes<PublishWork> = {},
): Line {
  const work: PublishWork = { kind: "publish", size, messages, ...changes.work };
  return line(contestant, work, `PUB ${bytesOf(size)}${words}`, changes);
}

/** Any line. */
export function line(
  contestant: Job["contestant"],
  work: Work,
  words: string,
  { link = "tcp", floor = false, warmUp = warmUpOf(work.messages) }: Omit<Changes<Work>, "work"> = {},
): Line {
  return {
    work: words,
    who: WHO[contestant],
    reference: contestant.startsWith("nats-js"),
    ...(floor ? { floor } : {}),
    link,
    job: { contestant, work, steps: 1, warmUp },
  };
}

// A fifth of the work, and long enough for the compiler to have made up its mind where the work itself is.
function warmUpOf(messages: number): number {
  return Math.max(Math.min(200_000, messages), Math.ceil(messages / 5));
}
