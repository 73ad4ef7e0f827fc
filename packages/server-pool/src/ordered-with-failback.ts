// The list as an order of preference that is also followed while connected.

import type { ServerView } from "./server.js";
import { isSettled, type SettleOptions, settleOf } from "./settled.js";
import { ordered, type Strategy, type StrategyContext } from "./strategy.js";

/**
 * As `ordered`, and moves back to the first server of the list that has been in peace for `settle`. Only configured servers
 * are preferred to others: advertised ones stand in the order they were learned in, which means nothing.
 *
 * @throws InvalidArgumentError for a wait that is none.
 */
export function orderedWithFailback(options: SettleOptions = {}): Strategy {
  const settle = settleOf(options);
  return Object.freeze({
    name: "ordered with fail-back",
    rank: ordered.rank,
    better(current: ServerView, servers: readonly ServerView[], { now }: StrategyContext): ServerView | undefined {
      const place = servers.findIndex((server) => server.id === current.id);
      return servers.slice(0, place).find((server) => server.origin === "seed" && isSettled(server, now, settle));
    },
  });
}
