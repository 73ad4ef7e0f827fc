// Names and values of a received block of headers as places in its bytes; text is made of what is asked for. Whether a block is well
// formed is the business of header-block.ts, what headers are to a caller that of headers.ts.

import { readUtf8 } from "./utf8.js";

/** Numbers that tell where one field is: name from and to, value from and to. */
const PLACES = 4;

export class ReceivedFields {
  readonly #bytes: Uint8Array;
  readonly #places: readonly number[];

  /** @param places four numbers for each field, see above; now ours, as the bytes are, which must not change */
  constructor(bytes: Uint8Array, places: readonly number[]) {
    this.#bytes = bytes;
    this.#places = places;
  }

  /** How many there are. */
  get length(): number {
    return this.#places.length / PLACES;
  }

  /** Value of the first with this name, in the same case. */
  first(name: string): string | undefined {
    const places = this.#places;
    for (let at = 0; at < places.length; at += PLACES) {
      if (this.#isAt(places[at] ?? 0, places[at + 1] ?? 0, name)) return this.#value(at);
    }
    return undefined;
  }

  /** All, in order. */
  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    const places = this.#places;
    for (let at = 0; at < places.length; at += PLACES) {
      yield [readUtf8(this.#bytes, places[at] ?? 0, places[at + 1] ?? 0), this.#value(at)];
    }
  }

  // A received name is ASCII.
  #isAt(start: number, end: number, name: string): boolean {
    if (end - start !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.#bytes[start + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  #value(at: number): string {
    return readUtf8(this.#bytes, this.#places[at + 2] ?? 0, this.#places[at + 3] ?? 0);
  }
}
