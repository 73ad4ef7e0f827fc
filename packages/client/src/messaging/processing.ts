// Awaited handlers on one stream of messages: at most so many at a time, in order within a key, bounded in what was taken and
// waits for its turn. Where the messages come from is not its business.

import { watched } from "../user-code.js";
import type { Msg } from "./message.js";

/** Handles one message; awaited. A throw or rejection is reported and ends nothing. */
export type MsgHandler = (msg: Msg) => unknown;

/** Options of `process()`. */
export interface ProcessOptions {
  /** Handlers that run at the same time at most. Default 1: in order, one after the other. */
  readonly concurrency?: number | undefined;
  /** Messages with the same key are handled in order, one after the other; without it order holds for concurrency 1 only. */
  readonly key?: ((msg: Msg) => unknown) | undefined;
  /** Ends the subscription, like `unsubscribe()`; what was taken already, look-ahead of a `key` included, is still handled. */
  readonly signal?: AbortSignal | undefined;
}

/** Messages taken per handler, beyond those being handled, so that one busy key does not hold up the others. */
const LOOK_AHEAD = 8;

export interface ProcessingHost {
  next(): Promise<IteratorResult<Msg>>;
  /** A handler or the key function failed. */
  report(cause: unknown): void;
  /** A handler starts; a handler has finished. */
  started(): void;
  finished(): void;
}

export class Processing {
  readonly #handler: MsgHandler;
  readonly #concurrency: number;
  readonly #key: ((msg: Msg) => unknown) | undefined;
  readonly #host: ProcessingHost;
  // For each key that is busy or ready, the messages behind its first.
  readonly #lanes = new Map<unknown, Msg[]>();
  readonly #ready: { readonly key: unknown; readonly msg: Msg }[] = [];
  #running = 0;
  #taken = 0;
  #wake: () => void = () => {};

  constructor(
    handler: MsgHandler,
    concurrency: number,
    key: ((msg: Msg) => unknown) | undefined,
    host: ProcessingHost,
  ) {
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#key = key;
    this.#host = host;
  }

  /** Resolves when the messages have ended and the last handler has; rejects then with the error they ended with. */
  async run(): Promise<void> {
    const window = this.#key === undefined ? this.#concurrency : this.#concurrency * (1 + LOOK_AHEAD);
    try {
      for (;;) {
        while (this.#taken >= window) await this.#change();
        const { done, value } = await this.#host.next();
        if (done === true) break;
        this.#take(value);
      }
    } finally {
      while (this.#taken > 0) await this.#change();
    }
  }

  #take(msg: Msg): void {
    this.#taken++;
    const key = this.#keyOf(msg);
    const lane = this.#lanes.get(key);
    if (lane !== undefined) lane.push(msg);
    else {
      this.#lanes.set(key, []);
      this.#ready.push({ key, msg });
      this.#start();
    }
  }

  // Without a key, or when asking for it failed, a message stands for itself.
  #keyOf(msg: Msg): unknown {
    if (this.#key === undefined) return msg;
    try {
      const key = this.#key(msg);
      // A promise is a key of its own; should it reject, somebody must hear of it.
      void watched(key, (cause) => this.#host.report(cause));
      return key;
    } catch (cause) {
      this.#host.report(cause);
      return msg;
    }
  }

  #start(): void {
    while (this.#running < this.#concurrency) {
      const first = this.#ready.shift();
      if (first === undefined) return;
      this.#running++;
      this.#host.started();
      // Never rejects.
      void this.#handle(first.key, first.msg);
    }
  }

  async #handle(key: unknown, msg: Msg): Promise<void> {
    try {
      await this.#handler(msg);
    } catch (cause) {
      this.#host.report(cause);
    }
    this.#running--;
    this.#taken--;
    const behind = this.#lanes.get(key)?.shift();
    if (behind === undefined) this.#lanes.delete(key);
    else this.#ready.push({ key, msg: behind });
    this.#start();
    this.#host.finished();
    this.#wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
