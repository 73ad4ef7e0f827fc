// What a strategy is, and the two plain ones; zones, latency and fail-back have files of their own. A strategy is a pure object over a snapshot; the pool decides
// beforehand who may be dialled at all (waits, rounds, demotions), so no strategy can starve a server or hammer one.

import type { Random } from "@myelin/contracts";
import { defaults } from "./defaults.js";
import type { ServerView } from "./server.js";

/** What a strategy may use besides the servers. */
export interface StrategyContext {
  /** Milliseconds on the caller's clock. */
  readonly now: number;
  /** The only chance a strategy may use, so that decisions replay. */
  readonly random: Random;
}

/**
 * Ranks servers that are equally entitled to the next dial. Must not keep state, time or chance of its own.
 *
 * A strategy that throws, or answers anything but servers it was given, is reported through `pool.takeIncidents()` and the
 * `random` one answers in its place.
 */
export interface Strategy {
  /** Shown in reasons and reports. */
  readonly name: string;
  /**
   * Returns the candidates best first: a permutation, or at least one of them; those left out rank last. The candidates are
   * in pool order: seeds as listed, then advertised servers as learned.
   */
  rank(candidates: readonly ServerView[], context: StrategyContext): readonly ServerView[];
  /**
   * While connected, asked about once a minute: a server worth moving to, or `undefined` to stay. Absent = always stay.
   *
   * @param servers the current one and those that may be dialled now, in pool order (the current one last
   * when it left the list); no lame duck, none known to be gone
   */
  better?(current: ServerView, servers: readonly ServerView[], context: StrategyContext): ServerView | undefined;
  /** Whether load may be moved from one to the other when `rebalance` is on. Absent = never. */
  interchangeable?(a: ServerView, b: ServerView): boolean;
}

/** Servers in uniformly random order; a new array. */
export function shuffled(servers: readonly ServerView[], random: Random): ServerView[] {
  const result = [...servers];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [result[i], result[j]];
    if (a === undefined || b === undefined) continue;
    result[i] = b;
    result[j] = a;
  }
  return result;
}

/**
 * Failures in a row, as far as they are recent. A server nobody dials cannot clear its name: without an end to the memory,
 * every client that once failed on a server would avoid it until all others fail too, and the load would never even out.
 */
export function recentFailures(server: ServerView, now: number): number {
  const { lastFailure, consecutiveFailures } = server;
  return lastFailure === undefined || now - lastFailure.at > defaults.failureMemory ? 0 : consecutiveFailures;
}

/**
 * Default: fewest recent failures in a row first, uniformly random among equals, shuffled anew at every decision.
 *
 * One shuffle for the life of a pool would not do: clients that all came from the same lost server share a part of their
 * order, and the next loss would send two thirds of them to one server.
 */
export const random: Strategy = Object.freeze({
  name: "random",
  rank(candidates: readonly ServerView[], context: StrategyContext): readonly ServerView[] {
    return shuffled(candidates, context.random).sort(
      (a, b) => recentFailures(a, context.now) - recentFailures(b, context.now),
    );
  },
  interchangeable: () => true,
});

/** The order of the list is an order of preference, at the first connect and after every loss. Stays where it is. */
export const ordered: Strategy = Object.freeze({
  name: "ordered",
  rank(candidates: readonly ServerView[]): readonly ServerView[] {
    return candidates;
  },
});
