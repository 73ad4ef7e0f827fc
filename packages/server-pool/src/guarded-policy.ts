// Calling a strategy or backoff that somebody else wrote: whatever it does, the pool gets a usable answer and the default
// takes over for that one call. Source: decision D13.

import type { Random } from "@myelin/contracts";
import { type Backoff, exponentialBackoff } from "./backoff.js";
import { PolicyError } from "./errors.js";
import type { PaceContext } from "./pace.js";
import type { ServerFailure, ServerView } from "./server.js";
import { random as defaultStrategy, type Strategy, type StrategyContext } from "./strategy.js";

const DEFAULT_BACKOFF = exponentialBackoff();

/** A policy that answers a promise has answered nonsense; its rejection must not end the process on top of that. */
export function owned<T>(answer: T): T {
  if (answer instanceof Promise) answer.catch(() => {});
  return answer;
}

/** Id of the server the strategy ranks first, or the default strategy in its place; `undefined` without candidates. */
export function firstRanked(
  strategy: Strategy,
  candidates: readonly ServerView[],
  context: StrategyContext,
  report: (error: PolicyError) => void,
): number | undefined {
  try {
    const ranked = owned(strategy.rank(candidates, context));
    const known = new Set(candidates.map((server) => server.id));
    if (ranked.length > 0 && ranked.every((server) => known.has(server.id))) return ranked[0]?.id;
    report(new PolicyError("strategy", `"${strategy.name}" named no server or an unknown one; the default decided`));
  } catch (cause) {
    report(new PolicyError("strategy", `"${strategy.name}" threw; the default decided`, { cause }));
  }
  return defaultStrategy.rank(candidates, context)[0]?.id;
}

/** The server the strategy would move to, or `undefined` in place of a wrong answer: to stay is always right. */
export function betterOne(
  strategy: Strategy,
  current: ServerView,
  servers: readonly ServerView[],
  context: StrategyContext,
  report: (error: PolicyError) => void,
): number | undefined {
  try {
    const better = strategy.better?.(current, servers, context);
    if (better === undefined || better.id === current.id) return undefined;
    if (servers.some((server) => server.id === better.id)) return better.id;
    report(new PolicyError("strategy", `"${strategy.name}" would move to an unknown server; the connection stays`));
  } catch (cause) {
    report(new PolicyError("strategy", `"${strategy.name}" threw; the connection stays`, { cause }));
  }
  return undefined;
}

/** Whether the strategy lets load move between the two; no, in place of a wrong answer. */
export function areInterchangeable(
  strategy: Strategy,
  a: ServerView,
  b: ServerView,
  report: (error: PolicyError) => void,
): boolean {
  try {
    return strategy.interchangeable?.(a, b) === true;
  } catch (cause) {
    report(new PolicyError("strategy", `"${strategy.name}" threw; the connection stays`, { cause }));
    return false;
  }
}

/** The backoff's wait of the whole pool, or the default one in its place: finite, 0 or more. */
export function safePace(backoff: Backoff, context: PaceContext, report: (error: PolicyError) => void): number {
  try {
    const pace = backoff.pace?.(context) ?? 0;
    if (Number.isFinite(pace) && pace >= 0) return pace;
    report(new PolicyError("backoff", `paced by ${String(pace)}, which is no time to wait; the default decided`));
  } catch (cause) {
    report(new PolicyError("backoff", "threw; the default decided", { cause }));
  }
  return DEFAULT_BACKOFF.pace?.(context) ?? 0;
}

/** The backoff's delay, or the default one in its place: finite, 0 or more. */
export function safeDelay(
  backoff: Backoff,
  consecutiveFailures: number,
  failure: ServerFailure,
  random: Random,
  report: (error: PolicyError) => void,
): number {
  try {
    const delay = owned(backoff.delay(consecutiveFailures, failure, random));
    if (Number.isFinite(delay) && delay >= 0) return delay;
    report(new PolicyError("backoff", `answered ${String(delay)}, which is no time to wait; the default decided`));
  } catch (cause) {
    report(new PolicyError("backoff", "threw; the default decided", { cause }));
  }
  return DEFAULT_BACKOFF.delay(consecutiveFailures, failure, random);
}
