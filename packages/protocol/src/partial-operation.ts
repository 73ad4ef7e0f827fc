// The beginning of an operation whose rest has not arrived, gathered in a buffer of its own, which becomes the operation's when it is
// whole. How much memory that may be is decided here; what the bytes mean is not known.

import { allocate } from "./utf8.js";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Bytes of the smallest buffer. */
const LEAST = 64;

/** With less than this to come, bytes are better read in bulk, together with the messages behind them, and copied. */
const LEAST_ROOM = 64 * 1024;

/** Room for the next operation's control line behind this one, which else would take a read of its own. */
const NEXT_LINE = 4 * 1024;

/** What one operation may take before its bytes are there: the largest message of a server as it comes (1 MiB), and then some. */
const AT_ONCE = 2 * 1024 * 1024;

export class PartialOperation {
  /** What has arrived is in front. */
  bytes: Uint8Array = NOTHING;
  /** How much that is; 0 = there is no such operation. */
  length = 0;
  /** Bytes of the whole operation, once its control line is known; 0 before. */
  needs = 0;
  // Somebody reads right into it: it then has its size at once, instead of growing.
  #readInto = false;

  /** Adds the bytes [start, end). Those that were read into the room lie where they belong, and are not copied. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    const own = this.bytes;
    if (bytes.buffer !== own.buffer || bytes.byteOffset + start !== own.byteOffset + this.length) {
      if (length > own.length) this.#grow(length);
      this.bytes.set(bytes.subarray(start, end), this.length);
    }
    this.length = length;
  }

  /**
   * Where the rest of it goes, and a little of what follows; `undefined` when that is too little to be worth a read of its own. The same
   * until bytes are added.
   */
  room(): Uint8Array | undefined {
    this.#readInto = true;
    const rest = this.needs - this.length;
    if (rest < LEAST_ROOM) return undefined;
    if (this.bytes.length - this.length < LEAST_ROOM) this.#grow(this.length);
    return this.bytes.subarray(this.length);
  }

  /** Hands it over: the next one is gathered elsewhere. */
  release(): void {
    this.bytes = NOTHING;
    this.length = 0;
    this.needs = 0;
  }

  // Plainly by doubling, never beyond what the operation needs, so that memory is bounded by twice what really arrived. Who reads into
  // it saves the copies of growing: it has its size at once up to AT_ONCE, and beyond that four times what arrived.
  #grow(length: number): void {
    const { needs } = this;
    const ahead = this.#readInto && needs - length >= LEAST_ROOM;
    const wanted = ahead ? Math.max(AT_ONCE, length * 4) : Math.max(length, this.bytes.length * 2, LEAST);
    const most = ahead ? needs + NEXT_LINE : needs;
    const grown = allocate(needs > 0 ? Math.min(wanted, most) : wanted);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}
