// What one run is asked to do and what it answers: the words between the parent, which compares, and the fresh process in which
// one contestant does one piece of work. No measuring and no contestant lives here.

import type { Notes, RunNotes } from "./notes.js";

/** Who works in a Node process. Each name is a module of `contestants/`. */
export type ContestantName =
  | "myelin-codec"
  | "nats-js-codec"
  | "myelin-client"
  | "nats-js-client"
  | "bare-socket"
  | "framing-socket";

/** Clients of other languages, each a program of `peers/`. */
export type PeerName = "nats-go" | "async-nats" | "nats-py";

/** What a callback does with a message. */
export type Read = "nothing" | "subject+data" | "subject+header";

/** What a source sends: one frame, as many different subjects, the same with headers, or messages to as many subscriptions. */
export interface Shape {
  readonly kind: "plain" | "subjects" | "headers" | "sids";
  readonly count: number;
  /** Of "sids": the first of them, which follow one another. */
  readonly first?: number;
}

/** Receives: messages of `size` bytes arrive, each becomes an object, and is read. */
export interface ReceiveWork {
  readonly kind: "receive";
  readonly size: number;
  readonly messages: number;
  readonly read: Read;
  /** Codec only: every chunk is a fresh copy, as from a socket, so that its memory must be given back. */
  readonly freshChunks: boolean;
  /** Default: by callback. */
  readonly by?: "callback" | "iterator";
  /** Default: plain. */
  readonly shape?: Shape;
  /** Subscriptions of the connection, all that hear nothing included. Default 1. */
  readonly subscriptions?: number;
  /** Measure how long the event loop is held. */
  readonly watched?: boolean;
  /** From a publisher at the other side of a real server, not from a source. */
  readonly through?: boolean;
}

/** Publishes `messages` messages of `size` bytes, a thousand in a turn of the event loop. */
export interface PublishWork {
  readonly kind: "publish";
  readonly size: number;
  readonly messages: number;
  /** What holds the publisher back: a flush after every 50 000 (default), or what the client says of its backlog. */
  readonly pace?: "flush" | "signal";
  /** Different subjects, in turn. Default 1. */
  readonly subjects?: number;
  /** To a real server, not to a sink. */
  readonly through?: boolean;
}

/** Request and reply through a real server, both ends in this process. */
export interface RequestWork {
  readonly kind: "request";
  readonly size: number;
  readonly messages: number;
  readonly inFlight: number;
}

/** Publishers and subscribers, each with a connection of its own, through a real server; every subscriber hears all. */
export interface FanWork {
  readonly kind: "fan";
  readonly size: number;
  readonly messages: number;
  readonly publishers: number;
  readonly subscribers: number;
}

/** As many connections as `messages`, all at once, each with one round trip. */
export interface StormWork {
  readonly kind: "storm";
  readonly messages: number;
}

/** As many subscriptions as `messages`, made again by a reconnect. */
export interface ReplayWork {
  readonly kind: "replay";
  readonly messages: number;
}

export type Work = ReceiveWork | PublishWork | RequestWork | FanWork | StormWork | ReplayWork;

/** Where an endpoint listens on loopback, and how it is spoken to. */
export interface Target {
  readonly port: number;
  readonly link: Link;
  /** The authority of a TLS endpoint, PEM. */
  readonly ca?: string | undefined;
}

export type Link = "tcp" | "tls" | "websocket";

/** One run in one process. */
export interface Job {
  readonly contestant: ContestantName | PeerName;
  /** Done `steps` times and measured as a whole; memory is sampled between the steps. */
  readonly work: Work;
  readonly steps: number;
  /** Messages of the same work before the clock starts. */
  readonly warmUp: number;
  /** Port 0 for a contestant without a socket. */
  readonly target: Target;
}

/** Memory of the process between two steps, in bytes. */
export interface MemorySample {
  readonly messages: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
}

/** What a run measured. */
export interface Outcome extends Partial<RunNotes> {
  readonly messages: number;
  /** CPU time of the whole process (user and system, all threads: compiler and collector are paid for), in ns. */
  readonly cpuNs: number;
  /** Of it, system time. */
  readonly systemNs: number;
  readonly wallMs: number;
  /** Largest resident set of the process, start-up included, in bytes. */
  readonly peakRss: number;
  readonly memory: readonly MemorySample[];
}

/** One party in the comparison, connected and ready. */
export interface Contestant {
  /** Resolves when the last message was handled, and checks itself. Rejects for a kind of work it has no words for. */
  perform(work: Work, notes: Notes): Promise<void>;
  close(): Promise<void>;
}

/** What every module of `contestants/` exports as `open`. */
export type OpenContestant = (target: Target) => Promise<Contestant>;

/** Throws unless as much arrived as was sent. */
export function expectCount(what: string, actual: number, expected: number): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} instead of ${expected}; the run is void`);
}

/** For work a contestant has no words for. */
export function cannot(work: Work): Promise<never> {
  return Promise.reject(new Error(`work of the kind "${work.kind}" is not for this contestant`));
}
