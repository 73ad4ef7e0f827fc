// Messages between the link that delivers them and the one consumer that iterates: bounded in count and bytes, dropping the
// newest past the bound (D8). It knows neither subjects nor servers.

import { type Deferred, deferred } from "../deferred.js";
import type { Msg } from "./message.js";

/** What became of a pushed message; `overflow` is the first drop since the queue was last below its bound. */
export type PushOutcome = "queued" | "overflow" | "dropped";

export class MessageQueue {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  // Two arrays instead of shift(): the consumer empties one while the link fills the other.
  #incoming: Msg[] = [];
  #outgoing: Msg[] = [];
  #next = 0;
  #bytes = 0;
  #overflowing = false;
  #ended = false;
  #error: Error | undefined;
  #waiting: Deferred<IteratorResult<Msg>> | undefined;
  readonly #taken: () => void;

  /**
   * @param maxMessages bound on messages, -1 for none
   * @param maxBytes bound on their header and payload bytes, -1 for none
   * @param taken called when the consumer has asked for more than there is, and when the queue has ended and is empty
   */
  constructor(maxMessages: number, maxBytes: number, taken: () => void) {
    this.#maxMessages = maxMessages < 0 ? Number.POSITIVE_INFINITY : maxMessages;
    this.#maxBytes = maxBytes < 0 ? Number.POSITIVE_INFINITY : maxBytes;
    this.#taken = taken;
  }

  /** Messages held. */
  get length(): number {
    return this.#incoming.length + this.#outgoing.length - this.#next;
  }

  /** Their header and payload bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True when the consumer has everything there is and waits for more, or for the end it was told. */
  get exhausted(): boolean {
    return this.length === 0 && (this.#waiting !== undefined || this.#ended);
  }

  push(message: Msg): PushOutcome {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.resolve({ done: false, value: message });
      return "queued";
    }
    const { size } = message;
    if (this.length >= this.#maxMessages || this.#bytes + size > this.#maxBytes) {
      if (this.#overflowing) return "dropped";
      this.#overflowing = true;
      return "overflow";
    }
    this.#bytes += size;
    this.#incoming.push(message);
    return "queued";
  }

  /**
   * Resolves with the next message, or with the end once the queue is empty and ended; rejects once, in place of the end, with
   * the error it ended with. For one consumer at a time.
   */
  next(): Promise<IteratorResult<Msg>> {
    const message = this.#shift();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    const result = deferred<IteratorResult<Msg>>();
    if (this.#ended) this.#settle(result);
    else this.#waiting = result;
    this.#taken();
    return result.promise;
  }

  /** No more messages come; those held may still be taken. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#settle(waiting);
    this.#taken();
  }

  /** Forgets what is held. */
  clear(): number {
    const dropped = this.length;
    this.#incoming = [];
    this.#outgoing = [];
    this.#next = 0;
    this.#bytes = 0;
    return dropped;
  }

  #settle(result: Deferred<IteratorResult<Msg>>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) result.resolve({ done: true, value: undefined });
    else result.reject(error);
  }

  #shift(): Msg | undefined {
    if (this.#next === this.#outgoing.length) {
      if (this.#incoming.length === 0) return undefined;
      this.#outgoing = this.#incoming;
      this.#incoming = [];
      this.#next = 0;
    }
    const message = this.#outgoing[this.#next];
    if (message === undefined) return undefined;
    // Frees what the message pins before its batch is done.
    this.#outgoing[this.#next++] = undefined as never;
    this.#bytes -= message.size;
    if (this.#overflowing && this.length * 2 <= this.#maxMessages && this.#bytes * 2 <= this.#maxBytes) {
      this.#overflowing = false;
    }
    return message;
  }
}
