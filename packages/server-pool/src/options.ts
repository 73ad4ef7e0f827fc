// What a pool can be told, checked and completed once. The caller's objects are neither kept nor changed.

import { InvalidArgumentError } from "@myelin/contracts";
import { type Backoff, exponentialBackoff, milliseconds } from "./backoff.js";
import { defaults } from "./defaults.js";
import type { GossipPolicy } from "./gossip.js";
import { parseServerList } from "./server-list.js";
import type { ServerSelector } from "./server-selection.js";
import type { ServerUrl, ServerUrlOptions } from "./server-url.js";
import { ordered, random, type Strategy } from "./strategy.js";

/** Options of a {@link ServerPool}. Times are milliseconds. */
export interface PoolOptions {
  /** Seeds: URLs, also comma-separated. `undefined` = 127.0.0.1:4222; empty = error. */
  readonly servers: string | readonly string[] | undefined;
  /** More seeds come by {@link ServerPool.reseed}: without `servers` the pool begins empty. Default `false`. */
  readonly awaitsSeeds?: boolean | undefined;
  /** Schemes some transport can dial. Default: nats, tls, ws, wss, unix. */
  readonly schemes?: readonly string[] | undefined;
  /** Scheme of an address without one. Default: nats if known, else wss, else the first known. */
  readonly defaultScheme?: string | undefined;
  /** `true` (default) = strategy `random`, `false` = strategy `ordered`. Without effect beside `strategy`. */
  readonly randomize?: boolean | undefined;
  /** Default `"all"`. */
  readonly gossip?: GossipPolicy | undefined;
  /**
   * Failed dials in a row after which a server leaves the rotation, counted for each server from the pool's first success
   * on. -1 (default) = never; 0 = no attempt after the first connection is lost.
   */
  readonly maxAttempts?: number | undefined;
  /** Default: `exponentialBackoff()`. */
  readonly backoff?: Backoff | undefined;
  /** Upper bound of the uniform wait between a loss and the first dial. Default 100. */
  readonly firstAttemptJitter?: number | undefined;
  /** Which of the servers that may be dialled comes first. Default `random`. */
  readonly strategy?: Strategy | undefined;
  /** Has the last word at every choice. */
  readonly selectServer?: ServerSelector | undefined;
  /**
   * Move to servers that are new or came back, slowly and with the probability that makes the load of a fleet equal: 1 of M
   * clients for each such server among M. Takes effect through {@link ServerPool.rebalance}, for strategies whose servers are
   * interchangeable: `random`, and `zones` within a tier. `interval`: span over which clients move, default 60 000. Default off.
   */
  readonly rebalance?: boolean | { readonly interval?: number | undefined } | undefined;
  /** Give up when a server answers with the same authentication error twice in a row. Default `false`. */
  readonly abortOnRepeatedAuthError?: boolean | undefined;
}

/** {@link PoolOptions} without gaps. */
export interface ResolvedPoolOptions {
  /** The servers given, each once. */
  readonly seeds: readonly ServerUrl[];
  /** How addresses without scheme or port are read. */
  readonly parsing: ServerUrlOptions;
  /** As given, or `"all"`. */
  readonly gossip: GossipPolicy;
  /** `Infinity` = never. */
  readonly maxAttempts: number;
  /** As given, or exponential. */
  readonly backoff: Backoff;
  /** Milliseconds; upper end of the delay before the first attempt after a loss. */
  readonly firstAttemptJitter: number;
  /** As given, or `random`. */
  readonly strategy: Strategy;
  /** As given. */
  readonly selectServer: ServerSelector | undefined;
  /** Whether the same authorization error twice in a row from one server ends it all. */
  readonly abortOnRepeatedAuthError: boolean;
  /** Whether connections move to servers that are new or came back. */
  readonly rebalance: boolean;
  /** Milliseconds over which they move. */
  readonly rebalanceInterval: number;
}

/** Checks and completes options. Throws InvalidArgumentError. */
export function resolveOptions(options: PoolOptions): ResolvedPoolOptions {
  const parsing = {
    schemes: Object.freeze([...(options.schemes ?? defaults.schemes)]),
    defaultScheme: options.defaultScheme,
  };
  const empty = options.awaitsSeeds === true && options.servers === undefined;
  const seeds = empty ? [] : parseServerList(options.servers, parsing);
  const { gossip = "all", maxAttempts = defaults.maxAttempts, backoff = exponentialBackoff() } = options;
  const strategy = options.strategy ?? ((options.randomize ?? defaults.randomize) ? random : ordered);
  if (!Number.isInteger(maxAttempts) && maxAttempts !== Number.POSITIVE_INFINITY) {
    throw new InvalidArgumentError(
      "maxAttempts",
      `must be a whole number, -1 for no limit, not ${String(maxAttempts)}`,
    );
  }
  if (gossip !== "all" && gossip !== "ignore" && typeof gossip !== "function") {
    throw new InvalidArgumentError("gossip", 'must be "all", "ignore" or a function');
  }
  if (typeof backoff.delay !== "function") {
    throw new InvalidArgumentError("backoff", "must be an object with a method delay()");
  }
  if (backoff.minSpacing !== undefined) milliseconds("backoff.minSpacing", backoff.minSpacing);
  if (typeof strategy.rank !== "function") {
    throw new InvalidArgumentError("strategy", "must be an object with a method rank()");
  }
  if (options.selectServer !== undefined && typeof options.selectServer !== "function") {
    throw new InvalidArgumentError("selectServer", "must be a function");
  }
  if (backoff.pace !== undefined && typeof backoff.pace !== "function") {
    throw new InvalidArgumentError("backoff", "must have a function as pace, or none");
  }
  const { rebalance = false } = options;
  if (typeof rebalance !== "boolean" && (typeof rebalance !== "object" || rebalance === null)) {
    throw new InvalidArgumentError("rebalance", "must be true, false or { interval }");
  }
  const { interval = defaults.rebalanceInterval } = typeof rebalance === "object" ? rebalance : {};
  return {
    seeds,
    parsing,
    gossip,
    maxAttempts: maxAttempts < 0 ? Number.POSITIVE_INFINITY : maxAttempts,
    backoff,
    firstAttemptJitter: milliseconds("firstAttemptJitter", options.firstAttemptJitter ?? defaults.firstAttemptJitter),
    strategy,
    selectServer: options.selectServer,
    abortOnRepeatedAuthError: options.abortOnRepeatedAuthError ?? false,
    rebalance: rebalance !== false,
    rebalanceInterval: milliseconds("rebalance.interval", interval),
  };
}
