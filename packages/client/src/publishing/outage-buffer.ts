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
  readonly #limit: number;
  readonly #encoder: Encoder;
  readonly #requests = new Map<number, KeptPublish>();
  #kept: KeptPublish[] = [];
  #withdrawn = 0;
  #bytes = 0;

  /** @param limit bytes of encoded operations kept at most */
  constructor(limit: number, pedantic: boolean) {
    this.#limit = limit;
    this.#encoder = new Encoder({ wildcardsInPublish: pedantic ? "allow" : "reject" });
  }

  /** The limit of the last server we knew, so that what it would refuse is refused now. */
  set maxPayload(limit: number) {
    this.#encoder.maxPayload = limit;
  }

  get maxPayload(): number {
    return this.#encoder.maxPayload;
  }

  get messages(): number {
    return this.#kept.length - this.#withdrawn;
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
    return this.#bytes * 2 < this.#limit;
  }

  /** Keeps a request; {@link withdraw} takes it back should it time out before a link is there. */
  request(
    id: number,
    subject: string,
    reply: string,
    headers: MsgHdrs | undefined,
    payload: Payload | undefined,
  ): void {
    this.#requests.set(id, this.#keep(subject, reply, headers, payload, id));
  }

  /** Takes a request back; does nothing when it is not here. */
  withdraw(id: number): void {
    const found = this.#requests.get(id);
    if (found === undefined) return;
    this.#requests.delete(id);
    found.withdrawn = true;
    this.#withdrawn++;
    this.#bytes -= found.frame.length;
    // Requests that come and time out during a long outage must not pile up as holes.
    if (this.#withdrawn * 2 > this.#kept.length) {
      this.#kept = this.#kept.filter((one) => !one.withdrawn);
      this.#withdrawn = 0;
    }
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
        if (this.#bytes + frame.length > this.#limit) {
          count(overflow, frame);
          continue;
        }
        this.#bytes += frame.length;
        const size = payloadEnd - headersStart;
        adopted.push({ frame, size, hasHeaders: op === Op.HPub, request: undefined, withdrawn: false });
      }
    }
    this.#kept = [...adopted, ...this.#kept];
    return overflow;
  }

  /** Hands everything to a new link, in order, and is empty then. Returns what the link's server would refuse. */
  replay(link: ReplayTarget): Unfit {
    const unfit: Unfit = { tooLarge: { messages: 0, bytes: 0 }, noHeaders: { messages: 0, bytes: 0 }, requests: [] };
    for (const one of this.#kept) {
      if (one.withdrawn) continue;
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
    this.#requests.clear();
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
    const encoder = this.#encoder;
    const size =
      headers === undefined ? encoder.pub(subject, reply, payload) : encoder.hpub(subject, reply, headers, payload);
    const frame = encoder.take() ?? new Uint8Array(0);
    if (this.#bytes + frame.length > this.#limit) throw new ReconnectBufferFullError(subject, this.#limit);
    this.#bytes += frame.length;
    const kept = { frame, size, hasHeaders: headers !== undefined, request, withdrawn: false };
    this.#kept.push(kept);
    return kept;
  }
}

function count(tally: Tally, frame: Uint8Array): void {
  tally.messages++;
  tally.bytes += frame.length;
}
