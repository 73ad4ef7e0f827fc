// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export { type Backoff, type ExponentialBackoffOptions, exponentialBackoff, fixedBackoff } from "./backoff.js";
export type { Decision } from "./decision.js";
export { defaults } from "./defaults.js";
export { PolicyError, type PolicyName } from "./errors.js";
export type { GossipPolicy } from "./gossip.js";
export { type LatencyOptions, latency } from "./latency.js";
export type { Rebalance } from "./mover.js";
export { type PoolOptions, type ResolvedPoolOptions, resolveOptions } from "./options.js";
export { orderedWithFailback } from "./ordered-with-failback.js";
export type { PaceContext } from "./pace.js";
export type { PoolChange } from "./roster.js";
export type { ServerFailure, ServerView } from "./server.js";
export { parseServerList } from "./server-list.js";
export { ServerPool } from "./server-pool.js";
export type { ServerSelector } from "./server-selection.js";
export { addressOf, parseServerUrl, type ServerUrl, type ServerUrlOptions } from "./server-url.js";
export type { SettleOptions } from "./settled.js";
export { ordered, random, type Strategy, type StrategyContext } from "./strategy.js";
export { type ZonesOptions, zones } from "./zones.js";
