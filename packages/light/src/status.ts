// What a connection tells about itself, and its way to listeners and iterators: everybody sees the same order, and nobody harms
// another. Names and fields are those of @myelin/client, whose grammar of events holds here too.

import { InvalidArgumentError } from "@myelin/contracts";
import { CallbackError } from "./errors.js";
import { callable, checked } from "./options.js";
import type { Subscription } from "./subscription.js";

/**
 * Status events. `server` is `host:port`. `epoch` numbers the links of a connection: 1, 2, …; of the events between two links it is
 * the number of the one that was lost, 0 before the first.
 */
export type StatusEvent =
  /** The first link is up. */
  | { readonly type: "connect"; readonly epoch: number; readonly server: string }
  /** The link is gone, and why. */
  | { readonly type: "disconnect"; readonly epoch: number; readonly server: string; readonly error: Error | undefined }
  /** An attempt on a server begins while there is no link. */
  | { readonly type: "reconnecting"; readonly epoch: number; readonly server: string; readonly attempt: number }
  /** That attempt failed. */
  | { readonly type: "attemptFailed"; readonly epoch: number; readonly server: string; readonly error: Error }
  /** A link is up again; subscriptions and kept publishes are on their way. */
  | { readonly type: "reconnect"; readonly epoch: number; readonly server: string }
  /** The cluster changed: addresses as advertised. */
  | { readonly type: "update"; readonly added: string[]; readonly deleted: string[] }
  /** The server we are on announced that it leaves (lame duck). We stay until it closes the link. */
  | { readonly type: "ldm"; readonly epoch: number; readonly server: string }
  /** Something failed that no promise reports. */
  | { readonly type: "error"; readonly error: Error; readonly epoch?: number }
  /** A keep-alive ping goes out. */
  | { readonly type: "ping"; readonly epoch: number; readonly pendingPings: number }
  /** The peer is silent; the link is given up. */
  | { readonly type: "staleConnection"; readonly epoch: number }
  /** More waits for a subscription's consumer than its bounds allow; once for each episode. `dropped` counts all of its life. */
  | { readonly type: "slowConsumer"; readonly sub: Subscription; readonly pending: number; readonly dropped: number }
  /** Publishes that were accepted will not be sent. */
  | { readonly type: "dropped"; readonly messages: number; readonly bytes: number; readonly reason: DropReason }
  /** Closed for good; the last event, once. */
  | { readonly type: "close"; readonly error: Error | undefined };

/** Why accepted publishes were dropped; `"disconnected"` is of the full client alone. */
export type DropReason =
  | "disconnected"
  | "buffer-full" // the backlog of a lost link did not fit into the reconnect buffer
  | "closed" // the connection closed with publishes still kept
  | "max-payload" // larger than the next server allows
  | "no-headers"; // the next server has no headers

/** What iterators give; all but `gap` (so many events were dropped here, because nobody read) are told by the full client alone. */
export type Status =
  | StatusEvent
  | { readonly type: "gap"; readonly dropped: number }
  | { readonly type: "forceReconnect"; readonly epoch: number }
  | {
      readonly type: "handover";
      readonly epoch: number;
      readonly from: string;
      readonly server: string;
      readonly reason: string;
    };

/** Names of the events one can listen to. */
export type StatusType = StatusEvent["type"];

/** One event, by its name. */
export type StatusOf<T extends Status["type"]> = Extract<Status, { readonly type: T }>;

type Listener = (status: StatusEvent) => unknown;

const TYPES =
  "connect disconnect reconnecting attemptFailed reconnect update ldm error ping staleConnection slowConsumer dropped close";

/** Events an iterator holds for a consumer that does not read; older ones are dropped first, and counted. */
const BACKLOG = 128;

/** The events of one connection. */
export interface StatusFeed {
  emit(status: StatusEvent): void;
  on<T extends StatusType>(type: T, listener: (status: StatusOf<T>) => void): () => void;
  /** Begins with the next event and ends after `close`. */
  iterate(): AsyncIterableIterator<Status>;
}

export function statusFeed(): StatusFeed {
  const listeners = new Set<readonly [type: string | undefined, listener: Listener]>();
  // Told while another one is being told: a listener may well end the connection.
  const queue: StatusEvent[] = [];
  let telling = false;
  let over = false;

  const tell = (status: StatusEvent): void => {
    if (over) return;
    over = status.type === "close";
    for (const [type, listener] of [...listeners]) {
      if (type !== undefined && type !== status.type) continue;
      void guarded(
        () => listener(status),
        (cause) => {
          // A listener of "error" that throws must not be told of itself for ever.
          if (status.type !== "error") emit({ type: "error", error: new CallbackError("listener", undefined, cause) });
        },
      );
    }
  };

  const emit = (status: StatusEvent): void => {
    queue.push(status);
    if (telling) return;
    telling = true;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) tell(next);
    telling = false;
  };

  const add = (type: string | undefined, listener: Listener): (() => void) => {
    const entry = [type, listener] as const;
    listeners.add(entry);
    return () => listeners.delete(entry);
  };

  return {
    emit,
    on(type, listener) {
      if (!TYPES.split(" ").includes(type)) throw new InvalidArgumentError("type", `is one of ${TYPES}`);
      checked({ listener }, { listener: callable });
      return add(type, listener as Listener);
    },
    iterate() {
      const events: Status[] = [];
      const waiting: ((result: IteratorResult<Status>) => void)[] = [];
      let dropped = 0;
      let ended = over;
      const settle = (): void => {
        while (waiting.length > 0 && (events.length > 0 || ended)) {
          const value = dropped > 0 ? ({ type: "gap", dropped } as const) : events.shift();
          dropped = 0;
          waiting.shift()?.({ done: value === undefined, value } as IteratorResult<Status>);
        }
      };
      const stop = add(undefined, (status) => {
        events.push(status);
        if (events.length > BACKLOG) {
          events.shift();
          dropped++;
        }
        ended = status.type === "close";
        settle();
      });
      return {
        next: () =>
          new Promise((resolve) => {
            waiting.push(resolve);
            settle();
          }),
        async return() {
          events.length = dropped = 0;
          ended = true;
          stop();
          settle();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };
}

/** Calls user code; what it throws or rejects with goes to `failed`. Returns what it promised, if it did. */
export function guarded(call: () => unknown, failed: (cause: unknown) => void): Promise<void> | undefined {
  try {
    const answer = call();
    if (typeof answer !== "object" || answer === null || !("then" in answer)) return undefined;
    return Promise.resolve(answer).then(() => {}, failed);
  } catch (cause) {
    failed(cause);
    return undefined;
  }
}
