// Where messages end in a stream of bytes, and nothing else of them: the least a receiver must find out.

const CR = 13;
const SPACE = 32;

/** Finds where messages end: by the last number of each head. */
export class Framing {
  readonly #onMessage: (size: number) => void;
  // Bytes of the present payload, and its CRLF, that have not come.
  #missing = 0;
  #size = 0;
  // Of a head that is cut in two: the number as far as it came.
  #number = 0;
  // Whether it has a space: a PING has none, and no payload.
  #spaced = false;

  constructor(onMessage: (size: number) => void) {
    this.#onMessage = onMessage;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    const { length } = chunk;
    while (at < length) {
      if (this.#missing > 0) {
        const part = Math.min(this.#missing, length - at);
        this.#missing -= part;
        at += part;
        if (this.#missing === 0 && this.#size >= 0) this.#onMessage(this.#size);
        continue;
      }
      let number = this.#number;
      let spaced = this.#spaced;
      let byte = 0;
      while (at < length) {
        byte = chunk[at++] ?? 0;
        if (byte === CR) break;
        if (byte === SPACE) {
          number = 0;
          spaced = true;
        } else if (byte >= 48 && byte <= 57) number = number * 10 + byte - 48;
      }
      this.#number = byte === CR ? 0 : number;
      this.#spaced = byte === CR ? false : spaced;
      if (byte !== CR) return;
      this.#size = spaced ? number : -1;
      // The LF of the head, and what follows it.
      this.#missing = spaced ? number + 3 : 1;
    }
  }
}
