// A received message as the application sees it.

import { type MsgHdrs, readHeaders } from "./headers.js";
import { fromUtf8 } from "./utf8.js";
import type { IncomingMessage } from "./wire.js";

/** Bytes as they are, or text to be sent as UTF-8. */
export type Payload = Uint8Array | string;

/** Options of one publish. */
export interface PublishOptions {
  /** Subject to answer on. */
  readonly reply?: string | undefined;
  /** Made with `headers()`; written at the call. */
  readonly headers?: MsgHdrs | undefined;
}

/**
 * A received message. Its `data` is yours: nothing writes to it again. It is a view that keeps the chunk it arrived in alive: copy it
 * (`data.slice()`) to keep a small message for long.
 */
export interface Msg {
  /** What it was published to. */
  readonly subject: string;
  /** Where an answer is expected, `undefined` when none is. */
  readonly reply: string | undefined;
  /** The headers, `undefined` when there are none; a new object at every read. Throws HeaderError when malformed. */
  readonly headers: MsgHdrs | undefined;
  /** The payload. */
  readonly data: Uint8Array;
  /** Number of the subscription, as the server has it. */
  readonly sid: number;
  /** Bytes of headers and payload. */
  readonly size: number;
  /** The payload as UTF-8 text. */
  string(): string;
  /** The payload as JSON. Throws `SyntaxError` when it is not. */
  json<T = unknown>(): T;
  /** Publishes to the reply subject; false when there is none. Throws like `publish`. */
  respond(payload?: Payload, options?: PublishOptions): boolean;
}

export class ReceivedMessage implements Msg {
  readonly sid: number;
  readonly subject: string;
  readonly reply: string | undefined;
  readonly data: Uint8Array;
  readonly #block: Uint8Array | undefined;
  readonly #publish: (subject: string, payload?: Payload, options?: PublishOptions) => boolean;

  constructor(
    message: IncomingMessage,
    publish: (subject: string, payload?: Payload, options?: PublishOptions) => boolean,
  ) {
    this.sid = message.sid;
    this.subject = message.subject;
    this.reply = message.reply;
    this.data = message.data;
    this.#block = message.block;
    this.#publish = publish;
  }

  get headers(): MsgHdrs | undefined {
    return this.#block && readHeaders(this.#block);
  }

  get size(): number {
    return this.data.length + (this.#block?.length ?? 0);
  }

  string(): string {
    return fromUtf8(this.data);
  }

  json<T = unknown>(): T {
    return JSON.parse(this.string()) as T;
  }

  respond(payload?: Payload, options?: PublishOptions): boolean {
    if (this.reply === undefined) return false;
    this.#publish(this.reply, payload, options);
    return true;
  }
}
