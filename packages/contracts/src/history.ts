// One entry of what a connection remembers of its control traffic, as errors that end it carry it. Words only; what is remembered, and
// for how long, is decided by @myelin/client.

/**
 * A control operation or another step of a connection: a dial, INFO, CONNECT, SUB, PING, -ERR, the end of a link. Never a message, and
 * nothing secret: of credentials it tells which kinds were sent.
 */
export interface HistoryEntry {
  /** When it happened, in milliseconds since the Unix epoch; of a run, when the first one did. */
  readonly at: number;
  /** When the last one of the run happened. */
  readonly until: number;
  /** How many of them there were in a row: SUB, UNSUB, PING, PONG and the same -ERR make runs, whose first one is told. */
  readonly count: number;
  /** Number of the attempt it belongs to, from 1; `undefined` on a link and between links. */
  readonly attempt: number | undefined;
  /** Number of the link it belongs to, from 1; `undefined` before there is one and between links. */
  readonly epoch: number | undefined;
  /** `host:port`; empty for what belongs to no server. */
  readonly server: string;
  /** From the server, to the server, or of our own. */
  readonly direction: "in" | "out" | "own";
  /** What it was, 300 characters at most. */
  readonly text: string;
  /** All of it in one line: `2026-11-25T10:00:00.000Z a:4222 link 1 > SUB orders 1 (3 of them until …)`. */
  toString(): string;
}
