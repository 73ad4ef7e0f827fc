// Fast servers first, by round-trip times somebody measured and told with `pool.measured`. Nothing is measured here.

import { InvalidArgumentError } from "@myelin/contracts";
import { milliseconds } from "./backoff.js";
import type { ServerView } from "./server.js";
import { isSettled, type SettleOptions, settleOf } from "./settled.js";
import { recentFailures, type Strategy, type StrategyContext, shuffled } from "./strategy.js";

/** Options of {@link latency}. */
export interface LatencyOptions extends SettleOptions {
  /** Round-trip times closer than this are equal, as a part of the smaller one. Default 0.3. */
  readonly band?: number | undefined;
  /** And so are those closer than this, in milliseconds: 1 ms and 2 ms is no reason to move. Default 5. */
  readonly floor?: number | undefined;
}

/**
 * Fewest recent failures first, then the servers within the band of the fastest, at random, then the others, fastest first. One
 * never measured ranks with the fastest, because it may be. Moves only to a server measured to be faster by more than the
 * band, so two alike never have a connection go to and fro.
 *
 * @throws InvalidArgumentError for a bound that is none.
 */
export function latency(options: LatencyOptions = {}): Strategy {
  const { band = 0.3, floor = 5 } = options;
  if (typeof band !== "number" || !Number.isFinite(band) || band < 0) {
    throw new InvalidArgumentError("band", `must be a number, 0 or more, not ${String(band)}`);
  }
  milliseconds("floor", floor);
  const settle = settleOf(options);
  const worth = (rtt: number): number => rtt + Math.max(floor, rtt * band);

  return Object.freeze({
    name: "latency",
    rank(candidates: readonly ServerView[], { now, random }: StrategyContext): readonly ServerView[] {
      const best = Math.min(...candidates.map((server) => server.rtt ?? Number.POSITIVE_INFINITY));
      const time = ({ rtt }: ServerView): number => (rtt === undefined || rtt <= worth(best) ? 0 : rtt);
      return shuffled(candidates, random).sort(
        (a, b) => recentFailures(a, now) - recentFailures(b, now) || time(a) - time(b),
      );
    },
    better(current: ServerView, servers: readonly ServerView[], { now }: StrategyContext): ServerView | undefined {
      const here = current.rtt;
      if (here === undefined) return undefined;
      let best: ServerView | undefined;
      for (const server of servers) {
        if (server.rtt === undefined || worth(server.rtt) >= here || !isSettled(server, now, settle)) continue;
        if (best?.rtt === undefined || server.rtt < best.rtt) best = server;
      }
      return best;
    },
  });
}
