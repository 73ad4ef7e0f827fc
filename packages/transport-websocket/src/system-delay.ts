// The runtime's own delay, as the argument the rest of this package takes: the only place here that touches a timer.

import type { Clock } from "@myelin/contracts";

/** The one method of {@link Clock} a WebSocket needs: nothing tells it when the backlog is gone, so it must look again. */
export type Delay = Pick<Clock, "after">;

export const systemDelay: Delay = {
  after(ms: number, run: () => void): () => void {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
