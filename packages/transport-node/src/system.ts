// The runtime's own delay and chance, as the arguments the rest of this package takes. The only place here that touches
// the global timers or generator; nothing else of the clock is needed, because a transport never reports a time-out.

import type { Clock, Random } from "@myelin/contracts";

/** The one method of {@link Clock} a transport needs: the stagger between attempts, and the wait for a silent peer's end. */
export type Delay = Pick<Clock, "after">;

export const systemDelay: Delay = {
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Orders addresses; nothing that must not be guessed depends on it. */
export const systemRandom: Random = () => Math.random();
