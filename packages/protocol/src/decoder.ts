// Bytes in, one operation at a time out. Pull style: the caller may stop between any two operations, so that nothing of an
// encrypted session is ever read as plaintext. No sockets, no strings on the hot path, no allocation for a message.
// What a valid line is lives in control-line.ts. Source: NATS client protocol; conformance PROTO-1 … PROTO-21.

import { type CursorState, checkUnfinishedLine, type LineLimits, readControlLine } from "./control-line.js";
import { Op } from "./op.js";
import { PartialOperation } from "./partial-operation.js";
import { ProtocolError } from "./protocol-error.js";
import { LastSubject, ReceivedChunk } from "./received-chunk.js";
import { stripQuotes } from "./server-error.js";
import { endOfWord, FAST_DIGITS, placeMessage, readUsualHMsg, sameBytes } from "./usual-lines.js";
import { allocate, readUtf8 } from "./utf8.js";
import { type ConnectOptions, parseConnectOptions, parseServerInfo, type ServerInfo } from "./wire.js";

/** Whose stream it is, and what of it is accepted. */
export interface DecoderOptions {
  /** Who writes the stream: a server sends INFO, MSG, HMSG, +OK, -ERR; a client CONNECT, PUB, HPUB, SUB, UNSUB. */
  readonly from: "server" | "client";
  /**
   * Bytes after the verb of a control line. Default 4096 from a client, as servers have it, and 65536 from a server: a
   * server adds sids, and may itself be configured for more. INFO, CONNECT and -ERR may have 1 MiB.
   */
  readonly maxControlLine?: number;
  /** Bytes of headers and payload a single message may declare. Default 64 MiB. */
  readonly maxPayload?: number;
}

const DEFAULT_MAX_CONTROL_LINE = { server: 65_536, client: 4096 } as const;
const DEFAULT_MAX_PAYLOAD = 64 * 1024 * 1024;
const NOTHING: Uint8Array = new Uint8Array(0);
const NOTHING_VIEW: DataView = new DataView(NOTHING.buffer);
const CR = 13;
const LF = 10;
const SPACE = 32;
// Four and two bytes as one number.
const MSG = 0x4d534720;
const CRLF = 0x0d0a;
const SHORTEST_MSG = 12; // "MSG a 1 0" and two line ends
const NO_RUN = 0x3fffffff; // longer than any buffer

/**
 * Reads one side of a NATS connection.
 *
 * `push` bytes as they come, then call `next` until it answers `Op.None`. Everything else describes the operation that
 * `next` returned, as offsets into `buffer`, and is valid until the next call of `next` or `push`; fields that the
 * operation does not have hold old values. The bytes themselves are never overwritten: a view into `buffer` stays good
 * as long as it is kept.
 */
export class Decoder implements Readonly<CursorState> {
  /** What all offsets index into. */
  readonly buffer: Uint8Array = NOTHING;
  /** The same bytes in the form messages keep. */
  readonly chunk: ReceivedChunk;
  /** Where the subject begins: PUB, HPUB, MSG, HMSG, SUB. */
  readonly subjectStart: number = 0;
  /** Behind its last byte. */
  readonly subjectEnd: number = 0;
  /** Equal to `replyEnd` when there is no reply subject. */
  readonly replyStart: number = 0;
  /** Behind the last byte of the reply subject. */
  readonly replyEnd: number = 0;
  /** SUB only; equal to `queueEnd` when there is no queue group. */
  readonly queueStart: number = 0;
  /** Behind the last byte of the queue group. */
  readonly queueEnd: number = 0;
  /** Equal to `payloadStart` when there are no headers. */
  readonly headersStart: number = 0;
  /** Where the payload begins: PUB, HPUB, MSG, HMSG. */
  readonly payloadStart: number = 0;
  /** Behind its last byte; without the line end. */
  readonly payloadEnd: number = 0;
  /** MSG, HMSG, SUB and UNSUB; -1 when it is not a decimal number, then see `sidText`. */
  readonly sid: number = 0;
  /** Set only while `sid` is -1. */
  readonly sidStart: number = 0;
  /** Behind the last byte of the sid. */
  readonly sidEnd: number = 0;
  /** UNSUB only; 0 = none. */
  readonly max: number = 0;
  /** INFO, CONNECT and -ERR: everything after the verb, without the blanks around it. */
  readonly argumentsStart: number = 0;
  /** Behind the last byte of the arguments. */
  readonly argumentsEnd: number = 0;

  readonly #lastSubject: LastSubject = new LastSubject();
  readonly #limits: LineLimits;
  readonly #fromServer: boolean;
  readonly #maxControlLine: number;
  readonly #maxPayload: number;
  readonly #fields: Int32Array = new Int32Array(12);
  // Of `buffer`.
  #view: DataView = NOTHING_VIEW;
  // `buffer` from #position to #end is unread.
  #position = 0;
  #end = 0;
  readonly #partial: PartialOperation = new PartialOperation();
  // Chunks after `buffer` and #partial; the first of them is read up to #queuePosition.
  #queue: Uint8Array[] = [];
  #queueHead = 0;
  #queuePosition = 0;
  #queueBytes = 0;
  #failure: ProtocolError | undefined = undefined;
  // A MSG line of `buffer` from its verb to the blank behind its sid. Messages come in runs: what is the same again is not read again.
  #runStart = 0;
  #runLength = NO_RUN;
  #runSubjectEnd = 0;
  #runSid = 0;

  constructor(options: DecoderOptions) {
    this.#fromServer = options.from === "server";
    this.#maxControlLine = options.maxControlLine ?? DEFAULT_MAX_CONTROL_LINE[options.from];
    this.#maxPayload = options.maxPayload ?? DEFAULT_MAX_PAYLOAD;
    this.chunk = new ReceivedChunk(NOTHING, this.#lastSubject);
    this.#limits = { from: options.from, maxControlLine: this.#maxControlLine, maxPayload: this.#maxPayload };
  }

  /** Adds bytes. Takes ownership of the chunk and only stores it; nothing is read or copied before `next`. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#failure !== undefined) return;
    if (this.bufferedBytes === 0) {
      this.#show(chunk);
      this.#position = 0;
      this.#end = chunk.length;
    } else {
      this.#queue.push(chunk);
      this.#queueBytes += chunk.length;
    }
  }

  /** Bytes pushed that belong to no operation returned so far. 0 before a TLS upgrade, or the upgrade must not go on. */
  get bufferedBytes(): number {
    return this.#end - this.#position + this.#partial.length + this.#queueBytes;
  }

  /**
   * Where the next bytes of the stream are best read to: the rest of a large message, in the memory that the message will have, so that
   * they are not copied. `undefined` = anywhere. Ours: write to the beginning of it only, and `push` that very part before anything else; it
   * holds until then. Who has asked once has messages of up to 2 MiB, and then four times what arrived, allocated ahead.
   */
  room(): Uint8Array | undefined {
    const partial = this.#partial;
    return partial.length > 0 && partial.length === this.bufferedBytes ? partial.room() : undefined;
  }

  /**
   * Moves to the next operation and says which it is, or `Op.None` when it has not fully arrived. Throws
   * {@link ProtocolError} when the stream is broken, and the same one again at every later call.
   */
  next(): Op {
    // The usual MSG line: one blank between fields, decimal sid, CRLF, all of it here. The usual HMSG goes to
    // usual-lines.ts; everything else, also every error, is left to the plain path, which gives the same answer for these lines too
    // (property test). Measured against it with 16 byte payloads: see README, "How fast".
    const bytes = this.buffer;
    const end = this.#end;
    const view = this.#view;
    const start = this.#position;
    if (
      (start + this.#runLength < end && sameBytes(view, this.#runStart, start, this.#runLength)) ||
      this.#beginsRun(bytes, view, start, end)
    ) {
      const subjectStart = start + 4;
      let sizeStart = start + this.#runLength;
      let size = 0;
      let i = sizeStart;
      for (; i < end; i++) {
        const digit = (bytes[i] ?? 0) - 48;
        if (digit < 0 || digit > 9) break;
        size = size * 10 + digit;
      }
      let replyStart = 0;
      let replyEnd = 0;
      if (i < end && bytes[i] !== CR) {
        replyStart = sizeStart;
        replyEnd = endOfWord(bytes, view, i, end);
        sizeStart = replyEnd + 1;
        size = 0;
        for (i = sizeStart; i < end; i++) {
          const digit = (bytes[i] ?? 0) - 48;
          if (digit < 0 || digit > 9) break;
          size = size * 10 + digit;
        }
      }
      const payloadStart = i + 2;
      const payloadEnd = payloadStart + size;
      if (
        i > sizeStart &&
        payloadEnd + 2 <= end &&
        view.getInt16(i) === CRLF &&
        view.getInt16(payloadEnd) === CRLF &&
        (replyEnd === 0 || (replyEnd > replyStart && bytes[replyEnd] === SPACE)) &&
        size <= this.#maxPayload &&
        i - subjectStart <= this.#maxControlLine
      ) {
        const subjectEnd = start + this.#runSubjectEnd;
        const sid = this.#runSid;
        placeMessage(this, subjectStart, subjectEnd, replyStart, replyEnd, payloadStart, payloadStart, payloadEnd, sid);
        this.#position = payloadEnd + 2;
        return Op.Msg;
      }
    }
    if (bytes[this.#position] === 72 /* H */ && this.#fromServer) {
      const after = readUsualHMsg(bytes, view, this.#position, end, this, this.#limits);
      if (after > 0) {
        this.#position = after;
        return Op.HMsg;
      }
    }
    return this.#plainNext();
  }

  // The beginning of a usual MSG line: remembers it, for the next one may begin the same.
  #beginsRun(bytes: Uint8Array, view: DataView, start: number, end: number): boolean {
    if (end - start <= SHORTEST_MSG || view.getInt32(start) !== MSG || !this.#fromServer) return false;
    const subjectEnd = endOfWord(bytes, view, start + 4, end);
    const sidStart = subjectEnd + 1;
    let sid = 0;
    let i = sidStart;
    for (; i < end; i++) {
      const digit = (bytes[i] ?? 0) - 48;
      if (digit < 0 || digit > 9) break;
      sid = sid * 10 + digit;
    }
    if (subjectEnd === start + 4 || bytes[subjectEnd] !== SPACE || bytes[i] !== SPACE) return false;
    if (i === sidStart || i - sidStart > FAST_DIGITS || bytes[sidStart] === 48 /* 0 */) return false;
    this.#runStart = start;
    this.#runLength = i + 1 - start;
    this.#runSubjectEnd = subjectEnd - start;
    this.#runSid = sid;
    return true;
  }

  /** The sid as it was written. */
  sidText(): string {
    return this.sid >= 0 ? String(this.sid) : readUtf8(this.buffer, this.sidStart, this.sidEnd);
  }

  /** -ERR: the text without the quotes around it. INFO and CONNECT: the JSON as it came. */
  text(): string {
    const text = readUtf8(this.buffer, this.argumentsStart, this.argumentsEnd);
    return text.startsWith("'") ? stripQuotes(text) : text;
  }

  /** The INFO under the cursor. Throws {@link ProtocolError} for malformed JSON and for known fields of another type. */
  info(): ServerInfo {
    return this.#json("INFO", parseServerInfo);
  }

  /** The CONNECT under the cursor. Throws like `info`. */
  connect(): ConnectOptions {
    return this.#json("CONNECT", parseConnectOptions);
  }

  #json<T>(verb: string, parse: (json: string) => T): T {
    try {
      return parse(this.text());
    } catch (error) {
      // A JSON parser quotes what it read, and a CONNECT holds secrets: only our own sentence about a field is repeated.
      const why = error instanceof SyntaxError || !(error instanceof Error) ? "malformed JSON" : error.message;
      throw new ProtocolError("invalid-json", `${verb}: ${why}`, "");
    }
  }

  #plainNext(): Op {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      for (;;) {
        if (this.#partial.length > 0) return this.#completePartial();
        if (this.#position < this.#end) {
          const start = this.#position;
          const op = this.#read(this.buffer, start, this.#end);
          if (op !== Op.None) return op;
          // Only these bytes are copied, not the chunk they came in.
          this.#partial.append(this.buffer, start, this.#end);
          this.#position = this.#end;
        } else if (!this.#takeChunk()) {
          return Op.None;
        }
      }
    } catch (error) {
      if (error instanceof ProtocolError) this.#fail(error);
      throw error;
    }
  }

  /** One operation from [start, end), or `None` with #partialNeeds set; moves #position. */
  #read(bytes: Uint8Array, start: number, end: number): Op {
    const lineFeed = bytes.indexOf(LF, start);
    if (lineFeed < 0 || lineFeed >= end) {
      checkUnfinishedLine(bytes, start, end, this.#limits);
      return Op.None;
    }
    const op = readControlLine(bytes, start, lineFeed, this, this.#fields, this.#limits);
    let after = lineFeed + 1;
    if (op === Op.Msg || op === Op.HMsg || op === Op.Pub || op === Op.HPub) {
      after = this.payloadEnd + 2;
      if (after > end) {
        this.#partial.needs = after - start;
        return Op.None;
      }
      if (bytes[after - 2] !== CR || bytes[after - 1] !== LF) {
        // The line is shown, what follows it never: it is payload.
        throw new ProtocolError("missing-crlf", "no CRLF after the declared size of a payload", "");
      }
    }
    this.#show(bytes);
    this.#position = after;
    return op;
  }

  #completePartial(): Op {
    const partial = this.#partial;
    for (;;) {
      const chunk = this.#queue[this.#queueHead];
      if (chunk === undefined) return Op.None;
      const from = this.#queuePosition;
      let to = chunk.length;
      if (partial.needs > 0) {
        to = Math.min(to, from + partial.needs - partial.length);
      } else {
        const lineFeed = chunk.indexOf(LF, from);
        if (lineFeed >= 0) to = lineFeed + 1;
      }
      partial.append(chunk, from, to);
      this.#advanceQueue(to);
      if (partial.length < partial.needs) continue;
      const { bytes, length } = partial;
      const op = this.#read(bytes, 0, length);
      if (op !== Op.None) {
        // The buffer now belongs to whoever looks at this operation.
        this.#position = length;
        this.#end = length;
        partial.release();
        this.#moveRestOutOf(bytes);
        return op;
      }
    }
  }

  // What was read behind a large message lies in its buffer: small messages must not keep that alive.
  #moveRestOutOf(bytes: Uint8Array): void {
    const chunk = this.#queue[this.#queueHead];
    if (chunk?.buffer !== bytes.buffer) return;
    const rest = chunk.subarray(this.#queuePosition);
    const copy = allocate(rest.length);
    copy.set(rest);
    this.#queue[this.#queueHead] = copy;
    this.#queuePosition = 0;
  }

  #takeChunk(): boolean {
    const chunk = this.#queue[this.#queueHead];
    if (chunk === undefined) return false;
    this.#show(chunk);
    this.#position = this.#queuePosition;
    this.#end = chunk.length;
    this.#advanceQueue(chunk.length);
    return true;
  }

  #advanceQueue(to: number): void {
    this.#queueBytes -= to - this.#queuePosition;
    this.#queuePosition = to;
    if (to !== this.#queue[this.#queueHead]?.length) return;
    this.#queuePosition = 0;
    this.#queueHead++;
    // Instead of shift(), which for a long queue moves all of it every time.
    if (this.#queueHead * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#queueHead);
      this.#queueHead = 0;
    }
  }

  #fail(error: ProtocolError): void {
    this.#failure = error;
    this.#show(NOTHING);
    this.#position = 0;
    this.#end = 0;
    this.#partial.release();
    this.#queue = [];
    this.#queueHead = 0;
    this.#queuePosition = 0;
    this.#queueBytes = 0;
  }

  #show(bytes: Uint8Array): void {
    if (this.buffer === bytes) return;
    show(this, bytes, new ReceivedChunk(bytes, this.#lastSubject));
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#runLength = NO_RUN;
  }
}

// Buffer and chunk are read-only to everybody else; this one sees the same object as writable.
function show(cursor: { buffer: Uint8Array; chunk: ReceivedChunk }, bytes: Uint8Array, chunk: ReceivedChunk): void {
  cursor.buffer = bytes;
  cursor.chunk = chunk;
}
