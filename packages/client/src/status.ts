// What a connection tells about itself: the status events, and their way to listeners and iterators. Events derive from
// state transitions and from what the link and the subscriptions report; nothing here decides anything.

import { CallbackError } from "./errors.js";
import type { Subscription } from "./messaging/subscription.js";
import type { MoveReason } from "./session/move.js";
import { watched } from "./user-code.js";

/**
 * Status events. Those of @nats-io/nats-core v3 keep their `type` and fields; `connect`, `attemptFailed`, `handover` and `dropped` are
 * new.
 * `server` is `host:port`, as `getServer()` has it.
 *
 * Order for one loss: `disconnect`, then `reconnecting` and `attemptFailed` in turn, then `reconnect` or `close`.
 */
export type Status =
  /** The first link is up. Once for each connection. */
  | { readonly type: "connect"; readonly server: string }
  /** The link is gone, and why. */
  | { readonly type: "disconnect"; readonly server: string; readonly error: Error | undefined }
  /** An attempt on a server begins while there is no link. */
  | { readonly type: "reconnecting"; readonly server: string; readonly attempt: number }
  /** That attempt failed, or one to move to another server. */
  | { readonly type: "attemptFailed"; readonly server: string; readonly error: Error }
  /** A link is up again; subscriptions and kept publishes are on their way. */
  | { readonly type: "reconnect"; readonly server: string }
  /** The connection has moved from one server to another without being without one; why is in `reason`. */
  | { readonly type: "handover"; readonly from: string; readonly server: string; readonly reason: MoveReason }
  /** The cluster changed: addresses as advertised. */
  | { readonly type: "update"; readonly added: string[]; readonly deleted: string[] }
  /** The server we are on announced that it leaves (lame duck). */
  | { readonly type: "ldm"; readonly server: string }
  /** Something failed that no promise reports: a refused publish, a throwing callback, an unknown -ERR, TLS files half written. */
  | { readonly type: "error"; readonly error: Error }
  /** A keep-alive ping goes out. */
  | { readonly type: "ping"; readonly pendingPings: number }
  /** The peer is silent; the link is given up. */
  | { readonly type: "staleConnection" }
  /** `reconnect()` was called. */
  | { readonly type: "forceReconnect" }
  /** More waits for a subscription's consumer than its bounds allow; once for each episode. `dropped` counts all of its life. */
  | { readonly type: "slowConsumer"; readonly sub: Subscription; readonly pending: number; readonly dropped: number }
  /** Publishes that were accepted will not be sent. */
  | { readonly type: "dropped"; readonly messages: number; readonly bytes: number; readonly reason: DropReason }
  /** Closed for good; the last event, once. */
  | { readonly type: "close"; readonly error: Error | undefined };

/** Why accepted publishes were dropped. */
export type DropReason =
  | "disconnected" // whileDisconnected is "drop"
  | "buffer-full" // the backlog of a lost link did not fit into the reconnect buffer
  | "closed" // the connection closed with publishes still kept
  | "max-payload" // larger than the next server allows
  | "no-headers"; // the next server has no headers

/** Names of the events. */
export type StatusType = Status["type"];

/** One event, by its name. */
export type StatusOf<T extends StatusType> = Extract<Status, { readonly type: T }>;
export type ClientPingStatus = StatusOf<"ping">;
export type CloseStatus = StatusOf<"close">;
export type ClusterUpdateStatus = StatusOf<"update">;
export type DisconnectStatus = StatusOf<"disconnect">;
export type HandoverStatus = StatusOf<"handover">;
export type ForceReconnectStatus = StatusOf<"forceReconnect">;
export type LDMStatus = StatusOf<"ldm">;
export type ReconnectStatus = StatusOf<"reconnect">;
export type ReconnectingStatus = StatusOf<"reconnecting">;
export type ServerErrorStatus = StatusOf<"error">;
export type SlowConsumerStatus = StatusOf<"slowConsumer">;
export type StaleConnectionStatus = StatusOf<"staleConnection">;
export type ServersChanged = Pick<ClusterUpdateStatus, "added" | "deleted">;

/** Most events an iterator holds for a consumer that does not read; older ones are dropped first. */
export const STATUS_BACKLOG = 128;

/** Hands every event to all listeners and iterators, in order; a throwing listener is reported and harms nobody. */
export class StatusFeed {
  readonly #listeners = new Map<StatusType, Set<(status: never) => void>>();
  readonly #iterators = new Set<StatusIterator>();

  /** Adds a listener for one type; the returned function removes it. */
  on<T extends StatusType>(type: T, listener: (status: Extract<Status, { type: T }>) => void): () => void {
    const found = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, found);
    found.add(listener);
    return () => found.delete(listener);
  }

  /** A new iterator that starts with the next event and ends after `close`. */
  iterate(): AsyncIterableIterator<Status> {
    const iterator = new StatusIterator(() => this.#iterators.delete(iterator));
    this.#iterators.add(iterator);
    return iterator;
  }

  emit(status: Status): void {
    for (const listener of [...(this.#listeners.get(status.type) ?? [])]) {
      const failed = (cause: unknown): void => this.#listenerFailed(status.type, cause);
      try {
        void watched((listener as (status: Status) => unknown)(status), failed);
      } catch (cause) {
        failed(cause);
      }
    }
    for (const iterator of this.#iterators) iterator.push(status);
    if (status.type !== "close") return;
    for (const iterator of [...this.#iterators]) iterator.end();
    // It is the last: what handlers still fail with afterwards has nobody left to hear of it.
    this.#listeners.clear();
  }

  #listenerFailed(type: StatusType, cause: unknown): void {
    // A listener of "error" that throws must not be told of itself for ever.
    if (type !== "error") this.emit({ type: "error", error: new CallbackError("listener", undefined, cause) });
  }
}

class StatusIterator implements AsyncIterableIterator<Status> {
  #events: Status[] = [];
  #waiting: ((result: IteratorResult<Status>) => void)[] = [];
  #ended = false;
  readonly #detach: () => void;

  constructor(detach: () => void) {
    this.#detach = detach;
  }

  push(status: Status): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ done: false, value: status });
      return;
    }
    if (this.#events.length >= STATUS_BACKLOG) this.#events.shift();
    this.#events.push(status);
  }

  end(): void {
    this.#ended = true;
    this.#detach();
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Status>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Status>> {
    this.#events = [];
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
