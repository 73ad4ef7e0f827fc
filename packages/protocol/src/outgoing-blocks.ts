// Where outgoing bytes are put: large blocks, carved without copying as they are taken. Knows nothing of the protocol.

import { allocate } from "./utf8.js";

// With less room than this a new block is started rather than carving ever smaller pieces.
const LITTLE = 512;
// The first block; each one after it is larger. Most connections of a process, or of a server's clients, say little.
const FIRST = 1024;
const GROWTH = 4;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * A queue of bytes. A writer asks for room, writes into `block` from `position` on, and commits; until then nothing has
 * happened. Bytes handed out by `take` are not touched again until `reuse` gives them back.
 */
export class OutgoingBlocks {
  /** The block being written; valid from `position` to its end. */
  block: Uint8Array = NOTHING;
  position = 0;
  #start = 0;
  // Pieces of blocks that nothing more is written to, beside their blocks.
  #full: { readonly piece: Uint8Array; readonly block: Uint8Array }[] = [];
  #fullBytes = 0;
  // The block of the piece taken last.
  #taken: Uint8Array = NOTHING;
  // Free again, for the next block.
  #spare: Uint8Array = NOTHING;
  readonly #blockSize: number;
  #nextSize: number;

  /** @param blockSize of the largest blocks */
  constructor(blockSize: number) {
    this.#blockSize = blockSize;
    this.#nextSize = Math.min(FIRST, blockSize);
  }

  /** Makes sure that `bytes` can be written at `position`. */
  reserve(bytes: number): void {
    if (this.block.length - this.position >= bytes) return;
    const begun = this.position - this.#start;
    const wanted = begun + bytes;
    // A small block that runs over is written on in a larger one, so that what belongs together leaves together.
    if (this.block.length < this.#blockSize && begun > 0 && wanted <= this.#blockSize / 2) {
      const written = this.block.subarray(this.#start, this.position);
      this.#open(this.#sizeFor(wanted));
      this.block.set(written);
      this.position = begun;
      return;
    }
    this.#seal();
    // More than half a block gets one of its own, so that at most half of any memory stays unused.
    this.#open(bytes > this.#blockSize / 2 ? bytes : this.#sizeFor(bytes));
  }

  get pendingBytes(): number {
    return this.#fullBytes + this.position - this.#start;
  }

  /** True when a block is full, which nothing more is written to. */
  get hasFull(): boolean {
    return this.#fullBytes > 0;
  }

  /** The oldest bytes, now the caller's; `undefined` when there are none. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#fullBytes -= full.piece.length;
      this.#taken = full.block;
      return full.piece;
    }
    if (this.position === this.#start) return undefined;
    const piece = this.block.subarray(this.#start, this.position);
    this.#taken = this.block;
    this.#start = this.position;
    if (this.block.length - this.position < LITTLE) this.#open(0);
    return piece;
  }

  /** Whoever took pieces has no use for any of them any more: their memory, still warm, is written to again. */
  reuse(): void {
    const taken = this.#taken;
    this.#taken = NOTHING;
    if (taken !== this.block) {
      if (taken.length >= this.#blockSize && taken.length <= this.#blockSize * 2) this.#spare = taken;
    } else if (this.position === this.#start) {
      this.position = 0;
      this.#start = 0;
    }
  }

  // Of the next block, which is at most half full with so many bytes.
  #sizeFor(bytes: number): number {
    while (bytes > this.#nextSize / 2 && this.#nextSize < this.#blockSize) this.#nextSize *= GROWTH;
    const size = Math.min(this.#nextSize, this.#blockSize);
    this.#nextSize = Math.min(size * GROWTH, this.#blockSize);
    return size;
  }

  #seal(): void {
    if (this.position === this.#start) return;
    const piece = this.block.subarray(this.#start, this.position);
    this.#full.push({ piece, block: this.block });
    // Its last piece has not been taken: it is not free with those before.
    if (this.#taken === this.block) this.#taken = NOTHING;
    this.#fullBytes += piece.length;
  }

  #open(size: number): void {
    if (size > 0 && size <= this.#spare.length) {
      this.block = this.#spare;
      this.#spare = NOTHING;
    } else this.block = size === 0 ? NOTHING : allocate(size);
    this.position = 0;
    this.#start = 0;
  }
}
