// One subscription: its messages on their way to a callback or an iterator, its limit, its end. It outlives links; what the
// server is told about it is the business of subscriptions.ts.

import type { Decoder } from "@myelin/protocol";
import { abortSignal, callable, integer, positive } from "../argument-checks.js";
import { type Deferred, deferred, observed } from "../deferred.js";
import { CallbackError, InvalidOperationError, SlowConsumerError, TimeoutError } from "../errors.js";
import { watched } from "../user-code.js";
import { Msg, type Publisher } from "./message.js";
import { MessageQueue, type Overflow, type QueueBounds } from "./message-queue.js";
import { type MsgHandler, Processing, type ProcessOptions } from "./processing.js";
import { checkMax, type MsgCallback, type SubscriptionOptions } from "./subscription-options.js";

/** What a subscription needs of its connection. */
export interface SubscriptionHost extends Publisher {
  /** Tells the server: end now, or after `max` messages in total. */
  tellUnsubscribe(subscription: Subscription, max?: number): void;
  /** Forgets the subscription. */
  forget(subscription: Subscription): void;
  /** It has ended, and not everything it received was handled; {@link left} tells when that is done. */
  linger(subscription: Subscription): void;
  left(subscription: Subscription): void;
  /** UNSUB and a round trip behind it, after which no more messages come. */
  barrier(): Promise<void>;
  /** Reports what no promise does. */
  report(error: Error): void;
  /** More waits for its consumer than it should. */
  slow(subscription: Subscription): void;
  /** Nothing is to be read from the server until {@link release}. */
  hold(subscription: Subscription): void;
  release(subscription: Subscription): void;
  after(ms: number, run: () => void): () => void;
}

/** A subscription: `for await (const msg of sub)`, or with a callback. Survives reconnects. */
export class Subscription implements AsyncIterable<Msg> {
  /** Settles when the subscription has ended: with the error that ended it, else with undefined. Never rejects. */
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of nats.js
  readonly closed: Promise<void | Error>;
  /** @internal */
  readonly settlesOnce = false;
  readonly #sid: number;
  readonly #subject: string;
  readonly #queueGroup: string | undefined;
  readonly #host: SubscriptionHost;
  readonly #end: Deferred<Error | undefined> = deferred<Error | undefined>();
  readonly #messages: MessageQueue;
  readonly #overflow: Overflow;
  readonly #slowAbove: number;
  #toldSlow = false;
  #callback: MsgCallback | undefined;
  #max: number | undefined;
  #received = 0;
  #receivedOnEarlierLinks = 0;
  #isRelinked = false;
  #isBeside = false;
  #delivered = 0;
  #abandoned = 0;
  #phase: "open" | "draining" | "closed" = "open";
  #iterating = false;
  #hasHandler = false;
  #running = 0;
  #idle: Deferred<void> | undefined;
  #cancelTimeout: () => void = () => {};
  #detachSignal: () => void = () => {};

  constructor(sid: number, subject: string, options: SubscriptionOptions, bounds: QueueBounds, host: SubscriptionHost) {
    this.#sid = sid;
    this.#subject = subject;
    this.#queueGroup = options.queue;
    this.#callback = options.callback;
    this.#max = options.max;
    this.#host = host;
    this.closed = this.#end.promise;
    this.#overflow = bounds.overflow;
    this.#slowAbove = options.slow === undefined ? Number.POSITIVE_INFINITY : integer("slow", options.slow, 0, 0);
    this.#messages = new MessageQueue(
      bounds,
      () => this.#settleIdle(),
      () => this.#host.release(this),
    );
    this.#watch(options);
  }

  /** The function called for every message, `undefined` for an iterator. May be replaced. */
  get callback(): MsgCallback | undefined {
    return this.#callback;
  }

  set callback(callback: MsgCallback) {
    this.#callback = callback;
  }

  /** Its subject as given, wildcards and all. */
  getSubject(): string {
    return this.#subject;
  }

  /** Its queue group, `undefined` for a plain subscription. */
  getQueue(): string | undefined {
    return this.#queueGroup;
  }

  /** Its sid: unique on the connection, the same on every link. */
  getID(): number {
    return this.#sid;
  }

  /** The messages after which it ends; `undefined` = without such a limit. */
  getMax(): number | undefined {
    return this.#max;
  }

  /** Messages the server sent. */
  getReceived(): number {
    return this.#received;
  }

  /** Messages given to the callback, taken by the iterator, or handled by `process()`. */
  getProcessed(): number {
    if (this.#callback !== undefined || this.#hasHandler) return this.#delivered;
    return this.#received - this.#messages.dropped - this.#messages.length - this.#abandoned;
  }

  /** Messages waiting for the iterator. */
  getPending(): number {
    return this.#messages.length;
  }

  /** Messages dropped because the consumer was too slow. */
  getDropped(): number {
    return this.#messages.dropped;
  }

  /** Header and payload bytes waiting for the iterator. */
  getPendingBytes(): number {
    return this.#messages.bytes;
  }

  /** True while it takes no new messages and handles those it has. */
  isDraining(): boolean {
    return this.#phase === "draining";
  }

  /** True once it has ended; no message is delivered any more. */
  isClosed(): boolean {
    return this.#phase === "closed";
  }

  /**
   * Ends the subscription: at once, dropping what was not consumed; or, with `max`, after that many messages in total since
   * it began. A limit can only be lowered: the server may have ended the subscription at the old one before it hears of a
   * higher. Repeating it, or calling it after the end, does nothing.
   */
  unsubscribe(max?: number): void {
    checkMax(max);
    if (this.#phase !== "open") return;
    if (max === undefined || max <= this.#received) {
      this.#host.tellUnsubscribe(this);
      this.abandon();
      this.finish(undefined);
      return;
    }
    if (this.#max !== undefined && max >= this.#max) return;
    this.#max = max;
    // Of two links each counts for itself, and one told a limit now might end it early: then we end it.
    if (!this.#isBeside) this.#host.tellUnsubscribe(this, max - this.#receivedOnEarlierLinks);
  }

  /**
   * Stops the server from sending more, lets the consumer finish what has arrived, then ends. Resolves when the last message
   * was handled; an iterator nobody reads is not waited for. Rejects when the link is lost before the server had answered,
   * and when the connection is closed before all was handled; the subscription has ended then all the same.
   */
  drain(): Promise<void> {
    return observed(() => this.#drain());
  }

  async #drain(): Promise<void> {
    if (this.#phase === "closed") throw new InvalidOperationError(`drain of "${this.#subject}": it has ended already`);
    if (this.#phase === "draining") return this.handled();
    this.#phase = "draining";
    this.#host.tellUnsubscribe(this);
    try {
      await this.#host.barrier();
      this.#messages.end();
      await this.handled();
    } finally {
      this.finish(undefined);
    }
  }

  /**
   * Handles every message with an awaited function, `concurrency` at a time, in order within a `key`. Resolves when the
   * subscription has ended and the last handler has finished; rejects then with the error that ended it. What waits is bounded
   * by `pending`; `drain()` waits for the handlers. A throw or rejection is reported as an `error` status (D13).
   *
   * @throws InvalidOperationError when it has a callback or is iterated already, InvalidArgumentError
   */
  process(handler: MsgHandler, options: ProcessOptions = {}): Promise<void> {
    const { key } = options;
    const concurrency = integer("concurrency", options.concurrency, 1, 1);
    const signal = abortSignal("signal", options.signal);
    callable("handler", handler);
    this.#consume();
    this.#hasHandler = true;
    const abort = (): void => this.unsubscribe();
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
    const processing = new Processing(handler, concurrency, key, {
      next: () => this.#messages.next(),
      report: (cause) => this.#callbackFailed(cause),
      started: () => {
        this.#running++;
      },
      finished: () => {
        this.#running--;
        this.#delivered++;
        this.#settleIdle();
      },
    });
    return observed(() => processing.run().finally(() => signal?.removeEventListener("abort", abort)));
  }

  /** Drains. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#phase === "closed" ? Promise.resolve() : this.drain();
  }

  /** The messages, in order; throws the error that ended the subscription. Leaving the loop unsubscribes. */
  [Symbol.asyncIterator](): AsyncIterator<Msg> {
    this.#consume();
    return {
      next: () => this.#messages.next(),
      return: async () => {
        this.#iterating = false;
        this.unsubscribe();
        return { done: true, value: undefined };
      },
    };
  }

  #consume(): void {
    if (this.#callback !== undefined || this.#iterating) {
      const has = this.#callback === undefined ? "a consumer" : "a callback";
      throw new InvalidOperationError(
        `"${this.#subject}" has ${has} already; a subscription has a callback, or one loop, or process()`,
      );
    }
    this.#iterating = true;
  }

  // --- for the connection --------------------------------------------------------------------------------------------

  /** The cursor stands on a message of ours. */
  deliver(cursor: Decoder): void {
    if (this.#phase === "closed") return;
    if (this.#received++ === 0) this.#cancelTimeout();
    const message = new Msg(cursor, this.#host);
    if (this.#callback !== undefined) this.#call(this.#callback, null, message);
    else this.#queue(message);
    if (this.#max !== undefined && this.#received >= this.#max) {
      // Of two links each counts for itself.
      if (this.#isRelinked) this.#host.tellUnsubscribe(this);
      this.finish(undefined);
    }
  }

  /** Ends it with an error the consumer is told. */
  fail(error: Error): void {
    if (this.#phase === "closed") return;
    const { callback } = this;
    this.finish(error);
    if (callback !== undefined) this.#call(callback, error, undefined as never);
  }

  /**
   * Ends it: no more messages; those queued may still be iterated. With `unhandled`, whoever waits for them to be handled waits no
   * longer, and is told that.
   */
  finish(error: Error | undefined, unhandled?: Error): void {
    if (unhandled !== undefined) {
      this.#idle?.reject(unhandled);
      this.#idle = undefined;
    }
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#cancelTimeout();
    this.#detachSignal();
    this.#host.forget(this);
    if (!this.#isIdle()) this.#host.linger(this);
    this.#host.release(this);
    this.#end.resolve(error);
    this.#messages.end(error);
  }

  /** Drops what nobody has taken yet, and tells how much. */
  abandon(): number {
    const abandoned = this.#messages.clear();
    this.#abandoned += abandoned;
    return abandoned;
  }

  /** A new link is told of us: its server counts from there. Returns the messages still allowed, `undefined` = no limit. */
  relinked(beside: boolean): number | undefined {
    this.#isBeside = beside;
    this.#receivedOnEarlierLinks = this.#received;
    this.#isRelinked = true;
    if (this.#overflow === "pause" && this.#messages.overflowing) this.#host.hold(this);
    return this.#max === undefined ? undefined : this.#max - this.#received;
  }

  #call(callback: MsgCallback, error: Error | null, message: Msg): void {
    this.#delivered++;
    try {
      const answer = callback(error, message);
      // Most answer nothing: no function is made for those.
      if (typeof answer !== "object" || answer === null) return;
      const running = watched(answer, (cause) => this.#callbackFailed(cause));
      if (running !== undefined) void this.#track(running);
    } catch (cause) {
      this.#callbackFailed(cause);
    }
  }

  #callbackFailed(cause: unknown): void {
    this.#host.report(new CallbackError("subscription", this.#subject, cause));
  }

  async #track(running: Promise<void>): Promise<void> {
    this.#running++;
    await running;
    this.#running--;
    this.#settleIdle();
  }

  #queue(message: Msg): void {
    const outcome = this.#messages.push(message);
    if (outcome === "queued" && this.#slowAbove === Number.POSITIVE_INFINITY) return;
    if (this.#messages.length <= this.#slowAbove / 2) this.#toldSlow = false;
    if (outcome === "queued") {
      if (this.#toldSlow || this.#messages.length <= this.#slowAbove) return;
      this.#toldSlow = true;
      this.#host.slow(this);
      return;
    }
    if (this.#overflow === "pause") this.#host.hold(this);
    // The beginning of an episode is told, the rest only counted.
    if (outcome === "overflow") this.#host.slow(this);
    if (this.#overflow === "error") {
      this.#host.tellUnsubscribe(this);
      const { limit, unit } = this.#messages.reached;
      this.fail(new SlowConsumerError(this.#subject, this.#messages.length, limit, unit));
    }
  }

  #watch({ timeout, signal, max }: SubscriptionOptions): void {
    checkMax(max);
    if (timeout !== undefined) {
      positive("timeout", timeout, timeout);
      this.#cancelTimeout = this.#host.after(timeout, () => {
        this.#host.tellUnsubscribe(this);
        this.fail(new TimeoutError(`the first message on "${this.#subject}"`, timeout));
      });
    }
    if (signal !== undefined) {
      const abort = (): void => this.unsubscribe();
      signal.addEventListener("abort", abort, { once: true });
      this.#detachSignal = () => signal.removeEventListener("abort", abort);
    }
  }

  /** Resolves when everything received was handled, as far as somebody handles it. */
  handled(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    this.#idle ??= deferred();
    return this.#idle.promise;
  }

  #isIdle(): boolean {
    return this.#running === 0 && (this.#callback !== undefined || !this.#iterating || this.#messages.exhausted);
  }

  #settleIdle(): void {
    if (!this.#isIdle()) return;
    if (this.#phase === "closed") this.#host.left(this);
    if (this.#idle === undefined) return;
    this.#idle.resolve();
    this.#idle = undefined;
  }
}
