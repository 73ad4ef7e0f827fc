// Operations in, bytes out, both directions. Every method either appends one whole operation or throws and appends nothing.
// Where the bytes lie is in outgoing-blocks.ts; what a field may hold in encoder-fields.ts.
// Source: NATS client protocol; conformance PROTO-2, PROTO-9, PROTO-11 … PROTO-20, PROTO-25 … PROTO-29.

import { InvalidArgumentError, NatsError } from "@myelin/contracts";
import {
  headerText,
  writeAscii,
  writeAsciiText,
  writeBytes,
  writeCrlf,
  writeDecimal,
  writePublishSubject,
  writeQueue,
  writeSubscribeSubject,
} from "./encoder-fields.js";
import type { MsgHdrs } from "./headers.js";
import { OutgoingBlocks } from "./outgoing-blocks.js";
import { InvalidSubjectError } from "./subject.js";
import { utf8Length, writeUtf8 } from "./utf8.js";
import { type ConnectOptions, connectJson, type ServerInfo } from "./wire.js";

/** Bytes as they are, or text to be sent as UTF-8 (half a surrogate pair becomes U+FFFD). */
export type Payload = Uint8Array | string;

/** How an encoder writes. */
export interface EncoderOptions {
  /** Bytes of the largest outgoing blocks; the first are smaller, for most encoders write little. Default 65536; at least 1024. */
  readonly blockSize?: number;
  /** What a wildcard token in a subject to publish to, or in a reply subject, means. Default `"reject"`. */
  readonly wildcardsInPublish?: "reject" | "allow";
}

/** A message larger than the server accepts. Thrown before any byte is written. */
export class MaxPayloadError extends NatsError {
  readonly code = "MAX_PAYLOAD";

  constructor(
    /** Bytes of headers and payload. */
    readonly size: number,
    /** What the server accepts, its `max_payload`. */
    readonly limit: number,
    override readonly subject: string,
  ) {
    super(`message of ${size} bytes (headers and payload) to "${subject.slice(0, 128)}" exceeds max_payload ${limit}`);
  }
}

const DEFAULT_BLOCK_SIZE = 65_536;
// Verb, blanks, sid, two sizes, three line ends: always less.
const LINE_OVERHEAD = 96;
const EMPTY: Uint8Array = new Uint8Array(0);
const NO_WORDS: Int32Array = new Int32Array(0);
const SPACE = 32;
// Up to here a loop over the characters beats the runtime's encoder.
const SHORT_TEXT = 40;

type SubjectWriter = (block: Uint8Array, at: number, subject: string, what: string) => number;

/** Writes one side of a NATS connection into blocks of bytes. */
export class Encoder {
  /** Most bytes of headers and payload in one message; set it from every INFO. Default `Infinity`. */
  maxPayload: number = Number.POSITIVE_INFINITY;
  readonly #out: OutgoingBlocks;
  readonly #writePublishSubject: SubjectWriter;
  #previousSubject: string | undefined = undefined;
  #prefixSubject: string | undefined = undefined;
  #prefix: Int32Array = NO_WORDS;
  #prefixLength = 0;

  constructor(options: EncoderOptions = {}) {
    const blockSize = options.blockSize ?? DEFAULT_BLOCK_SIZE;
    if (!Number.isInteger(blockSize) || blockSize < 1024) {
      throw new InvalidArgumentError("blockSize", "is not an integer of at least 1024");
    }
    this.#out = new OutgoingBlocks(blockSize);
    this.#writePublishSubject = options.wildcardsInPublish === "allow" ? writeSubscribeSubject : writePublishSubject;
  }

  /** CONNECT, with those fields that say something. */
  connect(options: ConnectOptions): void {
    this.#line("CONNECT ", connectJson(options));
  }

  /** PING. */
  ping(): void {
    this.#line("PING", "");
  }

  /** PONG. */
  pong(): void {
    this.#line("PONG", "");
  }

  /**
   * Publishes. The payload is copied, so it may be changed afterwards. Returns the bytes of the payload. Throws
   * {@link InvalidSubjectError}, {@link MaxPayloadError}, or `InvalidArgumentError` for a payload of another type.
   */
  pub(subject: string, reply: string | undefined, payload: Payload | undefined): number {
    if (typeof payload === "string" && payload.length <= SHORT_TEXT) return this.#pubShortText(subject, reply, payload);
    if (subject === this.#prefixSubject && reply === undefined && payload instanceof Uint8Array) {
      return this.#pubAgain(subject, payload);
    }
    const bytes = payload ?? EMPTY;
    const size = checkedLength(bytes);
    const at = this.#pubStart(subject, reply, size, size);
    const block = this.#out.block;
    const body = writeCrlf(block, writeDecimal(this.#out.view, at, size));
    this.#out.position = writeCrlf(block, writeBytes(block, body, bytes));
    return size;
  }

  /**
   * Publishes with headers; otherwise like `pub`. Returns the bytes of headers and payload. Throws `InvalidArgumentError` for an object
   * that is no headers.
   */
  hpub(subject: string, reply: string | undefined, headers: MsgHdrs, payload: Payload | undefined): number {
    return this.#message("HPUB ", subject, undefined, reply, headerText(headers), payload);
  }

  /**
   * SUB; without `queue` a plain subscription.
   *
   * @param sid a non-negative integer, unique on its connection
   */
  sub(subject: string, queue: string | undefined, sid: number): void {
    checkCount("sid", sid, 0);
    checkText(subject, "subject");
    if (queue !== undefined) checkText(queue, "queue");
    const out = this.#out;
    out.reserve((subject.length + (queue?.length ?? 0)) * 3 + LINE_OVERHEAD);
    const block = out.block;
    let at = writeAscii(block, out.position, "SUB ");
    at = writeSubscribeSubject(block, at, subject, "subject");
    block[at++] = SPACE;
    if (queue !== undefined) {
      at = writeQueue(block, at, queue);
      block[at++] = SPACE;
    }
    out.position = writeCrlf(block, writeDecimal(out.view, at, sid));
  }

  /**
   * UNSUB.
   *
   * @param max deliver this many messages in total, then end the subscription; `undefined` = end it now
   */
  unsub(sid: number, max?: number): void {
    checkCount("sid", sid, 0);
    if (max !== undefined) checkCount("max", max, 1);
    this.#line("UNSUB ", max === undefined ? String(sid) : `${sid} ${max}`);
  }

  /** INFO, as a server sends it. */
  info(info: Partial<ServerInfo> & object): void {
    this.#line("INFO ", JSON.stringify(info));
  }

  /** MSG, as a server sends it; returns the bytes of its payload. */
  msg(subject: string, sid: number | string, reply: string | undefined, payload: Payload | undefined): number {
    return this.#message("MSG ", subject, checkedSid(sid), reply, undefined, payload);
  }

  /**
   * HMSG, as a server sends it; returns the bytes of headers and payload.
   *
   * @param headers an object, or an already encoded block, which is passed on as it is
   */
  hmsg(
    subject: string,
    sid: number | string,
    reply: string | undefined,
    headers: MsgHdrs | Uint8Array,
    payload: Payload | undefined,
  ): number {
    const block = headers instanceof Uint8Array ? headers : headerText(headers);
    return this.#message("HMSG ", subject, checkedSid(sid), reply, block, payload);
  }

  /** +OK, as a server sends it. */
  ok(): void {
    this.#line("+OK", "");
  }

  /**
   * -ERR, as a server sends it.
   *
   * @param text without the quotes around it; CR and LF throw `InvalidArgumentError`
   */
  err(text: string): void {
    if (/[\r\n]/.test(text)) throw new InvalidArgumentError("text", "contains CR or LF");
    this.#line("-ERR ", `'${text}'`);
  }

  /** Appends whole operations that are encoded already. The bytes are copied. */
  raw(bytes: Uint8Array): void {
    const out = this.#out;
    out.reserve(bytes.length);
    out.block.set(bytes, out.position);
    out.position += bytes.length;
  }

  /** Bytes encoded and not yet taken. */
  get pendingBytes(): number {
    return this.#out.pendingBytes;
  }

  /**
   * True when `take` hands out a block that is full, or as much as a block of `blockSize`. Less than that in the last one, which is still
   * written to, does not count.
   */
  get hasFullBlock(): boolean {
    return this.#out.hasFull;
  }

  /** The oldest bytes not yet taken, as one piece, now the caller's; `undefined` when there are none. */
  take(): Uint8Array | undefined {
    return this.#out.take();
  }

  /** Gives back everything that was taken so far: nobody uses it any more, and what comes next may be written over it. */
  reuse(): void {
    this.#out.reuse();
  }

  /** True while blocks are kept, of what was given back, that {@link trim} can let go of: 32 MiB at most. */
  get hasSpare(): boolean {
    return this.#out.hasSpare;
  }

  /** Lets go of what was given back and has not been needed since the last call; to be called now and then while `hasSpare`. */
  trim(): void {
    this.#out.trim();
  }

  #line(verb: string, rest: string): void {
    const out = this.#out;
    out.reserve(verb.length + utf8Length(rest) + 2);
    const at = writeAscii(out.block, out.position, verb);
    out.position = writeCrlf(out.block, rest === "" ? at : writeUtf8(out.block, at, rest));
  }

  // Plainly: take the UTF-8 length, write it, write the text. Taking the text for ASCII until a character says otherwise
  // saves one pass and two calls into the runtime: 68 to 103 instead of 126 to 265 ns for 16 characters.
  #pubShortText(subject: string, reply: string | undefined, text: string): number {
    const at = this.#pubStart(subject, reply, text.length, text.length * 3);
    const block = this.#out.block;
    const ascii = writeAsciiText(block, writeCrlf(block, writeDecimal(this.#out.view, at, text.length)), text);
    if (ascii >= 0) {
      this.#out.position = writeCrlf(block, ascii);
      return text.length;
    }
    const size = utf8Length(text);
    this.#checkSize(size, subject);
    const body = writeCrlf(block, writeDecimal(this.#out.view, at, size));
    this.#out.position = writeCrlf(block, writeUtf8(block, body, text));
    return size;
  }

  // What most publishes are: bytes, to the subject of the one before. Nothing but their size is left to check.
  #pubAgain(subject: string, payload: Uint8Array): number {
    const size = payload.length;
    this.#checkSize(size, subject);
    const out = this.#out;
    out.reserve(this.#prefixLength + size + LINE_OVERHEAD);
    const { block, view } = out;
    const body = writeCrlf(block, writeDecimal(view, this.#writePrefix(view, out.position), size));
    block.set(payload, body);
    out.position = writeCrlf(block, body + size);
    return size;
  }

  /** Checks everything, makes room and writes a PUB up to its size; nothing counts before `position` moves. */
  #pubStart(subject: string, reply: string | undefined, size: number, room: number): number {
    checkText(subject, "subject");
    if (reply !== undefined) checkText(reply, "reply");
    this.#checkSize(size, subject);
    const out = this.#out;
    out.reserve((subject.length + (reply === undefined ? 0 : reply.length)) * 3 + room + LINE_OVERHEAD);
    const block = out.block;
    const start = out.position;
    let at = start;
    if (subject === this.#prefixSubject) {
      at = this.#writePrefix(out.view, at);
    } else {
      block[at] = 80; // P
      block[at + 1] = 85; // U
      block[at + 2] = 66; // B
      block[at + 3] = SPACE;
      at = this.#writePublishSubject(block, at + 4, subject, "subject");
      block[at++] = SPACE;
      this.#learnPrefix(subject, start, at);
    }
    if (reply !== undefined) {
      at = this.#writePublishSubject(block, at, reply, "reply");
      block[at++] = SPACE;
    }
    return at;
  }

  // Four bytes at once: to `set` so few is a call into the runtime, 20 ns more. The last word may write past the prefix, into room
  // that the size is written to.
  #writePrefix(view: DataView, at: number): number {
    const words = this.#prefix;
    for (let i = 0; i < words.length; i++) view.setInt32(at + i * 4, words[i] as number);
    return at + this.#prefixLength;
  }

  // A subject published twice in a row is likely to come again: its checked bytes are kept, which is much less than checking
  // them again. Not at the first time, so that changing subjects allocate nothing.
  #learnPrefix(subject: string, start: number, end: number): void {
    if (subject !== this.#previousSubject) {
      this.#previousSubject = subject;
      return;
    }
    const { view } = this.#out;
    this.#prefixSubject = subject;
    this.#prefix = Int32Array.from({ length: (end - start + 3) >> 2 }, (_, i) => view.getInt32(start + i * 4));
    this.#prefixLength = end - start;
  }

  #checkSize(size: number, subject: string): void {
    if (size > this.maxPayload) throw new MaxPayloadError(size, this.maxPayload, subject);
  }

  #message(
    verb: string,
    subject: string,
    sid: string | undefined,
    reply: string | undefined,
    headers: string | Uint8Array | undefined,
    payload: Payload = EMPTY,
  ): number {
    checkText(subject, "subject");
    if (reply !== undefined) checkText(reply, "reply");
    const headerBytes = headers === undefined ? 0 : byteLength(headers);
    const total = headerBytes + checkedLength(payload);
    this.#checkSize(total, subject);
    const out = this.#out;
    out.reserve((subject.length + (reply?.length ?? 0) + (sid?.length ?? 0)) * 3 + total + LINE_OVERHEAD);
    const block = out.block;
    let at = writeAscii(block, out.position, verb);
    at = this.#writePublishSubject(block, at, subject, "subject");
    block[at++] = SPACE;
    if (sid !== undefined) {
      at = writeAscii(block, at, sid);
      block[at++] = SPACE;
    }
    if (reply !== undefined) {
      at = this.#writePublishSubject(block, at, reply, "reply");
      block[at++] = SPACE;
    }
    if (headers !== undefined) {
      at = writeDecimal(out.view, at, headerBytes);
      block[at++] = SPACE;
    }
    at = writeCrlf(block, writeDecimal(out.view, at, total));
    if (headers !== undefined) at = writeBytes(block, at, headers);
    out.position = writeCrlf(block, writeBytes(block, at, payload));
    return total;
  }
}

function byteLength(bytes: Payload): number {
  return typeof bytes === "string" ? utf8Length(bytes) : bytes.length;
}

function checkedLength(payload: Payload): number {
  if (typeof payload === "string") return utf8Length(payload);
  if (payload instanceof Uint8Array || Object.prototype.toString.call(payload) === "[object Uint8Array]") {
    return payload.length;
  }
  throw new InvalidArgumentError("payload", "is neither a Uint8Array nor a string");
}

function checkText(text: string, what: string): void {
  if (typeof text !== "string") throw new InvalidSubjectError(String(text), "not-a-string", what);
}

function checkCount(argument: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new InvalidArgumentError(argument, `is not an integer of at least ${least}`);
  }
}

function checkedSid(sid: number | string): string {
  if (typeof sid === "number") {
    checkCount("sid", sid, 0);
    return String(sid);
  }
  if (typeof sid !== "string" || !/^[!-~]{1,1024}$/.test(sid)) {
    throw new InvalidArgumentError("sid", "is not printable ASCII without blanks");
  }
  return sid;
}
