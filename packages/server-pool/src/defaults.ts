// Every default of the pool in one frozen place. No behaviour.
// Source: the project's decisions D6 and D15; the NATS client connection guideline (ADR-40) leaves the numbers to a library.

/** Defaults of this package. Times are milliseconds. */
export const defaults: {
  /** Dialled when no `servers` are given. */
  readonly server: string;
  /** Schemes a server URL may have. */
  readonly schemes: readonly string[];
  /** Dial the servers in random order. */
  readonly randomize: boolean;
  /** Failed attempts in a row after which one server leaves the rotation; -1 = never. */
  readonly maxAttempts: number;
  /** Upper bound of the uniform wait between losing a connection and the first dial. */
  readonly firstAttemptJitter: number;
  /** Upper bound of the wait after the first failure; doubles with every further failure in a row. */
  readonly backoffBase: number;
  /** The doubling stops here. */
  readonly backoffCap: number;
  /** Multiplies `backoffBase` after an authentication error: trying again soon rarely helps and costs the server most. */
  readonly authBackoffFactor: number;
  /** A connection that lived shorter than this did not prove its server stable: repeated short ones back off too. */
  readonly stableAfter: number;
  /** A failure older than this no longer counts against a server in the `random` ranking. */
  readonly failureMemory: number;
  /** A server that failed or was lost must be left in peace this long before a strategy moves a connection to it. */
  readonly settle: number;
  /** Mean time between two looks for a better server, and the span over which clients move to a server that returned. */
  readonly rebalanceInterval: number;
  /** Clients of a lame duck move within ten times `firstAttemptJitter`, and within this: well within its grace period. */
  readonly lameDuckSpread: number;
  /** Answer of `decide` when every server is being dialled or connected: ask again after this, or after a report. */
  readonly recheck: number;
} = Object.freeze({
  server: "127.0.0.1",
  schemes: Object.freeze(["nats", "tls", "ws", "wss", "unix"]),
  randomize: true,
  maxAttempts: -1,
  firstAttemptJitter: 100,
  backoffBase: 500,
  backoffCap: 30_000,
  authBackoffFactor: 4,
  stableAfter: 5_000,
  failureMemory: 60_000,
  settle: 30_000,
  rebalanceInterval: 60_000,
  lameDuckSpread: 5_000,
  recheck: 1_000,
});
