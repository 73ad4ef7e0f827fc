// The first of several addresses to answer wins: staggered attempts, no socket left of the losers. Knows nothing of what an
// attempt is. Source: RFC 8305 §5 (Happy Eyeballs v2).

import type { TransportError } from "@myelin/contracts";
import type { Delay } from "./system.js";

/** One attempt. It calls exactly one of the two, never synchronously; after `cancel` neither, and it holds no resource. */
export type Attempt<C, W> = (
  candidate: C,
  won: (winner: W) => void,
  failed: (error: TransportError) => void,
) => () => void;

/**
 * Starts the candidates in order, the next one `stagger` ms after the last or as soon as one fails. Resolves with the first
 * winner and cancels all others. Rejects with `signal.reason`, or with what `allFailed` makes of the errors, in candidate order.
 */
export function race<C, W>(
  candidates: readonly C[],
  attempt: Attempt<C, W>,
  options: {
    readonly stagger: number;
    readonly delay: Delay;
    readonly signal: AbortSignal;
    readonly allFailed: (errors: readonly TransportError[]) => TransportError;
  },
): Promise<W> {
  const { stagger, delay, signal, allFailed } = options;
  return new Promise((resolve, reject) => {
    // Both by the candidate's place.
    const running: ((() => void) | undefined)[] = [];
    const errors: TransportError[] = [];
    let next = 0;
    let stopWaiting = (): void => {};

    const stopAll = (): void => {
      stopWaiting();
      for (const cancel of running.splice(0)) cancel?.();
      signal.removeEventListener("abort", aborted);
    };
    const aborted = (): void => {
      stopAll();
      reject(signal.reason);
    };
    const startNext = (): void => {
      stopWaiting();
      const index = next++;
      const candidate = candidates[index];
      if (candidate === undefined) {
        if (running.some((cancel) => cancel !== undefined)) return;
        stopAll();
        reject(allFailed(errors.filter((error) => error !== undefined)));
        return;
      }
      const won = (winner: W): void => {
        running[index] = undefined;
        stopAll();
        resolve(winner);
      };
      const failed = (error: TransportError): void => {
        running[index] = undefined;
        errors[index] = error;
        startNext();
      };
      running[index] = attempt(candidate, won, failed);
      if (next < candidates.length) stopWaiting = delay.after(stagger, startNext);
    };

    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", aborted);
    startNext();
  });
}
