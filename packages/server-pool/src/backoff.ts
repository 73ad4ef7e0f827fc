// How long a server that failed is left alone. Pure functions of the count, the failure and chance; nobody waits here.
// Source: decision D15; full jitter after "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).

import { InvalidArgumentError, type Random } from "@myelin/contracts";
import { defaults } from "./defaults.js";
import { type PaceContext, spreadPace } from "./pace.js";
import type { ServerFailure } from "./server.js";

/** Policy of the wait between a failed dial and the next dial of the same server. */
export interface Backoff {
  /**
   * Milliseconds from the failure to the next dial of this server.
   *
   * @param consecutiveFailures failures in a row of this server, 1 or more; those of before the pool was last woken are left out
   */
  delay(consecutiveFailures: number, failure: ServerFailure, random: Random): number;
  /**
   * Milliseconds from a failure to the next dial of any server, so that a fleet does not fall on the next server together.
   * Absent = 0: another server may be dialled at once. Not asked before every server has been dialled once.
   */
  pace?(context: PaceContext): number;
  /** Least milliseconds between two dials of one server, also when the first succeeded. Default 0. */
  readonly minSpacing?: number;
}

/** Bounds of {@link exponentialBackoff}, in milliseconds. */
export interface ExponentialBackoffOptions {
  /** Upper bound of the first wait. Default 500. */
  readonly base?: number | undefined;
  /** Upper bound of every wait. Default 30 000. */
  readonly cap?: number | undefined;
}

/**
 * Full jitter: uniform from 0 to `base`·2^(n-1), at most `cap`. After an authentication error the base counts four times.
 *
 * Its `pace`: after the first failure of an outage 0 to 6·`base`·((servers - 1) / 8)³, at most 6·`base`; from the second on 0 to 1.2·`base`
 * for each server, doubling up to half of `cap`, and one step ahead when a server sent us away. The file pace.ts has the arithmetic.
 *
 * @throws InvalidArgumentError for a negative or non-finite bound.
 */
export function exponentialBackoff(options: ExponentialBackoffOptions = {}): Backoff {
  const base = milliseconds("base", options.base ?? defaults.backoffBase);
  const cap = milliseconds("cap", options.cap ?? defaults.backoffCap);
  return Object.freeze({
    delay(consecutiveFailures: number, failure: ServerFailure, random: Random): number {
      const factor = failure.kind === "auth" ? defaults.authBackoffFactor : 1;
      return random() * Math.min(cap, base * factor * 2 ** (Math.max(1, consecutiveFailures) - 1));
    },
    pace: (context: PaceContext): number => spreadPace(base, cap, context),
  });
}

/**
 * `wait` plus a uniform 0 to `jitter`, whatever happened: the `reconnectTimeWait` and `reconnectJitter` of other clients.
 *
 * @throws InvalidArgumentError for a negative or non-finite time.
 */
export function fixedBackoff(options: { readonly wait: number; readonly jitter: number }): Backoff {
  const wait = milliseconds("wait", options.wait);
  const jitter = milliseconds("jitter", options.jitter);
  return Object.freeze({
    minSpacing: wait,
    delay(_consecutiveFailures: number, _failure: ServerFailure, random: Random): number {
      return wait + random() * jitter;
    },
  });
}

/** Returns a time in milliseconds, or throws InvalidArgumentError. */
export function milliseconds(argument: string, value: number): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError(argument, `must be a number of milliseconds, 0 or more, not ${String(value)}`);
  }
  return value;
}
