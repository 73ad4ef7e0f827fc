// Promises whose rejection never counts as unhandled, for nobody may be waiting for them, or not yet; and a wait with bounds.

import type { Clock } from "@myelin/contracts";
import { TimeoutError } from "./errors.js";

/** A promise and its resolvers; only the first of them has an effect. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  return { promise: observed(() => promise), resolve, reject };
}

/** What an async function promises, taken care of: the caller may await it late, or never. */
export function observed<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  promise.catch(() => {});
  return promise;
}

/** Bounds on one wait. */
export interface Bounds {
  /** Milliseconds until it rejects with TimeoutError. Default: none. */
  readonly timeout?: number | undefined;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Rejects `wait` when a bound is reached; no timer and no listener outlives it. */
export function bound<T>(wait: Deferred<T>, { signal, timeout }: Bounds, what: string, clock: Clock): Promise<T> {
  const cancel =
    timeout === undefined ? undefined : clock.after(timeout, () => wait.reject(new TimeoutError(what, timeout)));
  const abort = (): void => wait.reject(signal?.reason as Error);
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  const release = (): void => {
    cancel?.();
    signal?.removeEventListener("abort", abort);
  };
  wait.promise.then(release, release);
  return wait.promise;
}
