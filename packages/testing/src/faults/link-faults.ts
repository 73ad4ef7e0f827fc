// The faults of one link between a client and a server, in both directions, under the names used everywhere in this kit. The
// same words for all links of a server or of a proxy are in fault-control.ts.

import { type Clock, InvalidArgumentError } from "@myelin/contracts";
import { FaultLine, type LineEnd } from "./fault-line.js";

/** Which way the bytes go that a fault concerns. */
export type FaultDirection = "both" | "to-client" | "to-server";

/** What can be done to a link, or to all links of a server or a proxy. Every fault lasts until `heal`. */
export interface Faults {
  /** Every byte arrives so many milliseconds late. */
  delay(ms: number, direction?: FaultDirection): void;
  /** So many bytes a second. */
  throttle(bytesPerSecond: number, direction?: FaultDirection): void;
  /** Pieces of at most so many bytes, each in a turn of its own. */
  split(bytes: number, direction?: FaultDirection): void;
  /** Nothing arrives, nothing is lost: it comes after `heal`. */
  silence(direction?: FaultDirection): void;
  /** What follows after so many more bytes is lost; the stream stays open. */
  drop(afterBytes: number, direction?: FaultDirection): void;
  /** The stream ends after so many more bytes, in the midst of whatever they are. */
  truncate(afterBytes: number, direction?: FaultDirection): void;
  /** Ends the direction after what was sent; the other one stays open as far as the client lets it. Default: to the client. */
  halfClose(direction?: Exclude<FaultDirection, "both">): void;
  /** Sends bytes nobody sent. Default: to the client. */
  garbage(bytes: Uint8Array | string, direction?: Exclude<FaultDirection, "both">): void;
  /** Breaks it (RST), for both sides. */
  reset(): void;
  /** Ends every fault that can be ended. Lost bytes stay lost, broken links broken. */
  heal(): void;
}

/** The two ends of a link. */
export interface LinkEnds {
  readonly client: LineEnd;
  readonly server: LineEnd;
  /** Breaks the stream to the client, and to the server where that is another one. */
  reset(): void;
}

export class LinkFaults implements Faults {
  readonly toClient: FaultLine;
  readonly toServer: FaultLine;
  readonly #ends: LinkEnds;

  constructor(clock: Clock, ends: LinkEnds) {
    this.#ends = ends;
    this.toClient = new FaultLine(clock, ends.client);
    this.toServer = new FaultLine(clock, ends.server);
  }

  delay(ms: number, direction?: FaultDirection): void {
    checkCount("ms", ms, 0);
    for (const line of this.#lines(direction)) line.delay = ms;
  }

  throttle(bytesPerSecond: number, direction?: FaultDirection): void {
    checkCount("bytesPerSecond", bytesPerSecond, 1);
    for (const line of this.#lines(direction)) line.rate = bytesPerSecond;
  }

  split(bytes: number, direction?: FaultDirection): void {
    checkCount("bytes", bytes, 1);
    for (const line of this.#lines(direction)) line.pieces = bytes;
  }

  silence(direction?: FaultDirection): void {
    for (const line of this.#lines(direction)) line.hold(true);
  }

  drop(afterBytes: number, direction?: FaultDirection): void {
    checkCount("afterBytes", afterBytes, 0);
    for (const line of this.#lines(direction)) line.limit(afterBytes, "drop");
  }

  truncate(afterBytes: number, direction?: FaultDirection): void {
    checkCount("afterBytes", afterBytes, 0);
    for (const line of this.#lines(direction)) line.limit(afterBytes, "end");
  }

  halfClose(direction: Exclude<FaultDirection, "both"> = "to-client"): void {
    for (const line of this.#lines(direction)) line.end();
  }

  garbage(bytes: Uint8Array | string, direction: Exclude<FaultDirection, "both"> = "to-client"): void {
    const sent = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    for (const line of this.#lines(direction)) line.inject(sent);
  }

  reset(): void {
    this.destroy();
    this.#ends.reset();
  }

  heal(): void {
    this.toClient.heal();
    this.toServer.heal();
  }

  /** The link has gone: nothing waits any more. */
  destroy(): void {
    this.toClient.destroy();
    this.toServer.destroy();
  }

  #lines(direction: FaultDirection = "both"): FaultLine[] {
    if (direction === "both") return [this.toClient, this.toServer];
    if (direction === "to-client") return [this.toClient];
    if (direction === "to-server") return [this.toServer];
    throw new InvalidArgumentError("direction", 'is none of "both", "to-client", "to-server"');
  }
}

function checkCount(argument: string, value: number, least: number): void {
  if (!(typeof value === "number" && value >= least && Number.isFinite(value))) {
    throw new InvalidArgumentError(argument, `is not a number of at least ${least}`);
  }
}
