// One received message: offsets now, strings and headers when they are read. No subscription, no connection.
// Source: NATS client protocol (MSG, HMSG), ADR-4; conformance PROTO-16, PROTO-17, PROTO-28 … PROTO-33.

import type { Decoder } from "./decoder.js";
import type { Payload } from "./encoder.js";
import { inlineStatus, readHeaders } from "./header-block.js";
import type { MsgHdrs } from "./headers.js";
import type { ReceivedChunk } from "./received-chunk.js";
import { readUtf8 } from "./utf8.js";

/** Whatever can send an answer. */
export interface Answering<Options> {
  /** Sends to `subject`; what it answers is ignored, what it throws is passed on. */
  publish(subject: string, payload?: Payload, options?: Options): unknown;
}

/**
 * A message that came under a decoder's cursor. Costs one object; nothing is copied and nothing decoded until it is
 * read. Keeps the chunk it arrived in alive (over TCP at most 256 KiB, the whole message when that is larger): to keep many
 * messages for long, copy what is needed.
 */
export class DecodedMessage<Options = never> {
  /** -1 when the peer's sid is not a decimal number. */
  readonly sid: number;
  readonly #answering: Answering<Options> | undefined;
  readonly #chunk: ReceivedChunk;
  readonly #subjectStart: number;
  readonly #subjectEnd: number;
  readonly #replyStart: number;
  readonly #replyEnd: number;
  readonly #headersStart: number;
  readonly #payloadStart: number;
  readonly #payloadEnd: number;

  /**
   * @param cursor must stand on a MSG, HMSG, PUB or HPUB; may move on afterwards
   * @param answering what {@link respond} publishes by way of
   */
  constructor(cursor: Decoder, answering?: Answering<Options>) {
    this.sid = cursor.sid;
    this.#answering = answering;
    this.#chunk = cursor.chunk;
    this.#subjectStart = cursor.subjectStart;
    this.#subjectEnd = cursor.subjectEnd;
    this.#replyStart = cursor.replyStart;
    this.#replyEnd = cursor.replyEnd;
    this.#headersStart = cursor.headersStart;
    this.#payloadStart = cursor.payloadStart;
    this.#payloadEnd = cursor.payloadEnd;
  }

  /** Decoded at every read. */
  get subject(): string {
    return this.#chunk.subject(this.#subjectStart, this.#subjectEnd);
  }

  /** Where an answer is expected, `undefined` when none is. */
  get reply(): string | undefined {
    if (this.#replyStart === this.#replyEnd) return undefined;
    return readUtf8(this.#chunk.bytes, this.#replyStart, this.#replyEnd);
  }

  /**
   * The headers, `undefined` when the message has none; a new object at every read. Throws {@link HeaderError} when malformed. Until
   * they are looked at as a whole (`keys()`, `toRecord()`, a change) they keep the chunk alive, as `data` does.
   */
  get headers(): MsgHdrs | undefined {
    if (this.#headersStart === this.#payloadStart) return undefined;
    return readHeaders(this.#chunk.bytes, this.#headersStart, this.#payloadStart);
  }

  /** A view of the payload, valid for ever; it pins the chunk the message arrived in. */
  get data(): Uint8Array {
    return this.#chunk.view(this.#payloadStart, this.#payloadEnd);
  }

  /** Bytes of headers and payload. */
  get size(): number {
    return this.#payloadEnd - this.#headersStart;
  }

  /** The status code in front of the headers (503 = no responders), 0 when there is none; does not read the headers. */
  get status(): number {
    if (this.#headersStart === this.#payloadStart) return 0;
    return inlineStatus(this.#chunk.bytes, this.#headersStart, this.#payloadStart);
  }

  /** The payload as UTF-8 text; malformed sequences become U+FFFD. */
  string(): string {
    return readUtf8(this.#chunk.bytes, this.#payloadStart, this.#payloadEnd);
  }

  /** The payload as JSON. Throws `SyntaxError` when it is not. */
  json<T = unknown>(): T {
    return JSON.parse(this.string()) as T;
  }

  /**
   * Publishes to the reply subject.
   *
   * @returns false when the message has none, or came by no way to answer it, else true; throws like `publish`
   */
  respond(payload?: Payload, options?: Options): boolean {
    const { reply } = this;
    if (reply === undefined || this.#answering === undefined) return false;
    this.#answering.publish(reply, payload, options);
    return true;
  }
}
