// The bytes messages lie in, in the form that is quickest to read them from. No offsets, no operations.

import { readUtf8 } from "./utf8.js";

/** Subjects longer than this are decoded at every read. */
const LONGEST = 64;

/**
 * The last subject a decoder was asked for, as bytes and as text: messages come in runs of one subject. Plainly, every read
 * would be `readUtf8`; comparing the bytes instead takes a third off a message whose subject and data are read (215 to 145 ns
 * together with {@link ReceivedChunk}, medians of three interleaved runs).
 */
export class LastSubject {
  readonly #bytes: Uint8Array = new Uint8Array(LONGEST);
  #length = -1;
  #text = "";

  /** The text of the bytes [start, end). */
  read(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    const last = this.#bytes;
    if (length === this.#length) {
      // From the end: where subjects differ, it is rather there.
      let i = length - 1;
      while (i >= 0 && last[i] === bytes[start + i]) i--;
      if (i < 0) return this.#text;
    }
    const text = readUtf8(bytes, start, end);
    if (length <= LONGEST) {
      for (let i = 0; i < length; i++) last[i] = bytes[start + i] ?? 0;
      this.#length = length;
      this.#text = text;
    }
    return text;
  }
}

/**
 * A chunk as its messages keep it. Reading `buffer` and `byteOffset` of a typed array at every view costs as much as making
 * the view (80 to 41 ns), so they are kept in plain fields.
 */
export class ReceivedChunk {
  /** The bytes; never written to again. */
  readonly bytes: Uint8Array;
  readonly #arrayBuffer: ArrayBufferLike;
  readonly #byteOffset: number;
  readonly #lastSubject: LastSubject;

  constructor(bytes: Uint8Array, lastSubject: LastSubject) {
    this.bytes = bytes;
    this.#arrayBuffer = bytes.buffer;
    this.#byteOffset = bytes.byteOffset;
    this.#lastSubject = lastSubject;
  }

  /** A subject from the bytes [start, end). */
  subject(start: number, end: number): string {
    return this.#lastSubject.read(this.bytes, start, end);
  }

  /** A view of the bytes [start, end). */
  view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#arrayBuffer, this.#byteOffset + start, end - start);
  }
}
