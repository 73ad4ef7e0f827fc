// One direction of a byte stream that misbehaves when told to: late, slow, in pieces, not at all, cut short, or with bytes
// nobody sent. Knows no sockets and no NATS; time comes from the Clock. Both directions together are link-faults.ts.

import type { Clock } from "@myelin/contracts";

/** Where a line leads. */
export interface LineEnd {
  /** The chunk belongs to the receiver. */
  send(bytes: Uint8Array): void;
  /** Nothing follows. */
  end(): void;
}

interface Waiting {
  readonly bytes: Uint8Array;
  readonly due: number;
}

const END: Uint8Array = new Uint8Array(0);

export class FaultLine {
  readonly #clock: Clock;
  readonly #to: LineEnd;
  /** Milliseconds every byte takes. */
  delay = 0;
  /** Most bytes sent at once, each piece in a turn of its own. */
  pieces: number = Number.POSITIVE_INFINITY;
  /** Bytes a second. */
  rate: number = Number.POSITIVE_INFINITY;
  #held = false;
  #queue: Waiting[] = [];
  #bytes = 0;
  // Bytes that may still pass, and what happens then.
  #budget: number = Number.POSITIVE_INFINITY;
  #spent: "drop" | "end" = "drop";
  #freeAt = 0;
  #scheduled: (() => void) | undefined;
  #state: "open" | "ended" | "gone" = "open";

  constructor(clock: Clock, to: LineEnd) {
    this.#clock = clock;
    this.#to = to;
  }

  /** Bytes taken and not yet passed on. */
  get bufferedBytes(): number {
    return this.#bytes;
  }

  /** Takes bytes and ownership of the chunk. */
  push(chunk: Uint8Array): void {
    if (this.#state !== "open" || chunk.length === 0) return;
    this.#queue.push({ bytes: chunk, due: this.#clock.now() + this.delay });
    this.#bytes += chunk.length;
    this.#pump();
  }

  /** Nothing follows what was pushed. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#queue.push({ bytes: END, due: this.#clock.now() + this.delay });
    this.#pump();
  }

  /** Nothing passes until let go; nothing is lost. */
  hold(held: boolean): void {
    this.#held = held;
    this.#pump();
  }

  /** After so many more bytes the rest is lost (`drop`), or the stream ends (`end`). */
  limit(bytes: number, then: "drop" | "end"): void {
    this.#budget = bytes;
    this.#spent = then;
    if (bytes === 0 && then === "end") this.#finish();
  }

  /** Sends bytes nobody sent, ahead of what waits. */
  inject(bytes: Uint8Array): void {
    if (this.#state !== "gone") this.#to.send(bytes.slice());
  }

  /** Undoes what can be undone: everything but bytes lost and ends reached. What waits is sent now, unless it is too late. */
  heal(): void {
    this.delay = 0;
    this.pieces = Number.POSITIVE_INFINITY;
    this.rate = Number.POSITIVE_INFINITY;
    this.#held = false;
    this.#budget = Number.POSITIVE_INFINITY;
    this.#freeAt = 0;
    this.#cancel();
    this.#queue = this.#queue.map(({ bytes }) => ({ bytes, due: 0 }));
    this.#pump();
  }

  /** Drops what waits, and every timer. */
  destroy(): void {
    this.#state = "gone";
    this.#queue = [];
    this.#bytes = 0;
    this.#cancel();
  }

  #cancel(): void {
    this.#scheduled?.();
    this.#scheduled = undefined;
  }

  #finish(): void {
    this.destroy();
    this.#to.end();
  }

  #pump(): void {
    while (!this.#held && this.#scheduled === undefined) {
      const next = this.#queue[0];
      if (next === undefined) return;
      const wait = Math.max(next.due, this.#freeAt) - this.#clock.now();
      if (wait > 0) {
        this.#scheduled = this.#clock.after(wait, () => {
          this.#scheduled = undefined;
          this.#pump();
        });
        return;
      }
      if (next.bytes === END) {
        this.#finish();
        return;
      }
      this.#pass(next);
    }
  }

  #pass({ bytes, due }: Waiting): void {
    // A tenth of a second's worth at a time keeps a slow line steady.
    const most = Math.max(1, Math.min(this.pieces, Math.ceil(this.rate / 10)));
    const piece = bytes.length > most ? bytes.slice(0, most) : bytes;
    if (piece === bytes) this.#queue.shift();
    else this.#queue[0] = { bytes: bytes.subarray(piece.length), due };
    this.#bytes -= piece.length;
    if (this.rate !== Number.POSITIVE_INFINITY) this.#freeAt = this.#clock.now() + (piece.length / this.rate) * 1_000;
    if (this.pieces !== Number.POSITIVE_INFINITY) this.#afterThisTurn();
    const passing = piece.subarray(0, this.#budget);
    this.#budget -= passing.length;
    if (passing.length > 0) this.#to.send(passing);
    if (this.#budget <= 0 && this.#spent === "end") this.#finish();
  }

  #afterThisTurn(): void {
    let wanted = true;
    this.#scheduled = () => {
      wanted = false;
    };
    this.#clock.endOfTurn(() => {
      if (!wanted) return;
      this.#scheduled = undefined;
      this.#pump();
    });
  }
}
