// Puts a time-out and a signal on a wait, leaving no timer and no listener behind. A fresh promise instead of Promise.race,
// which would hold every loser for as long as the longest-lived contender lives.

import type { Clock } from "@myelin/contracts";
import { abortSignal, nonNegative, type OptionNames, onlyKnown } from "./argument-checks.js";
import { TimeoutError } from "./errors.js";

/** Bounds on one wait. */
export interface Bounds {
  /** Milliseconds until it rejects with TimeoutError. Default: none. */
  readonly timeout?: number | undefined;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const BOUNDS: OptionNames<Bounds> = {
  timeout: true,
  signal: true,
};

/**
 * The bounds, read once and checked; to be called before anything is done that they are to bound.
 *
 * @param call as in "flush()"
 * @throws InvalidArgumentError, or the reason of a signal that is aborted already
 */
export function checkedBounds(bounds: Bounds, call: string): Bounds {
  onlyKnown(bounds, BOUNDS, call);
  const { timeout, signal } = bounds;
  if (timeout !== undefined) nonNegative("timeout", timeout, 0);
  abortSignal("signal", signal)?.throwIfAborted();
  return { timeout, signal };
}

/** `work` within `bounds`; what `work` does after the bound passed is ignored. */
export function bounded<T>(work: Promise<T>, bounds: Bounds, what: string, clock: Pick<Clock, "after">): Promise<T> {
  const { timeout, signal } = bounds;
  if (timeout === undefined && signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const cancel =
      timeout === undefined
        ? () => {}
        : clock.after(timeout, () => finish(() => reject(new TimeoutError(what, timeout))));
    const abort = (): void => finish(() => reject(signal?.reason as Error));
    const finish = (settle: () => void): void => {
      cancel();
      signal?.removeEventListener("abort", abort);
      settle();
    };
    signal?.addEventListener("abort", abort, { once: true });
    work.then(
      (value) => finish(() => resolve(value)),
      (error: Error) => finish(() => reject(error)),
    );
    if (signal?.aborted === true) abort();
  });
}
