// One message at a time, when the caller asks, from anything that can be iterated.

import type { Clock } from "@myelin/contracts";
import { type Bounds, bounded, checkedBounds } from "../bounded.js";
import { observed } from "../deferred.js";
import { systemClock } from "../system-clock.js";

/** Pulls one by one; see {@link syncIterator}. */
export interface SyncIterator<T> {
  /**
   * The next one, or `null` at the end. Within `timeout` milliseconds if given, else TimeoutError; nothing is lost then, the
   * next call gets it. For one caller at a time.
   */
  next(bounds?: Bounds): Promise<T | null>;
}

/** Turns a subscription, or any iterable, around: instead of a loop, `next()` whenever one is wanted. */
export function syncIterator<T>(source: AsyncIterable<T>, clock: Clock = systemClock()): SyncIterator<T> {
  const iterator = source[Symbol.asyncIterator]();
  // Asked for and not yet given to a caller whose bounds had passed.
  let pending: Promise<IteratorResult<T>> | undefined;
  return {
    next(given: Bounds = {}): Promise<T | null> {
      return observed(async () => {
        const bounds = checkedBounds(given, "next()");
        pending ??= iterator.next();
        // A rejection nobody waits for any more is given to the next call.
        pending.catch(() => {});
        const asked = pending;
        const { done, value } = await bounded(asked, bounds, "next()", clock);
        if (pending === asked) pending = undefined;
        return done === true ? null : value;
      });
    },
  };
}
