// One subscription: its messages on their way to a callback or an iterator, its limit, its end. It outlives links.

import { type Deferred, deferred, observed } from "./deferred.js";
import { CallbackError, InvalidOperationError } from "./errors.js";
import type { Msg } from "./message.js";
import { checked, type Limits, type PendingLimits, whole } from "./options.js";
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
  /** Stops the server from sending more, lets the consumer finish what has arrived, then ends. */
  drain(): Promise<void>;
  /** Drains. */
  [Symbol.asyncDispose](): Promise<void>;
  /** The messages, in order; throws the error that ended the subscription. Leaving the loop unsubscribes. */
  [Symbol.asyncIterator](): AsyncIterator<Msg>;
}

/** What a subscription needs of its connection. */
export interface SubscriptionHost {
  control(line: string): void;
  /** It has ended; `lingers` while something received is still being handled. */
  ended(subscription: OwnSubscription, lingers: boolean): void;
  /** Resolves when the server has handled everything said before. */
  barrier(): Promise<void>;
  report(error: Error): void;
  slow(subscription: Subscription): void;
}

/** Throws InvalidArgumentError for a limit that is none. */
export function checkMax(max: number | undefined): void {
  checked({ max }, { max: whole(1) });
}

export class OwnSubscription implements Subscription {
  readonly #sid: number;
  readonly #subject: string;
  readonly #queue: string | undefined;
  readonly #callback: MsgCallback | undefined;
  readonly #limits: Limits;
  readonly #host: SubscriptionHost;
  readonly #end: Deferred<Error | undefined> = deferred<Error | undefined>();
  #max: number | undefined;
  #phase: "open" | "draining" | "closed" = "open";
  #error: Error | undefined;
  #received = 0;
  #earlier = 0;
  #taken = 0;
  #dropped = 0;
  #messages: (Msg | undefined)[] = [];
  #next = 0;
  #bytes = 0;
  #overflowing = false;
  #iterated = false;
  // Callbacks whose promises have not settled.
  #running = 0;
  readonly #waiting: Deferred<IteratorResult<Msg>>[] = [];
  #idle: Deferred<void>[] = [];

  constructor(sid: number, subject: string, options: SubscriptionOptions, limits: Limits, host: SubscriptionHost) {
    this.#sid = sid;
    this.#subject = subject;
    this.#queue = options.queue;
    this.#callback = options.callback;
    this.#max = options.max;
    this.#limits = limits;
    this.#host = host;
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: the type of the full client
  get closed(): Promise<void | Error> {
    return this.#end.promise;
  }

  getSubject(): string {
    return this.#subject;
  }

  getQueue(): string | undefined {
    return this.#queue;
  }

  getID(): number {
    return this.#sid;
  }

  getReceived(): number {
    return this.#received;
  }

  getProcessed(): number {
    return this.#taken;
  }

  getPending(): number {
    return this.#messages.length - this.#next;
  }

  getDropped(): number {
    return this.#dropped;
  }

  isDraining(): boolean {
    return this.#phase === "draining";
  }

  isClosed(): boolean {
    return this.#phase === "closed";
  }

  unsubscribe(max?: number): void {
    checkMax(max);
    if (this.#phase !== "open") return;
    if (max === undefined || max <= this.#received) {
      this.#host.control(`UNSUB ${this.#sid}`);
      this.abandon();
      this.finish(undefined);
    } else if (this.#max === undefined || max < this.#max) {
      this.#max = max;
      this.#host.control(`UNSUB ${this.#sid} ${max - this.#earlier}`);
    }
  }

  drain(): Promise<void> {
    return observed(this.#drain());
  }

  async #drain(): Promise<void> {
    if (this.isClosed()) throw new InvalidOperationError(`drain of "${this.#subject}": it has ended`);
    if (this.isDraining()) return this.handled();
    this.#phase = "draining";
    this.#host.control(`UNSUB ${this.#sid}`);
    try {
      await this.#host.barrier();
      await this.handled();
    } finally {
      this.finish(undefined);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.isClosed() ? Promise.resolve() : this.drain();
  }

  [Symbol.asyncIterator](): AsyncIterator<Msg> {
    if (this.#callback !== undefined || this.#iterated) {
      throw new InvalidOperationError(`"${this.#subject}" has a consumer already`);
    }
    this.#iterated = true;
    return {
      next: () => {
        const result = deferred<IteratorResult<Msg>>();
        this.#waiting.push(result);
        this.#settle();
        return result.promise;
      },
      return: async () => {
        this.#iterated = false;
        this.unsubscribe();
        return { done: true, value: undefined };
      },
    };
  }

  // --- for the connection ---------------------------------------------------------------------------------------------

  deliver(message: Msg): void {
    if (this.isClosed()) return;
    this.#received++;
    if (this.#callback !== undefined) this.#call(null, message);
    else this.#queueUp(message);
    if (this.#max !== undefined && this.#received >= this.#max && !this.isClosed()) {
      // A server that came later counts from there.
      if (this.#earlier > 0) this.#host.control(`UNSUB ${this.#sid}`);
      this.finish(undefined);
    }
  }

  /** Ends it with an error the consumer is told. */
  fail(error: Error): void {
    if (this.isClosed()) return;
    this.finish(error);
    if (this.#callback !== undefined) this.#call(error, undefined as never);
  }

  /** Ends it: no more messages; those queued may still be iterated. With `unhandled`, nobody waits for that any longer. */
  finish(error: Error | undefined, unhandled?: Error): void {
    if (unhandled !== undefined) for (const waiter of this.#idle.splice(0)) waiter.reject(unhandled);
    if (this.isClosed()) return;
    this.#phase = "closed";
    this.#error = error;
    this.#end.resolve(error);
    this.#settle();
  }

  /** Drops what nobody has taken yet, and tells how much. */
  abandon(): number {
    const abandoned = this.getPending();
    this.#messages = [];
    this.#next = this.#bytes = 0;
    return abandoned;
  }

  /** What a new link is told: whoever is draining, or has had enough, is not subscribed again. */
  lines(): string[] {
    if (this.#phase !== "open") return [];
    this.#earlier = this.#received;
    const lines = [`SUB ${this.#subject} ${this.#queue === undefined ? "" : `${this.#queue} `}${this.#sid}`];
    if (this.#max !== undefined) lines.push(`UNSUB ${this.#sid} ${this.#max - this.#received}`);
    return lines;
  }

  /** Resolves when everything received was handled, as far as somebody handles it. */
  handled(): Promise<void> {
    const idle = deferred();
    this.#idle.push(idle);
    this.#settle();
    return idle.promise;
  }

  #call(error: Error | null, message: Msg): void {
    this.#taken++;
    const running = guarded(
      () => this.#callback?.(error, message),
      (cause) => this.#host.report(new CallbackError("subscription", this.#subject, cause)),
    );
    if (running === undefined) return;
    this.#running++;
    void running.then(() => {
      this.#running--;
      this.#settle();
    });
  }

  #queueUp(message: Msg): void {
    const { bytes, messages } = this.#limits;
    // Whoever waits takes it at once.
    const waits = this.#waiting.length > 0;
    if (!waits && (this.getPending() >= messages || this.#bytes + message.size > bytes)) {
      this.#dropped++;
      // The beginning of an episode is told, the rest only counted.
      if (!this.#overflowing) {
        this.#overflowing = true;
        this.#host.slow(this);
      }
      return;
    }
    this.#messages.push(message);
    this.#bytes += message.size;
    this.#settle();
  }

  #settle(): void {
    const { bytes, messages } = this.#limits;
    while (this.#waiting.length > 0 && (this.getPending() > 0 || this.isClosed())) {
      const result = this.#waiting.shift();
      const value = this.#messages[this.#next];
      if (value !== undefined) {
        // Frees what the message pins.
        this.#messages[this.#next++] = undefined;
        this.#taken++;
        this.#bytes -= value.size;
        // Instead of shift(), which moves all of a long list every time.
        if (this.#next * 2 > this.#messages.length) {
          this.#messages = this.#messages.slice(this.#next);
          this.#next = 0;
        }
        result?.resolve({ done: false, value });
      } else if (this.#error === undefined) result?.resolve({ done: true, value: undefined });
      else {
        result?.reject(this.#error);
        this.#error = undefined;
      }
    }
    if (this.getPending() * 2 <= messages && this.#bytes * 2 <= bytes) this.#overflowing = false;
    const reading = this.#iterated && (this.getPending() > 0 || (this.#waiting.length === 0 && !this.isClosed()));
    const idle = this.#running === 0 && !reading;
    if (this.isClosed()) this.#host.ended(this, !idle);
    if (idle) for (const waiter of this.#idle.splice(0)) waiter.resolve();
  }
}
