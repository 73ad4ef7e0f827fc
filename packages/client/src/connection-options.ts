// What a caller may ask of a connection. Names and meanings of @nats-io/nats-core v3 are kept; what is new has the same style. Durations
// are milliseconds. Types alone: defaults and checks are resolved-options.ts.

import type { Authenticator, PerDial, ServerResolver, TlsOptions, Transport } from "@myelin/contracts";
import type { GossipPolicy, Strategy } from "@myelin/server-pool";
import type { ReconnectToServerHandler } from "./compatibility/server.js";
import type { LogTarget } from "./log.js";
import type { Overflow } from "./messaging/message-queue.js";

/** What happens to a publish made while there is no connection: kept for the next one, refused, or dropped and counted. */
export type WhileDisconnected = "buffer" | "reject" | "drop";

/** Fail when every server was tried once; keep trying until one answers; or return at once and connect behind. */
export type FirstConnect = "fail" | "retry" | "background";

/** What a refusal does to a first connect that would go on: end it, or nothing. */
export type FirstConnectRefused = "reject" | "retry";

/** How many servers are dialled at once while there is no connection. */
export interface DialPlan {
  /** Most attempts under way. */
  readonly atOnce: number;
  /** Milliseconds after the last one began until the next begins beside it; a failure begins it at once. */
  readonly stagger: number;
}

/** Options of `connect()`. Everything is optional; the object is read once, never kept and never changed. */
export interface ConnectionOptions {
  /** URLs as an array, one string, or a comma-separated string. Default `127.0.0.1:4222`; empty is an error (D2). */
  readonly servers?: string | readonly string[] | undefined;
  /**
   * Answers further seeds, such as `srvServers("_nats._tcp.example.com")` of @myelin/transport-node: asked at the beginning, when a
   * link is lost, when the network may be back, and when every server known has failed since, within `timeout`, at most once a second. Without `servers` nothing
   * is dialled before its first answer. A newer answer replaces the one before; servers of `servers` stay. When it fails, the
   * answer before stays, and an `error` event tells of it with a ServerResolutionError. Where there is no server at all, the
   * first connect fails with that, or asks again with growing waits. After `setServers()` it is not asked any more. One whose
   * `ordered` is true, as of `srvServers`, answers in the order to dial in, behind `servers`, as long as there is no `strategy`.
   */
  readonly resolveServers?: ServerResolver | undefined;
  /** Port on 127.0.0.1; excludes `servers`. */
  readonly port?: number | undefined;
  /** Name of the connection, shown by the server's monitoring. */
  readonly name?: string | undefined;
  /** Transports beside those of the runtime; one that has the scheme of an earlier one replaces it for that scheme. */
  readonly transports?: readonly Transport[] | undefined;

  /** Bound on one attempt on one server, from name resolution to the first PONG. Default 5 000. */
  readonly timeout?: number | undefined;
  /** Bound on the whole of `connect()`. Default none. */
  readonly deadline?: number | undefined;
  /** Ends a pending `connect()` with the signal's reason; no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Default `"fail"`. */
  readonly firstConnect?: FirstConnect | undefined;
  /**
   * What `firstConnect: "retry"` and `"background"` do when credentials are refused, or when TLS cannot work as it is set up: an
   * untrusted certificate, a wrong name, an unusable key, TLS on one side only. `"reject"` (default): at the end of a round, in
   * which every server known was tried, one such answer ends it with the ConnectError of all attempts; servers that are down count
   * as tried. `"retry"`: such servers are tried on like those that are down. A function of yours that fails never ends it, nor
   * does anything after the first connection (P23).
   */
  readonly firstConnectRefused?: FirstConnectRefused | undefined;
  /** Same as `firstConnect: "retry"`. */
  readonly waitOnFirstConnect?: boolean | undefined;

  /** Keep the order of the list, for the first connect and for reconnects. Default `false`: random. */
  readonly noRandomize?: boolean | undefined;
  /** Which server next. Default: random, or the list's order with `noRandomize`. */
  readonly strategy?: Strategy | undefined;
  /**
   * Move to servers that are new or came back, slowly, at random, and with the probability that makes the load of a fleet
   * of clients equal. `interval`: milliseconds over which they move, default 60 000. Default `false`. Needs gossip.
   */
  readonly rebalance?: boolean | { readonly interval?: number | undefined } | undefined;
  /**
   * Has the last word on which server is dialled next, at every attempt, also to move away from a server that leaves or because
   * of `reconnect({ graceful: true })`; whatever it does, something is dialled.
   */
  readonly reconnectToServer?: ReconnectToServerHandler | undefined;
  /** `false`: names are left to the runtime's own connect, one address at a time. Default `true`: all are looked up and raced. */
  readonly resolve?: boolean | undefined;
  /**
   * `"one-by-one"` (default), or `"race"`: up to three servers at once, 250 ms apart, or as told; the first that answers its PING is
   * used, and the others are called off and leave no socket. As RFC 8305 does with addresses.
   */
  readonly dialPlan?: "one-by-one" | "race" | Partial<DialPlan> | undefined;
  /** What to do with servers the cluster advertises. Default `"all"`. */
  readonly gossip?: GossipPolicy | undefined;
  /** Same as `gossip: "ignore"`. */
  readonly ignoreClusterUpdates?: boolean | undefined;

  /**
   * What to do when the server announces that it leaves: `"migrate"` (default) connects to another one first and then leaves it,
   * without a disconnect; `"notify"` only tells with an `ldm` event.
   */
  readonly lameDuck?: "migrate" | "notify" | undefined;
  /** Reconnect after a lost connection. Default `true`. */
  readonly reconnect?: boolean | undefined;
  /** Failed attempts in a row after which a server leaves the pool; -1 = never (default, D6). */
  readonly maxReconnectAttempts?: number | undefined;
  /** Fixed wait between two attempts on one server, in place of exponential backoff with full jitter (D15). */
  readonly reconnectTimeWait?: number | undefined;
  /** Upper end of the uniform delay before the first attempt after a loss, and on top of `reconnectTimeWait`. Default 100. */
  readonly reconnectJitter?: number | undefined;
  /** The same where TLS is asked for, by `tls` or by a URL of the list. Default 1 000 with `reconnectTimeWait`, else as `reconnectJitter`. */
  readonly reconnectJitterTLS?: number | undefined;
  /** Replaces wait and jitter: milliseconds before the next attempt on a server that failed. */
  readonly reconnectDelayHandler?: (() => number) | undefined;
  /** `false`: the same authorization error twice in a row from one server closes the connection. Default `true` (D11). */
  readonly ignoreAuthErrorAbort?: boolean | undefined;

  /** Default `"buffer"`. */
  readonly whileDisconnected?: WhileDisconnected | undefined;
  /** Bytes of publishes kept during an outage; more makes `publish` throw. Default 8 MiB; 0 or -1 = keep none. */
  readonly reconnectBufferSize?: number | undefined;
  /** More exact bounds on the same, and what happens past them; excludes `reconnectBufferSize`. */
  readonly reconnectBuffer?: ReconnectBufferLimits | undefined;
  /** Bytes queued for the socket past which `publish` throws. Default 1 GiB. */
  readonly maxBufferedBytes?: number | undefined;

  /** Silence after which the client pings. Default 20 000. */
  readonly pingInterval?: number | undefined;
  /** Unanswered pings before the link counts as stale: silence of `pingInterval * (maxPingOut + 1)`. Default 2 (D16). */
  readonly maxPingOut?: number | undefined;

  /** User name for every server; it beats that of a URL (D4). */
  readonly user?: string | undefined;
  /** Password of `user`. Shown nowhere. */
  readonly pass?: string | undefined;
  /** Token for every server, in place of `user` and `pass`. Shown nowhere. */
  readonly token?: string | undefined;
  /** Called once for every attempt; may be async. Several are merged, later ones win. */
  readonly authenticator?: Authenticator | readonly Authenticator[] | undefined;
  /**
   * How long before the credentials end (`expiresAt` of the authenticator's answer; of a JWT its `exp`), or the client certificate
   * of `tls` (the earliest end in its chain), the connection moves to a link with fresh ones, in milliseconds; half of what is left
   * where that is less. Once for each end: where the new ones end no later, nothing moves again. Default 60 000; -1 = never.
   */
  readonly refreshBefore?: number | undefined;
  /**
   * `true`, an object or a function: TLS or nothing. `undefined`: TLS when the server requires it. `null` or `false`: never. A
   * function is called at every dial, within `timeout`, and may be async; files and functions inside the object are read at
   * every dial too (P31).
   */
  readonly tls?: TlsOptions | PerDial<TlsOptions> | boolean | null | undefined;

  /** Do not deliver our own messages to our own subscriptions. Default `false`. */
  readonly noEcho?: boolean | undefined;
  /** Ask the server to acknowledge every operation. Default `false`. */
  readonly verbose?: boolean | undefined;
  /** Ask the server for strict checks; it then judges wildcards in publish subjects instead of us. Default `false`. */
  readonly pedantic?: boolean | undefined;
  /** Where the connection logs what it does: `logTo(…)`. Default: nowhere. */
  readonly log?: LogTarget | undefined;
  /** Accepted for nats.js and without effect: nothing here prints. Use `log`. */
  readonly debug?: boolean | undefined;
  /**
   * Do not tell where a failed `request()` or `publishConfirmed()` was made: the stacks of their errors then end in the client.
   * Default `false`: the stack is taken in the call, some 5 to 20 µs, for up to 500 calls of a second. Past them the error tells
   * the async functions that await the call, which costs nothing; a caller that waits by a callback is not told then.
   */
  readonly noAsyncTraces?: boolean | undefined;
  /**
   * Remember where the latest publish to each of the last thousand subjects was made, for the stack of the `error` event when
   * the server denies one. Costs 5 to 20 µs a publish. Default `false`.
   */
  readonly publishTraces?: boolean | undefined;
  /** Subject prefix of inboxes. Default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  /** Bounds on messages a subscription holds for its consumer. Default 524 288 messages, 64 MiB (D8). */
  readonly pending?: PendingLimits | undefined;
  /** Bound on `drain()`. Default 30 000. */
  readonly drainTimeout?: number | undefined;
}

/** Bounds on publishes kept during an outage, and what happens past them. */
export interface ReconnectBufferLimits {
  /** Default: no bound. */
  readonly messages?: number | undefined;
  /** Bytes of whole operations. Default 8 MiB. */
  readonly bytes?: number | undefined;
  /**
   * `"error"` (default): `publish` throws ReconnectBufferFullError. `"drop-old"`: the oldest ones make room; they are counted and told by a
   * `dropped` event, and a request among them rejects with ReconnectBufferFullError.
   */
  readonly overflow?: "error" | "drop-old" | undefined;
}

/** Bounds on what waits for one subscription's consumer, and what happens past them. */
export interface PendingLimits {
  /** Messages; -1 = no bound. */
  readonly messages?: number | undefined;
  /** Header and payload bytes; -1 = no bound. */
  readonly bytes?: number | undefined;
  /**
   * Past the bounds: `"drop-new"` (default) and `"drop-old"` drop messages and count them; `"error"` ends the subscription
   * with SlowConsumerError; `"pause"` loses nothing and stops reading from the server until half is consumed. That holds up
   * the whole connection: its other subscriptions, requests and flushes too, and a server may cut a client that does not
   * read. One `slowConsumer` event for each episode.
   */
  readonly overflow?: Overflow | undefined;
}
