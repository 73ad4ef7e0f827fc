// Two links carry the same subscriptions for a moment while a connection moves from one server to another: who gets what, once.
// The one rule: for subscriptions without a queue group the old link leads until the cut. What the new one brings meanwhile
// is kept back, and delivered after the cut unless the old link brought the same message, byte for byte. So nothing is
// missed, and the order of each publisher holds. A message to a queue group comes over one of the two only, and an answer that
// comes twice meets a request that is settled: both are delivered at once. Core NATS numbers no messages, so two that do
// not differ in any byte count as one when one of them came over each link within the overlap.

import { Decoder } from "@myelin/protocol";

/** Most messages remembered, and bytes kept back; past the first a duplicate may be delivered, past the second reading stops. */
const MAX_REMEMBERED = 1_000_000;
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

const MSG = encode("MSG ");
const HMSG = encode("HMSG ");
const CRLF = encode("\r\n");

/** What the overlap needs to know of a link. */
export interface OverlappingLink {
  hold(holder: object): void;
  release(holder: object): void;
}

export class Overlap<L extends OverlappingLink> {
  readonly #from: L;
  readonly #to: L;
  readonly #isPlain: (sid: number) => boolean;
  readonly #deliver: (cursor: Decoder) => void;
  // How often each message came over the old link and not yet over the new one.
  readonly #seen = new Map<number, number>();
  #remembered = 0;
  // Until the cut: what the new link brought.
  #kept: Uint8Array[] | undefined = [];
  #keptBytes = 0;

  /**
   * @param isPlain true for a subscription that is told every message: not a member of a queue group, no inbox of requests
   * @param deliver hands the message under the cursor to its subscription
   */
  constructor(from: L, to: L, isPlain: (sid: number) => boolean, deliver: (cursor: Decoder) => void) {
    this.#from = from;
    this.#to = to;
    this.#isPlain = isPlain;
    this.#deliver = deliver;
  }

  /** The cursor stands on a message that came over `link`. */
  message(cursor: Decoder, link: L): void {
    if (!this.#isPlain(cursor.sid)) this.#deliver(cursor);
    else if (link === this.#to) this.#fromNew(cursor);
    // After the cut everything that still comes over the old link comes over the new one too.
    else if (link === this.#from && this.#kept !== undefined) {
      this.#remember(fingerprint(cursor));
      this.#deliver(cursor);
    }
  }

  /** The cut: from now on the new link leads; what it brought alone is delivered. May be repeated. */
  cut(): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    this.#kept = undefined;
    this.#keptBytes = 0;
    const decoder = new Decoder({ from: "server" });
    for (const frame of kept) {
      decoder.push(frame);
      decoder.next();
      if (!this.#isDuplicate(decoder)) this.#deliver(decoder);
    }
    this.#to.release(this);
  }

  #fromNew(cursor: Decoder): void {
    if (this.#kept === undefined) {
      if (this.#seen.size === 0 || !this.#isDuplicate(cursor)) this.#deliver(cursor);
      return;
    }
    const frame = frameOf(cursor);
    this.#kept.push(frame);
    this.#keptBytes += frame.length;
    if (this.#keptBytes > MAX_KEPT_BYTES) this.#to.hold(this);
  }

  #remember(print: number): void {
    if (this.#remembered >= MAX_REMEMBERED) return;
    this.#remembered++;
    this.#seen.set(print, (this.#seen.get(print) ?? 0) + 1);
  }

  #isDuplicate(cursor: Decoder): boolean {
    const print = fingerprint(cursor);
    const times = this.#seen.get(print);
    if (times === undefined) return false;
    if (times === 1) this.#seen.delete(print);
    else this.#seen.set(print, times - 1);
    return true;
  }
}

// The operation again, in a buffer of its own: the one it came in belongs to its link.
function frameOf({ buffer, headersStart, payloadEnd, payloadStart, subjectStart }: Decoder): Uint8Array {
  const verb = payloadStart > headersStart ? HMSG : MSG;
  const body = buffer.subarray(subjectStart, payloadEnd);
  const frame = new Uint8Array(verb.length + body.length + CRLF.length);
  frame.set(verb);
  frame.set(body, verb.length);
  frame.set(CRLF, verb.length + body.length);
  return frame;
}

// 53 bits over control line, headers and payload: two FNV-1a of different offset and prime.
function fingerprint({ buffer, payloadEnd, subjectStart }: Decoder): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b1;
  for (let at = subjectStart; at < payloadEnd; at++) {
    const byte = buffer[at] ?? 0;
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x85ebca6b);
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
