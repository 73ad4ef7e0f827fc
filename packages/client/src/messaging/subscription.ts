// One subscription: its messages on their way to a callback or an iterator, its limit, its end. It outlives links; what the
// server is told about it is the business of subscriptions.ts.
// One that hears nothing is a single object: what is not always needed, a queue, a promise, is made when it first is. A collector that
// has 200 000 of them to look at is what messages to the others pay for.

import type { Decoder } from "@myelin/protocol";
import { abortSignal, callable, integer, onlyKnown, positive } from "../argument-checks.js";
import { type Deferred, deferred, observed } from "../deferred.js";
import { CallbackError, InvalidOperationError, SlowConsumerError, TimeoutError } from "../errors.js";
import { watched } from "../user-code.js";
import { Msg } from "./message.js";
import { MessageQueue, type QueueBounds } from "./message-queue.js";
import { type MsgHandler, Processing, type ProcessOptions } from "./processing.js";
import type { SubscriptionHost } from "./subscription-host.js";
import { checkMax, type MsgCallback, type SubscriptionOptions } from "./subscription-options.js";

/** A subscription: `for await (const msg of sub)`, or with a callback. Survives reconnects. */
export class Subscription implements AsyncIterable<Msg> {
  // What a message to a callback needs comes first, to lie together.
  #phase: "open" | "draining" | "closed" = "open";
  #received = 0;
  #delivered = 0;
  #callback: MsgCallback | undefined;
  #max: number | undefined;
  readonly #host: SubscriptionHost;
  readonly #sid: number;
  readonly #subject: string;
  readonly #queueGroup: string | undefined;
  readonly #bounds: QueueBounds;
  // Made when something waits, or somebody does.
  #messages: MessageQueue | undefined;
  // Made when it is asked for.
  #end: Deferred<Error | undefined> | undefined;
  #error: Error | undefined;
  // Which links were told of it: the first, a later one, or a second one at the same time.
  #links: "first" | "later" | "both" = "first";
  #receivedOnEarlierLinks = 0;
  #abandoned = 0;
  #consumer: "loop" | "handler" | undefined;
  #running = 0;
  #idle: Deferred<void> | undefined;
  #drained: Promise<void> | undefined;
  #cancelTimeout: (() => void) | undefined;
  #detachSignal: (() => void) | undefined;

  constructor(sid: number, subject: string, options: SubscriptionOptions, bounds: QueueBounds, host: SubscriptionHost) {
    this.#sid = sid;
    this.#subject = subject;
    this.#queueGroup = options.queue;
    this.#callback = options.callback;
    this.#max = options.max;
    this.#host = host;
    this.#bounds = bounds;
    this.#messages = options.slow === undefined ? undefined : this.#newQueue(integer("slow", options.slow, 0, 0));
    this.#watch(options);
  }

  /** Settles when the subscription has ended: with the error that ended it, else with undefined. Never rejects. */
  // biome-ignore lint/suspicious/noConfusingVoidType: the type of nats.js
  get closed(): Promise<void | Error> {
    this.#end ??= deferred<Error | undefined>();
    if (this.#phase === "closed") this.#end.resolve(this.#error);
    return this.#end.promise;
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
    if (this.#callback !== undefined || this.#consumer === "handler") return this.#delivered;
    return this.#received - this.getDropped() - this.getPending() - this.#abandoned;
  }

  /** Messages waiting for the iterator. */
  getPending(): number {
    return this.#messages?.length ?? 0;
  }

  /** Messages dropped because the consumer was too slow. */
  getDropped(): number {
    return this.#messages?.dropped ?? 0;
  }

  /** Header and payload bytes waiting for the iterator. */
  getPendingBytes(): number {
    return this.#messages?.bytes ?? 0;
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
    if (this.#links !== "both") this.#host.tellUnsubscribe(this, max - this.#receivedOnEarlierLinks);
  }

  /**
   * Stops the server from sending more, lets the consumer finish what has arrived, then ends. Resolves when the last message
   * was handled; an iterator nobody reads is not waited for. Rejects when the link is lost before the server had answered,
   * and when the connection is closed before all was handled; the subscription has ended then all the same. May be repeated:
   * every call tells what the first one does. Rejects with InvalidOperationError when it ended without.
   */
  drain(): Promise<void> {
    this.#drained ??= observed(() => this.#drain());
    return this.#drained;
  }

  async #drain(): Promise<void> {
    if (this.#phase === "closed") throw new InvalidOperationError(`drain of "${this.#subject}": it has ended already`);
    this.#phase = "draining";
    this.#host.tellUnsubscribe(this);
    try {
      await this.#host.barrier();
      this.#messages?.end();
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
    const { key } = onlyKnown(options, { concurrency: true, key: true, signal: true }, "process()");
    const concurrency = integer("concurrency", options.concurrency, 1, 1);
    const signal = abortSignal("signal", options.signal);
    callable("handler", handler);
    const messages = this.#consume("handler");
    const abort = (): void => this.unsubscribe();
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
    const processing = new Processing(handler, concurrency, key, {
      next: () => messages.next(),
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
    const messages = this.#consume("loop");
    return {
      next: () => messages.next(),
      return: async () => {
        if (this.#consumer === "loop") this.#consumer = undefined;
        this.unsubscribe();
        // Nobody reads what is left: a drain waits for it no longer, and a subscription that has ended is forgotten.
        this.#settleIdle();
        return { done: true, value: undefined };
      },
    };
  }

  #consume(consumer: "loop" | "handler"): MessageQueue {
    if (this.#callback !== undefined || this.#consumer !== undefined) {
      const has = this.#callback === undefined ? "a consumer" : "a callback";
      throw new InvalidOperationError(
        `"${this.#subject}" has ${has} already; a subscription has a callback, or one loop, or process()`,
      );
    }
    this.#messages ??= this.#newQueue();
    this.#consumer = consumer;
    return this.#messages;
  }

  #newQueue(slowAbove?: number): MessageQueue {
    const taken = (): void => this.#settleIdle();
    const relieved = (): void => this.#host.release(this);
    const messages = new MessageQueue(this.#bounds, taken, relieved, slowAbove);
    if (this.#phase === "closed") messages.end(this.#error);
    return messages;
  }

  /** What it is and how it stands, for logs. */
  toJSON(): Readonly<Record<string, unknown>> {
    const [pending, dropped] = [this.getPending(), this.getDropped()];
    const facts = { subject: this.#subject, queue: this.#queueGroup, sid: this.#sid, state: this.#phase };
    return { ...facts, received: this.#received, pending, dropped };
  }

  // --- for the connection --------------------------------------------------------------------------------------------

  /** The cursor stands on a message of ours. */
  deliver(cursor: Decoder): void {
    if (this.#phase === "closed") return;
    if (this.#received++ === 0) this.#cancelTimeout?.();
    const message = new Msg(cursor, this.#host);
    if (this.#callback !== undefined) this.#call(this.#callback, null, message);
    else this.#queue(message);
    if (this.#max !== undefined && this.#received >= this.#max) {
      // Of two links each counts for itself.
      if (this.#links !== "first") this.#host.tellUnsubscribe(this);
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
   * longer, and is told what that makes.
   */
  finish(error: Error | undefined, unhandled?: () => Error): void {
    if (this.#idle !== undefined && unhandled !== undefined) {
      this.#idle.reject(unhandled());
      this.#idle = undefined;
    }
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#error = error;
    this.#cancelTimeout?.();
    this.#detachSignal?.();
    this.#host.forget(this);
    if (!this.#isIdle()) this.#host.linger(this);
    this.#host.release(this);
    this.#end?.resolve(error);
    this.#messages?.end(error);
  }

  /** Drops what nobody has taken yet, and tells how much. */
  abandon(): number {
    const abandoned = this.#messages?.clear() ?? 0;
    this.#abandoned += abandoned;
    return abandoned;
  }

  /** A new link is told of us: its server counts from there. Returns the messages still allowed, `undefined` = no limit. */
  relinked(beside: boolean): number | undefined {
    this.#links = beside ? "both" : "later";
    this.#receivedOnEarlierLinks = this.#received;
    if (this.#bounds.overflow === "pause" && this.#messages?.overflowing === true) this.#host.hold(this);
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
    this.#messages ??= this.#newQueue();
    const outcome = this.#messages.push(message);
    if (outcome === "queued") return;
    const { overflow } = this.#bounds;
    if (outcome !== "slow" && overflow === "pause") this.#host.hold(this);
    // The beginning of an episode is told, the rest only counted.
    if (outcome !== "overflowing") this.#host.slow(this);
    if (outcome !== "slow" && overflow === "error") {
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
    if (this.#running > 0) return false;
    return this.#callback !== undefined || this.#consumer === undefined || this.#messages?.exhausted === true;
  }

  #settleIdle(): void {
    if (!this.#isIdle()) return;
    if (this.#phase === "closed") this.#host.left(this);
    if (this.#idle === undefined) return;
    this.#idle.resolve();
    this.#idle = undefined;
  }
}
