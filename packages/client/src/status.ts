// What a connection tells about itself: the status events, their grammar and their names. Their way to listeners and iterators is
// status-feed.ts; which of them are told when is decided by the session, the subscriptions and the publishing.

import type { Subscription } from "./messaging/subscription.js";
import type { MoveReason } from "./session/move.js";

/**
 * Status events. Those of @nats-io/nats-core v3 keep their `type` and fields; `connect`, `attemptFailed`, `handover`,
 * `dropped`, `gap` and every `epoch` are new. `server` is `host:port`, as `getServer()` has it. `epoch` numbers the links of a connection: 1, 2, …;
 * of the events between two links it is the number of the one that was lost, 0 before the first.
 *
 * Every sequence of events is a word of this grammar, whatever happens; listeners of all types and every iterator see it in
 * the same order. `error`, `update`, `slowConsumer` and `dropped` may stand anywhere but behind `close`, and are left out here:
 *
 * ```
 * connection = ( attemptFailed | forceReconnect )* ( connect link )? close
 * link       = ( ping | ldm | attemptFailed )* ( handover link | staleConnection? forceReconnect* ( disconnect outage )? )
 * outage     = ( reconnecting | attemptFailed | forceReconnect )* ( reconnect link )?
 * ```
 *
 * So `connect` comes once at most and `reconnect` or `handover` once for each later link, each with an epoch of its own, one higher
 * than the last; `disconnect` once for each link that was lost, with the same epoch; `close` once, and last. In an outage each
 * `attemptFailed` ends an attempt that a `reconnecting` began; a `reconnect` without one is a move that was under way. In a link
 * `attemptFailed` is a move that failed.
 */
export type Status =
  | StatusEvent
  /** In iterators only: this many events, older than the next one, were dropped because nobody read. */
  | { readonly type: "gap"; readonly dropped: number };

/** What is told to listeners. */
export type StatusEvent =
  /** The first link is up. Once for each connection. */
  | { readonly type: "connect"; readonly epoch: number; readonly server: string }
  /** The link is gone, and why. */
  | { readonly type: "disconnect"; readonly epoch: number; readonly server: string; readonly error: Error | undefined }
  /** An attempt on a server begins while there is no link. */
  | { readonly type: "reconnecting"; readonly epoch: number; readonly server: string; readonly attempt: number }
  /** That attempt failed, or one to move to another server. Also told before the first link, where nothing told of its begin. */
  | { readonly type: "attemptFailed"; readonly epoch: number; readonly server: string; readonly error: Error }
  /** A link is up again; subscriptions and kept publishes are on their way. */
  | { readonly type: "reconnect"; readonly epoch: number; readonly server: string }
  /** The connection has moved from one server to another without being without one; why is in `reason`. */
  | {
      readonly type: "handover";
      readonly epoch: number;
      readonly from: string;
      readonly server: string;
      readonly reason: MoveReason;
    }
  /** The cluster changed: addresses as advertised. */
  | { readonly type: "update"; readonly added: string[]; readonly deleted: string[] }
  /** The server we are on announced that it leaves (lame duck). */
  | { readonly type: "ldm"; readonly epoch: number; readonly server: string }
  /** Something failed that no promise reports: a refused publish, a throwing callback, TLS files half written, an unknown -ERR, which has an `epoch`. */
  | { readonly type: "error"; readonly error: Error; readonly epoch?: number }
  /** A keep-alive ping goes out. */
  | { readonly type: "ping"; readonly epoch: number; readonly pendingPings: number }
  /** The peer is silent; the link is given up. */
  | { readonly type: "staleConnection"; readonly epoch: number }
  /** `reconnect()` was called. */
  | { readonly type: "forceReconnect"; readonly epoch: number }
  /** More waits for a subscription's consumer than its bounds allow; once for each episode. `dropped` counts all of its life. */
  | { readonly type: "slowConsumer"; readonly sub: Subscription; readonly pending: number; readonly dropped: number }
  /** Publishes that were accepted will not be sent. */
  | { readonly type: "dropped"; readonly messages: number; readonly bytes: number; readonly reason: DropReason }
  /** Closed for good; the last event, once. What user code throws after it is told nowhere. */
  | { readonly type: "close"; readonly error: Error | undefined };

/** Why accepted publishes were dropped. */
export type DropReason =
  | "disconnected" // whileDisconnected is "drop"
  | "buffer-full" // the backlog of a lost link did not fit into the reconnect buffer
  | "closed" // the connection closed with publishes still kept
  | "max-payload" // larger than the next server allows
  | "no-headers"; // the next server has no headers

/** Names of the events one can listen to. */
export type StatusType = StatusEvent["type"];

/** One event, by its name. */
export type StatusOf<T extends Status["type"]> = Extract<Status, { readonly type: T }>;
/** A keep-alive ping goes out. */
export type ClientPingStatus = StatusOf<"ping">;
/** The connection is closed for good; the last event. */
export type CloseStatus = StatusOf<"close">;
/** The cluster changed: addresses as advertised. */
export type ClusterUpdateStatus = StatusOf<"update">;
/** The link is gone, and why. */
export type DisconnectStatus = StatusOf<"disconnect">;
/** `reconnect()` was called. */
export type ForceReconnectStatus = StatusOf<"forceReconnect">;
/** In iterators only: so many events were dropped here, because nobody read. */
export type GapStatus = StatusOf<"gap">;
/** The connection has moved to another server without being without one. */
export type HandoverStatus = StatusOf<"handover">;
/** The server announced that it leaves (lame duck). */
export type LDMStatus = StatusOf<"ldm">;
/** A link is up again. */
export type ReconnectStatus = StatusOf<"reconnect">;
/** An attempt on a server begins while there is no link. */
export type ReconnectingStatus = StatusOf<"reconnecting">;
/** Something failed that no promise reports. */
export type ServerErrorStatus = StatusOf<"error">;
/** More waits for a subscription's consumer than its bounds allow. */
export type SlowConsumerStatus = StatusOf<"slowConsumer">;
/** The peer is silent; the link is given up. */
export type StaleConnectionStatus = StatusOf<"staleConnection">;
/** What changed in the cluster, without the event around it; a type of nats.js. */
export type ServersChanged = Pick<ClusterUpdateStatus, "added" | "deleted">;
