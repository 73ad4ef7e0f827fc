// One subscription: its messages on their way to a callback or an iterator, its limit, its end. It outlives links.

import { type Deferred, deferred, observed } from "./deferred.js";
import { CallbackError, InvalidOperationError } from "./errors.js";
import type { Msg } from "./message.js";
import { checked, type Limits, type PendingLimits, whole } from "./options.js";
import type { Shared } from "./shared.js";
import { guarded } from "./status.js";

/** Called for every message; what it throws or rejects with is reported as an `error` event. */
export type MsgCallback = (error: Error | null, msg: Msg) => unknown;

/** Options of one subscription. */
export interface SubscriptionOptions {
  /** Queue group: of its members one gets each message. */
  readonly queue?: string | undefined;
  /** Messages after which it ends. */
  readonly max?: number | undefined;
  /** Without one, iterate the subscription. */
  readonly callback?: MsgCallback | undefined;
  /** Bounds on what waits for the consumer, each over the connection's own. A callback is never behind. */
  readonly pending?: PendingLimits | undefined;
}

/** A subscription: `for await (const msg of sub)`, or with a callback. Survives reconnects. */
export interface Subscription extends AsyncIterable<Msg> {
  /** Settles when the subscription has ended: with the error that ended it, else with undefined. Never rejects. */
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of the full client
  readonly closed: Promise<void | Error>;
  /** Its subject as given. */
  getSubject(): string;
  /** Its queue group. */
  getQueue(): string | undefined;
  /** Its sid: unique on the connection, the same on every link. */
  getID(): number;
  /** Messages the server sent. */
  getReceived(): number;
  /** Messages given to the callback or taken by the iterator. */
  getProcessed(): number;
  /** Messages waiting for the iterator. */
  getPending(): number;
  /** Messages dropped because the consumer was too slow. */
  getDropped(): number;
  /** True while it takes no new messages and handles those it has. */
  isDraining(): boolean;
  /** True once it has ended. */
  isClosed(): boolean;
  /** Ends it: at once, dropping what was not consumed; or, with `max`, after that many messages in total. */
  unsubscribe(max?: number): void;
  /** Stops the server from sending more, lets the consumer finish what has arrived, then ends. A second call tells what the first does. */
  drain(): Promise<void>;
  /** The messages, in order; throws the error that ended the subscription. Leaving the loop unsubscribes. */
  [Symbol.asyncIterator](): AsyncIterator<Msg>;
}

/** Throws InvalidArgumentError for a limit that is none. */
export function checkMax(max: number | undefined): void {
  checked({ max }, { max: whole(1) });
}

/** A subscription, and what its connection does with it. */
export interface OwnSubscription extends Subscription {
  deliver(message: Msg): void;
  /** Ends it with an error the consumer is told. */
  fail(error: Error): void;
  /** Ends it: no more messages; those queued may still be iterated. With `unhandled`, nobody waits for that any longer. */
  finish(error: Error | undefined, unhandled?: Error): void;
  /** Drops what nobody has taken yet, and tells how much. */
  abandon(): number;
  /** What a new link is told: whoever drains, or has ended, is not subscribed again. */
  lines(): string[];
  /** Resolves when everything received was handled, as far as somebody handles it. */
  handled(): Promise<void>;
}

/** @param over called when it has ended and what it received was handled */
export function openSubscription(
  shared: Shared,
  sid: number,
  subject: string,
  { callback, max, queue }: SubscriptionOptions,
  { bytes: mostBytes, messages: most }: Limits,
  over: () => void,
): OwnSubscription {
  const end = deferred<Error | undefined>();
  const waiting: Deferred<IteratorResult<Msg>>[] = [];
  const idlers: Deferred<void>[] = [];
  // While it ends, everything has come: what a loop took before is not waited for, because it may be that loop that drains.
  let phase: "open" | "draining" | "ending" | "closed" = "open";
  let error: Error | undefined;
  let received = 0;
  // Of them, those that came over earlier links: each server counts for itself.
  let earlier = 0;
  let processed = 0;
  let dropped = 0;
  let messages: (Msg | undefined)[] = [];
  let next = 0;
  let bytes = 0;
  let overflowing = false;
  let iterated = false;
  let drained: Promise<void> | undefined;
  // Callbacks whose promises have not settled.
  let running = 0;

  const isClosed = (): boolean => phase === "closed";
  const getPending = (): number => messages.length - next;
  const unsubscribed = (rest = ""): void => shared.outbox.control(`UNSUB ${sid}${rest}`);

  const settle = (): void => {
    const before = processed;
    while (waiting.length > 0 && (getPending() > 0 || isClosed())) {
      const result = waiting.shift();
      const value = messages[next];
      if (value !== undefined) {
        // Frees what the message pins.
        messages[next++] = undefined;
        processed++;
        bytes -= value.size;
        // Instead of shift(), which moves all of a long list every time.
        if (next * 2 > messages.length) {
          messages = messages.slice(next);
          next = 0;
        }
        result?.resolve({ done: false, value });
      } else {
        if (error === undefined) result?.resolve({ done: true, value });
        else result?.reject(error);
        error = undefined;
      }
    }
    if (getPending() * 2 <= most && bytes * 2 <= mostBytes) overflowing = false;
    const reading =
      iterated && (getPending() > 0 || (waiting.length === 0 && (phase === "open" || phase === "draining")));
    // Who has just taken a message has it handled when it asks for the next one.
    const idle = running === 0 && !reading && processed === before;
    if (!idle) return;
    if (isClosed()) over();
    for (const one of idlers.splice(0)) one.resolve();
  };

  const call = (failure: Error | null, message: Msg): void => {
    processed++;
    const promised = guarded(
      () => callback?.(failure, message),
      (cause) => shared.emit({ type: "error", error: new CallbackError("subscription", subject, cause) }),
    );
    if (promised === undefined) return;
    running++;
    void promised.then(() => {
      running--;
      settle();
    });
  };

  const finish: OwnSubscription["finish"] = (reason, unhandled) => {
    if (unhandled !== undefined) for (const one of idlers.splice(0)) one.reject(unhandled);
    if (isClosed()) return;
    phase = "closed";
    error = reason;
    end.resolve(reason);
    settle();
  };

  const abandon = (): number => {
    const abandoned = getPending();
    messages = [];
    next = bytes = 0;
    return abandoned;
  };

  const handled = (): Promise<void> => {
    const idle = deferred();
    idlers.push(idle);
    settle();
    return idle.promise;
  };

  const unsubscribe = (limit?: number): void => {
    checkMax(limit);
    if (phase !== "open") return;
    if (limit === undefined || limit <= received) {
      unsubscribed();
      abandon();
      finish(undefined);
    } else if (max === undefined || limit < max) {
      max = limit;
      unsubscribed(` ${limit - earlier}`);
    }
  };

  const drain = async (): Promise<void> => {
    if (isClosed()) throw new InvalidOperationError(`drain of "${subject}": it has ended`);
    phase = "draining";
    unsubscribed();
    try {
      // What the server had sent before has come when it has answered.
      await shared.link()?.roundTrip();
      if (!isClosed()) phase = "ending";
      await handled();
    } finally {
      finish(undefined);
    }
  };

  const own: OwnSubscription = {
    closed: end.promise,
    getSubject: () => subject,
    getQueue: () => queue,
    getID: () => sid,
    getReceived: () => received,
    getProcessed: () => processed,
    getPending,
    getDropped: () => dropped,
    isDraining: () => phase !== "open" && !isClosed(),
    isClosed,
    unsubscribe,
    drain: () => (drained ??= observed(drain)),
    [Symbol.asyncIterator]() {
      if (callback !== undefined || iterated) throw new InvalidOperationError(`"${subject}" has a consumer already`);
      iterated = true;
      return {
        next() {
          const result = deferred<IteratorResult<Msg>>();
          waiting.push(result);
          settle();
          return result.promise;
        },
        async return() {
          iterated = false;
          unsubscribe();
          settle();
          return { done: true, value: undefined };
        },
      };
    },
    deliver(message) {
      if (isClosed()) return;
      received++;
      if (callback !== undefined) call(null, message);
      // Whoever waits takes it at once, whatever the bounds.
      else if (waiting.length > 0 || (getPending() < most && bytes + message.size <= mostBytes)) {
        messages.push(message);
        bytes += message.size;
        settle();
      } else {
        dropped++;
        // The beginning of an episode is told, the rest only counted.
        if (!overflowing) shared.emit({ type: "slowConsumer", sub: own, pending: getPending(), dropped });
        overflowing = true;
      }
      if (max === undefined || received < max || isClosed()) return;
      if (earlier > 0) unsubscribed();
      finish(undefined);
    },
    fail(failure) {
      if (isClosed()) return;
      finish(failure);
      if (callback !== undefined) call(failure, undefined as never);
    },
    finish,
    abandon,
    lines() {
      if (phase !== "open") return [];
      earlier = received;
      const lines = [`SUB ${subject} ${queue === undefined ? "" : `${queue} `}${sid}`];
      if (max !== undefined) lines.push(`UNSUB ${sid} ${max - received}`);
      return lines;
    },
    handled,
  };
  return own;
}
