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
    const running = new Map<number, () => void>();
    const errors = new Map<number, TransportError>();
    let next = 0;
    let stopWaiting = (): void => {};

    const stopAll = (): void => {
      stopWaiting();
      for (const cancel of running.values()) cancel();
      running.clear();
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
        if (running.size === 0) {
          stopAll();
          reject(allFailed([...errors].sort(([a], [b]) => a - b).map(([, error]) => error)));
        }
        return;
      }
      const won = (winner: W): void => {
        running.delete(index);
        stopAll();
        resolve(winner);
      };
      const failed = (error: TransportError): void => {
        running.delete(index);
        errors.set(index, error);
        startNext();
      };
      running.set(index, attempt(candidate, won, failed));
      if (next < candidates.length) stopWaiting = delay.after(stagger, startNext);
    };

    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", aborted);
    startNext();
  });
}
