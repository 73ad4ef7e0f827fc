// The runtime's own clock and chance: the only place of this package that touches them.

import type { Clock, Random } from "@myelin/contracts";

/** Monotonic time, timers, and the end of a turn as a microtask. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), 0x7fffffff));
    return () => clearTimeout(timer);
  },
  endOfTurn: (run) => queueMicrotask(run),
};

/** `Math.random`, as the injectable {@link Random}. */
export const systemRandom: Random = () => Math.random();
