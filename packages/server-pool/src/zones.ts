// Near servers first: zones, tiers and weights as data on URLs (`nats://host#zone=eu&tier=1&weight=2`) or as functions.

import { InvalidArgumentError } from "@myelin/contracts";
import type { ServerView } from "./server.js";
import { isSettled, type SettleOptions, settleOf } from "./settled.js";
import { recentFailures, type Strategy, type StrategyContext } from "./strategy.js";

/** Options of {@link zones}. */
export interface ZonesOptions extends SettleOptions {
  /** Zones, nearest first. A zone not named here, and a server without one, come after all that are. Default none. */
  readonly prefer?: readonly string[] | undefined;
  /** Zone of a server, also of an advertised one, whose URL has no label. Default: the label `zone`. */
  readonly zone?: ((server: ServerView) => string | undefined) | undefined;
  /**
   * Tier of a server, lower first; `undefined` = by its zone: the place in `prefer`, from 0. Default: the label `tier`.
   */
  readonly tier?: ((server: ServerView) => number | undefined) | undefined;
  /** Share of a server within its tier; 0 = after the others. Default: the label `weight`, else 1. */
  readonly weight?: ((server: ServerView) => number | undefined) | undefined;
  /** Move back to a nearer tier once a server there is settled. Default `true`. */
  readonly failback?: boolean | undefined;
}

/**
 * The nearest tier first; within a tier fewest recent failures in a row, then at random by weight. A server of a farther tier is
 * dialled when none of a nearer one may be: all have been tried in this round, or sit out a wait.
 *
 * @throws InvalidArgumentError for options that make no sense.
 */
export function zones(options: ZonesOptions = {}): Strategy {
  const { prefer = [], failback = true } = options;
  if (!Array.isArray(prefer) || prefer.some((zone) => typeof zone !== "string")) {
    throw new InvalidArgumentError("prefer", "must be an array of zone names, nearest first");
  }
  const settle = settleOf(options);
  const zoneOf = options.zone ?? ((server: ServerView) => server.labels["zone"]);
  const ownTier = options.tier ?? ((server: ServerView) => numberOf(server.labels["tier"]));
  const ownWeight = options.weight ?? ((server: ServerView) => numberOf(server.labels["weight"]));
  const places = new Map(prefer.map((zone, place) => [zone, place]));

  const tierOf = (server: ServerView): number => {
    const tier = ownTier(server);
    if (tier !== undefined) return tier;
    const zone = zoneOf(server);
    return (zone === undefined ? undefined : places.get(zone)) ?? prefer.length;
  };
  const weightOf = (server: ServerView): number => Math.max(0, ownWeight(server) ?? 1);

  const rank = (candidates: readonly ServerView[], { now, random }: StrategyContext): readonly ServerView[] =>
    candidates
      .map((server) => ({
        server,
        tier: tierOf(server),
        failures: recentFailures(server, now),
        // The smallest of exponential times with these rates is each one's with the probability of its weight.
        turn: -Math.log(1 - random()) / weightOf(server),
      }))
      .sort((a, b) => a.tier - b.tier || a.failures - b.failures || order(a.turn, b.turn))
      .map(({ server }) => server);

  return Object.freeze({
    name: "zones",
    rank,
    better(current: ServerView, servers: readonly ServerView[], context: StrategyContext): ServerView | undefined {
      if (!failback) return undefined;
      const here = tierOf(current);
      const nearer = servers.filter((one) => tierOf(one) < here && isSettled(one, context.now, settle));
      return rank(nearer, context)[0];
    },
    interchangeable: (a: ServerView, b: ServerView): boolean => tierOf(a) === tierOf(b),
  });
}

function numberOf(label: string | undefined): number | undefined {
  if (label === undefined || label.trim() === "") return undefined;
  const number = Number(label);
  return Number.isFinite(number) ? number : undefined;
}

// Infinity - Infinity is no order.
function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
