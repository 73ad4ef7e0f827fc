// The runtime's own time as a Clock, for what runs over real sockets. Virtual time is in virtual-clock.ts.

import type { Clock } from "@myelin/contracts";

/** Real time; its timers do not keep the process alive. */
export const realClock: Clock = Object.freeze({
  now: () => performance.now(),
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  wallTime: () => Date.now(),
  endOfTurn: (run: () => void) => void setImmediate(run),
});
