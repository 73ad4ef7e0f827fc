// Small helpers about time and promises that nats.js exports and its programs use. Nothing here is about NATS, and nothing else
// in this package uses it.

import type { Clock } from "@myelin/contracts";
import { bounded } from "../bounded.js";
import { systemClock } from "../system-clock.js";

/** A promise with its ends in hand. */
export interface Deferred<T> extends Promise<T> {
  /** Resolves the promise; without effect once it has settled. */
  resolve: (value?: T | PromiseLike<T>) => void;
  /** Rejects the promise; without effect once it has settled. */
  // biome-ignore lint/suspicious/noExplicitAny: the type of nats.js
  reject: (reason?: any) => void;
}

/** A promise to be settled by whoever holds it. A rejection nobody handles is unhandled, as of any promise. */
export function deferred<T = void>(): Deferred<T> {
  let settle: Pick<Deferred<T>, "resolve" | "reject"> = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve: resolve as Deferred<T>["resolve"], reject };
  });
  return Object.assign(promise, settle);
}

/** A pause that can be cut short. */
export interface Delay extends Promise<void> {
  /** Ends the wait at once: the promise resolves. */
  cancel: () => void;
}

/** Resolves after `ms` milliseconds (default 0), or when cancelled. */
export function delay(ms = 0, clock: Clock = systemClock()): Delay {
  let cancel: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    const stop = clock.after(ms, resolve);
    cancel = () => {
      stop();
      resolve();
    };
  });
  return Object.assign(promise, { cancel });
}

/** `work`, or a rejection with TimeoutError after `millis` milliseconds (default 1 000). */
export function deadline<T>(work: Promise<T>, millis = 1_000, clock: Clock = systemClock()): Promise<T> {
  return bounded(work, { timeout: millis }, "the promise", clock);
}
