// The two ways the launcher of real servers fails. Nothing here retries or formats logs.

import { NatsError } from "@myelin/contracts";

/** One step of the search for a server, and why it did not produce one. */
export interface FailedSource {
  /** Which step. */
  readonly source: string;
  /** What it found instead, as a sentence. */
  readonly why: string;
}

/** No step of `findServer` produced a usable nats-server; the message says what to install. */
export class ServerNotFoundError extends NatsError {
  readonly code: string = "SERVER_NOT_FOUND";

  constructor(
    /** What was looked for, in words. */
    readonly wanted: string,
    /** Every step, in order. */
    readonly tried: readonly FailedSource[],
  ) {
    const reasons = tried.map(({ source, why }) => `${source}: ${why}`).join("; ");
    super(`No ${wanted} found: install one on PATH, or name one in NATS_SERVER (or NATS_SERVER_OLD). Tried ${reasons}`);
  }
}

/** A nats-server did not start, did not become ready, or did not do what a signal asked of it. */
export class ServerLaunchError extends NatsError {
  readonly code: string = "SERVER_LAUNCH_FAILED";

  /**
   * @param problem what happened, without the log
   * @param log the server's last lines, also appended to the message
   */
  constructor(
    problem: string,
    readonly log: readonly string[],
    options?: ErrorOptions,
  ) {
    super(log.length === 0 ? problem : `${problem}\n  ${log.slice(-15).join("\n  ")}`, options);
  }
}
