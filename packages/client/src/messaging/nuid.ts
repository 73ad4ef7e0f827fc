// Unique ids (NUID): 12 random characters and a counter of 10 that starts and steps at random. Cheap to make, safe to put
// into subjects. Source: github.com/nats-io/nuid.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE = DIGITS.length;
const PREFIX_LENGTH = 12;
const SEQUENCE_LENGTH = 10;
const MIN_STEP = 33;
const MAX_STEP = 333;
// Below 62^10 and below 2^53, so that sequences fit ten characters and additions stay exact.
const MAX_SEQUENCE = Number.MAX_SAFE_INTEGER - MAX_STEP;

/** A generator of unique ids; each instance has a prefix of its own from the runtime's secure random source. */
export class Nuid {
  #prefix = "";
  #sequence = 0;
  #step = 0;

  constructor() {
    this.reset();
  }

  /** 22 characters of `[0-9A-Za-z]`; never the same twice from one instance, practically never from two. */
  next(): string {
    this.#sequence += this.#step;
    if (this.#sequence >= MAX_SEQUENCE) this.reset();
    let rest = this.#sequence;
    let tail = "";
    for (let i = 0; i < SEQUENCE_LENGTH; i++) {
      tail = DIGITS.charAt(rest % BASE) + tail;
      rest = Math.floor(rest / BASE);
    }
    return this.#prefix + tail;
  }

  /** Takes a new prefix, starting point and step. */
  reset(): void {
    const bytes = crypto.getRandomValues(new Uint8Array(PREFIX_LENGTH));
    const [start = 0, step = 0] = crypto.getRandomValues(new Uint32Array(2));
    this.#prefix = Array.from(bytes, (byte) => DIGITS.charAt(byte % BASE)).join("");
    this.#sequence = start * 1_000_000;
    this.#step = MIN_STEP + (step % (MAX_STEP - MIN_STEP));
  }
}
