// The real clock and the real random source: the only place of this package that touches the runtime's timers.

import type { Clock, Random } from "@myelin/contracts";

interface ImmediateRuntime {
  readonly setImmediate?: (run: () => void) => unknown;
}

/**
 * Monotonic time and timers of the runtime. `endOfTurn` is `setImmediate` where it exists (Node, Deno, Bun): it runs right
 * after the I/O callbacks of the turn, so that everything written in a turn shares one write without waiting for a
 * timer. Elsewhere it is a microtask.
 */
export function systemClock(): Clock {
  const { setImmediate } = globalThis as ImmediateRuntime;
  return {
    now: () => performance.now(),
    wallTime: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, Math.min(Math.max(0, ms), 0x7fffffff));
      return () => clearTimeout(timer);
    },
    endOfTurn: setImmediate === undefined ? (run) => queueMicrotask(run) : (run) => void setImmediate(run),
  };
}

/** `Math.random`, as the injectable {@link Random}. */
export function systemRandom(): Random {
  return Math.random;
}
