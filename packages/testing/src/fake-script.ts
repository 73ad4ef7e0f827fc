// How a test bends the fake server: callbacks and settings, all optional. Nothing here runs by itself.

import type { ConnectOptions, ServerInfo } from "@myelin/protocol";
import type { FakeConnection } from "./fake-connection.js";
import type { ReceivedPub, ReceivedSub, ReceivedUnsub } from "./received-op.js";

/** From a callback: `"skip"` leaves out what the server would do by itself. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is a return type, and `() => connection.end()` must fit
export type Reaction = "skip" | void;

/** From `onPing`: `"silence"` = no PONG, as from a server that hangs. */
// biome-ignore lint/suspicious/noConfusingVoidType: as above
export type PingReaction = "pong" | "silence" | void;

/** What a fake server does differently from a plain one. */
export interface FakeScript {
  /** Fields of INFO over the defaults, also for each connection by its index; `undefined` from it = say nothing. */
  readonly info?: Partial<ServerInfo> | ((index: number) => Partial<ServerInfo> | undefined);
  /** A connection was accepted, before INFO is sent. */
  onAccept?(connection: FakeConnection): void;
  /** The client sent CONNECT. */
  onConnect?(connection: FakeConnection, options: ConnectOptions): Reaction;
  /** The client sent PING. */
  onPing?(connection: FakeConnection): PingReaction;
  /** The client subscribed. */
  onSub?(connection: FakeConnection, sub: ReceivedSub): Reaction;
  /** The client unsubscribed. */
  onUnsub?(connection: FakeConnection, unsub: ReceivedUnsub): Reaction;
  /** The client published. */
  onPub?(connection: FakeConnection, pub: ReceivedPub): Reaction;
  /** Milliseconds between PINGs to each client. Default: none. */
  readonly pingInterval?: number;
  /** Unanswered PINGs after which the client is stale. Default 2. */
  readonly pingMax?: number;
}
