// When a server is trusted enough that a working connection is moved to it: the hysteresis of every strategy that moves.

import { milliseconds } from "./backoff.js";
import { defaults } from "./defaults.js";
import type { ServerView } from "./server.js";

/** Part of the options of strategies that move a connection. */
export interface SettleOptions {
  /**
   * Milliseconds for which a server must not have failed or been lost before a connection is moved to it; doubles with every
   * failure in a row, 32 times at most. Default 30 000.
   */
  readonly settle?: number | undefined;
}

/** Returns the wait in milliseconds, or throws InvalidArgumentError. */
export function settleOf(options: SettleOptions): number {
  return milliseconds("settle", options.settle ?? defaults.settle);
}

/**
 * True when nothing has spoken against a server for long enough. Nobody is sent to look: the dial is the probe, it costs
 * nothing while the old connection is up, and its failure doubles the wait.
 */
export function isSettled(server: ServerView, now: number, settle: number): boolean {
  const { lastFailure, consecutiveFailures } = server;
  if (lastFailure === undefined) return true;
  return now - lastFailure.at >= settle * 2 ** Math.min(5, Math.max(0, consecutiveFailures - 1));
}
