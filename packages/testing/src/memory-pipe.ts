// One direction of a byte stream inside a process: ordered, with back-pressure, an end, and a network that may hold it up.
// Two of them make a connection; that is memory-network.ts.

import type { Clock } from "@myelin/contracts";

/** How a direction ended: after its last byte, or torn. */
export type PipeEnd = "end" | "reset";

/** Who reads a pipe. */
export interface PipeReader {
  /** The chunk belongs to the reader. */
  data(chunk: Uint8Array): void;
  /** Once, and last. */
  ended(how: PipeEnd): void;
}

const HIGH_WATER = 64 * 1024;

export class MemoryPipe {
  readonly #clock: Clock;
  readonly #chunkSize: number;
  readonly #drained: () => void;
  #reader: PipeReader | undefined;
  #queue: Uint8Array[] = [];
  #bytes = 0;
  #end: PipeEnd | undefined;
  #over = false;
  #owesDrain = false;
  #scheduled = false;
  #paused = false;
  #held = false;

  /**
   * @param chunkSize most bytes in one `data`
   * @param drained called when a writer that was told to wait may go on
   */
  constructor(clock: Clock, chunkSize: number, drained: () => void) {
    this.#clock = clock;
    this.#chunkSize = chunkSize;
    this.#drained = drained;
  }

  /** Bytes written and not yet read. */
  get bufferedBytes(): number {
    return this.#bytes;
  }

  read(reader: PipeReader): void {
    this.#reader = reader;
    this.#schedule();
  }

  /** `false` = more than enough is queued. After the end it does nothing. */
  write(chunk: Uint8Array): boolean {
    if (this.#end !== undefined || this.#over) return false;
    if (chunk.length > this.#chunkSize) this.#cut(chunk);
    else if (chunk.length > 0) this.#queue.push(chunk);
    this.#bytes += chunk.length;
    this.#schedule();
    this.#owesDrain ||= this.#bytes >= HIGH_WATER;
    return !this.#owesDrain;
  }

  /** Ends it after what was written. */
  end(): void {
    this.#end ??= "end";
    this.#schedule();
  }

  /** Tears it: what is queued is lost, and the reader learns of it even while it is paused. */
  reset(): void {
    this.#end = "reset";
    this.#discard();
    this.#schedule();
  }

  /** The reader is gone: nothing is delivered any more, and nobody is told. */
  abandon(): void {
    this.#over = true;
    this.#discard();
  }

  /** No `data`, and no end behind unread data, until `resume`. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** The network delivers nothing at all, as if a cable were cut; it catches up when held no more. */
  hold(held: boolean): void {
    this.#held = held;
    this.#schedule();
  }

  #cut(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += this.#chunkSize) {
      this.#queue.push(chunk.subarray(at, at + this.#chunkSize));
    }
  }

  #discard(): void {
    this.#queue = [];
    this.#bytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled || this.#over) return;
    this.#scheduled = true;
    this.#clock.endOfTurn(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    // Each of these may change while the reader handles a chunk.
    while (!this.#held && !this.#paused && !this.#over) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) break;
      this.#bytes -= chunk.length;
      reader.data(chunk);
    }
    if (this.#held || this.#over) return;
    if (this.#bytes === 0 && this.#owesDrain && this.#end === undefined) {
      this.#owesDrain = false;
      this.#drained();
    }
    if (this.#end !== undefined && this.#queue.length === 0) {
      this.#over = true;
      reader.ended(this.#end);
    }
  }
}
