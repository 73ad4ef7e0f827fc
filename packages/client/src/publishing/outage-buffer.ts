// Publishes made while there is no link: whole encoded operations in order, bounded in bytes, each of which can be withdrawn,
// until the next link takes them (D7). It decides neither when that is nor what is told to whom.

import { Decoder, Encoder, type MsgHdrs, Op, type Payload } from "@myelin/protocol";
import { ReconnectBufferFullError } from "../errors.js";
import type { Outbox } from "./outbox.js";

/** A link that takes what was kept. */
export interface ReplayTarget {
  readonly maxPayload: number;
  readonly headers: boolean;
  /** Appends one whole encoded operation. */
  append(frame: Uint8Array, size: number): void;
}

/** How much is kept, and what happens past it. */
export interface BufferBounds {
  /** Bytes of encoded operations. */
  readonly bytes: number;
  readonly messages: number;
  /** Refuse the newest, or let the oldest go. */
  readonly overflow: "error" | "drop-old";
}

/** Those that had to make room for newer ones. */
export interface Evicted {
  readonly tally: Tally;
  /** Why the requests among them will never be answered, by their numbers. */
  readonly requests: ReadonlyMap<number, Error>;
}

/** Messages and the bytes of their operations. */
export interface Tally {
  messages: number;
  bytes: number;
}

/** What the new link's server would refuse, and why; and the numbers of the requests among it. */
export interface Unfit {
  readonly tooLarge: Tally;
  readonly noHeaders: Tally;
  readonly requests: number[];
}

interface KeptPublish {
  readonly frame: Uint8Array;
  /** Header and payload bytes. */
  readonly size: number;
  readonly hasHeaders: boolean;
  /** For the error of a request; empty for what a lost link left. */
  readonly subject: string;
  /** Number of the request that waits for its answer. */
  readonly request: number | undefined;
  withdrawn: boolean;
}

// Our own encoder writes exactly one space and two bytes of line end.
const PUB_VERB = "PUB ".length;
const HPUB_VERB = "HPUB ".length;
const CRLF = 2;
// The longest subject and reply that fit a control line a server accepts are far below this.
const MAX_CONTROL_LINE = 1024 * 1024;

export class OutageBuffer implements Outbox {
  readonly #bounds: BufferBounds;
  readonly #evicted: (evicted: Evicted) => void;
  readonly #pedantic: boolean;
  #maxPayload = Number.POSITIVE_INFINITY;
  // Both only once something is kept: most connections are linked for most of their lives.
  #encoder: Encoder | undefined;
  #requests: Map<number, KeptPublish> | undefined;
  // In order, from #oldest on.
  #kept: KeptPublish[] = [];
  #oldest = 0;
  #withdrawn = 0;
  #bytes = 0;

  /** @param evicted told of those that made room for newer ones; with overflow `"error"` never called */
  constructor(bounds: BufferBounds, pedantic: boolean, evicted: (evicted: Evicted) => void = () => {}) {
    this.#bounds = bounds;
    this.#evicted = evicted;
    this.#pedantic = pedantic;
  }

  /** The limit of the last server we knew, so that what it would refuse is refused now. */
  set maxPayload(limit: number) {
    this.#maxPayload = limit;
  }

  get maxPayload(): number {
    return this.#maxPayload;
  }

  get messages(): number {
    return this.#kept.length - this.#oldest - this.#withdrawn;
  }

  get bytes(): number {
    return this.#bytes;
  }

  publish(
    subject: string,
    reply: string | undefined,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
  ): boolean {
    this.#keep(subject, reply, headers, payload, undefined);
    return this.#bytes * 2 < this.#bounds.bytes && this.messages * 2 < this.#bounds.messages;
  }

  /** Keeps a request; {@link withdraw} takes it back should it time out before a link is there. */
  request(
    id: number,
    subject: string,
    reply: string,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
  ): void {
    const kept = this.#keep(subject, reply, headers, payload, id);
    this.#requests ??= new Map();
    this.#requests.set(id, kept);
  }

  /** Takes a request back; false when it is not here. */
  withdraw(id: number): boolean {
    const found = this.#requests?.get(id);
    if (this.#requests === undefined || found === undefined) return false;
    this.#requests.delete(id);
    found.withdrawn = true;
    this.#withdrawn++;
    this.#bytes -= found.frame.length;
    // Requests that come and time out during a long outage must not pile up as holes.
    if (this.#withdrawn * 2 > this.#kept.length - this.#oldest) this.#compact();
    return true;
  }

  /**
   * Takes over what a lost link had encoded and not handed to its transport, before anything published later. Only publishes
   * matter; those with a reply subject for which `isRequest` holds are left out, their callers having been told. Returns what
   * did not fit.
   */
  adopt(blocks: readonly Uint8Array[], isRequest: (reply: string) => boolean): Tally {
    const decoder = new Decoder({ from: "client", maxControlLine: MAX_CONTROL_LINE });
    const text = new TextDecoder();
    const adopted: KeptPublish[] = [];
    const overflow: Tally = { messages: 0, bytes: 0 };
    for (const block of blocks) {
      // A block holds whole operations, so that a frame is always in one piece.
      decoder.push(block);
      for (let op = decoder.next(); op !== Op.None; op = decoder.next()) {
        if (op !== Op.Pub && op !== Op.HPub) continue;
        const { buffer, headersStart, payloadEnd, replyStart, replyEnd, subjectStart } = decoder;
        if (replyEnd > replyStart && isRequest(text.decode(buffer.subarray(replyStart, replyEnd)))) continue;
        const frame = buffer.subarray(subjectStart - (op === Op.Pub ? PUB_VERB : HPUB_VERB), payloadEnd + CRLF);
        if (!this.#fits(frame, adopted.length)) {
          count(overflow, frame);
          continue;
        }
        this.#bytes += frame.length;
        const size = payloadEnd - headersStart;
        adopted.push({ frame, size, hasHeaders: op === Op.HPub, subject: "", request: undefined, withdrawn: false });
      }
    }
    this.#compact();
    this.#kept = [...adopted, ...this.#kept];
    return overflow;
  }

  /** Hands everything to a new link, in order, and is empty then. Returns what the link's server would refuse. */
  replay(link: ReplayTarget): Unfit {
    const unfit: Unfit = { tooLarge: { messages: 0, bytes: 0 }, noHeaders: { messages: 0, bytes: 0 }, requests: [] };
    this.#compact();
    for (const one of this.#kept) {
      const refusedAs =
        one.size > link.maxPayload ? unfit.tooLarge : one.hasHeaders && !link.headers ? unfit.noHeaders : undefined;
      if (refusedAs === undefined) {
        link.append(one.frame, one.size);
      } else {
        count(refusedAs, one.frame);
        if (one.request !== undefined) unfit.requests.push(one.request);
      }
    }
    this.clear();
    return unfit;
  }

  /** Forgets everything; returns what that was. */
  clear(): Tally {
    const tally = { messages: this.messages, bytes: this.#bytes };
    this.#kept = [];
    this.#oldest = 0;
    this.#requests?.clear();
    this.#withdrawn = 0;
    this.#bytes = 0;
    return tally;
  }

  #keep(
    subject: string,
    reply: string | undefined,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
    request: number | undefined,
  ): KeptPublish {
    this.#encoder ??= new Encoder({ wildcardsInPublish: this.#pedantic ? "allow" : "reject" });
    const encoder = this.#encoder;
    encoder.maxPayload = this.#maxPayload;
    const size =
      headers === undefined ? encoder.pub(subject, reply, payload) : encoder.hpub(subject, reply, headers, payload);
    const frame = encoder.take() ?? new Uint8Array(0);
    if (!this.#fits(frame, 0)) this.#makeRoom(subject, frame);
    this.#bytes += frame.length;
    const kept = { frame, size, hasHeaders: headers !== undefined, subject, request, withdrawn: false };
    this.#kept.push(kept);
    return kept;
  }

  #fits(frame: Uint8Array, more: number): boolean {
    return this.#bytes + frame.length <= this.#bounds.bytes && this.messages + more < this.#bounds.messages;
  }

  #makeRoom(subject: string, frame: Uint8Array): void {
    const { bytes, messages, overflow } = this.#bounds;
    if (overflow === "error" || frame.length > bytes || messages < 1)
      throw new ReconnectBufferFullError(subject, this.#bounds);
    const tally = { messages: 0, bytes: 0 };
    const requests = new Map<number, Error>();
    while (!this.#fits(frame, 0)) {
      const oldest = this.#kept[this.#oldest++];
      if (oldest === undefined) break;
      if (oldest.withdrawn) {
        this.#withdrawn--;
        continue;
      }
      this.#bytes -= oldest.frame.length;
      count(tally, oldest.frame);
      if (oldest.request === undefined) continue;
      this.#requests?.delete(oldest.request);
      requests.set(oldest.request, new ReconnectBufferFullError(oldest.subject, this.#bounds));
    }
    // Instead of shift(), which moves all of a long list every time.
    if (this.#oldest * 2 > this.#kept.length) this.#compact();
    this.#evicted({ tally, requests });
  }

  #compact(): void {
    this.#kept = this.#kept.slice(this.#oldest).filter((one) => !one.withdrawn);
    this.#oldest = 0;
    this.#withdrawn = 0;
  }
}

function count(tally: Tally, frame: Uint8Array): void {
  tally.messages++;
  tally.bytes += frame.length;
}
