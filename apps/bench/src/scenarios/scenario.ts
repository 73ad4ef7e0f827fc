// What a scenario is: work, contestants, and what a reader must know to trust the figures. It measures nothing itself.

import type { ContestantName, PublishWork, Read, ReceiveWork } from "../job.js";
import type { Line } from "../measure.js";

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Sentences for the report: what is compared with what, and what is in the figure. */
  readonly about: string;
  /** Messages of a round when the command line says nothing. */
  readonly messages: number;
  lines(messages: number): Line[];
}

/** Payload sizes in bytes that every scenario has. */
export const SIZES: readonly number[] = [16, 128];

/** Everybody's name in the report. */
export const WHO: Readonly<Record<ContestantName, string>> = {
  "myelin-codec": "myelin, codec alone",
  "nats-js-codec": "nats.js, codec alone",
  "myelin-client": "myelin",
  "nats-js-client": "nats.js",
  "bare-socket": "bare socket (floor)",
};

/** A line of receiving; warmed up first. */
export function receiving(contestant: ContestantName, messages: number, size: number, read: Read): Line {
  const work: ReceiveWork = { kind: "receive", size, messages, read, freshChunks: false };
  const what = read === "nothing" ? "counted" : `${read.replace("+", " and ")} read`;
  return line(contestant, work, `MSG ${size} B, ${what}`);
}

/** A line of publishing; warmed up first. */
export function publishing(contestant: ContestantName, messages: number, size: number): Line {
  return line(contestant, { kind: "publish", size, messages }, `PUB ${size} B`);
}

function line(contestant: ContestantName, work: ReceiveWork | PublishWork, words: string): Line {
  // A fifth of the work, and in any case long enough for the compiler to have made up its mind.
  const warmUp = Math.max(200_000, Math.ceil(work.messages / 5));
  return {
    work: words,
    who: WHO[contestant],
    reference: contestant.startsWith("nats-js"),
    job: { contestant, work, steps: 1, warmUp },
  };
}
