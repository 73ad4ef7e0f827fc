// Where outgoing bytes are put: large blocks, carved without copying as they are taken. Knows nothing of the protocol.

import { SpareBlocks } from "./spare-blocks.js";
import { allocate } from "./utf8.js";

// With less room than this a new block is started rather than carving ever smaller pieces.
const LITTLE = 512;
// The first block; each one after it is larger. Most connections of a process, or of a server's clients, say little.
const FIRST = 1024;
const GROWTH = 4;
// No position of a usual block comes there; a small integer, which V8 compares quickest.
const NEVER = 0x3fffffff;
// Blocks that are out and may come back; more are not waited for.
const MOST_TAKEN = 16;
const NOTHING: Uint8Array = new Uint8Array(0);
const NO_VIEW: DataView = viewOf(NOTHING);

/**
 * A queue of bytes. A writer asks for room, writes into `block` from `position` on, and commits; until then nothing has
 * happened. Bytes handed out by `take` are not touched again until `reuse` gives them back.
 */
export class OutgoingBlocks {
  /** The block being written; valid from `position` to its end. */
  block: Uint8Array = NOTHING;
  /** The same memory, for whoever writes several bytes at once. */
  view: DataView = NO_VIEW;
  position = 0;
  #start = 0;
  // Pieces of blocks that nothing more is written to, beside their blocks.
  #full: { readonly piece: Uint8Array; readonly block: Uint8Array }[] = [];
  #fullBytes = 0;
  // From this `position` on: plainly, whether there are full blocks, or a usual one's bytes in a large one. Every publish asks, and the two
  // comparisons took 4 of its 70 ns.
  #fullAt = NEVER;
  // Blocks of the pieces that are out; `block` can only be the last of them.
  #taken: Uint8Array[] = [];
  readonly #spare: SpareBlocks;
  readonly #blockSize: number;
  #nextSize: number;

  /** @param blockSize of the largest blocks */
  constructor(blockSize: number) {
    this.#blockSize = blockSize;
    this.#nextSize = Math.min(FIRST, blockSize);
    this.#spare = new SpareBlocks(blockSize);
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
    this.#open(bytes > this.#blockSize / 2 ? roundedUp(bytes) : this.#sizeFor(bytes));
  }

  get pendingBytes(): number {
    return this.#fullBytes + this.position - this.#start;
  }

  /** True when a block is full, or there is as much in the last one, as after a large message. */
  get hasFull(): boolean {
    return this.position >= this.#fullAt;
  }

  /** The oldest bytes, now the caller's; `undefined` when there are none. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#fullBytes -= full.piece.length;
      this.#out(full.block);
      this.#markFull();
      return full.piece;
    }
    if (this.position === this.#start) return undefined;
    const piece = this.block.subarray(this.#start, this.position);
    this.#out(this.block);
    this.#start = this.position;
    if (this.block.length - this.position < LITTLE) this.#open(0);
    else this.#markFull();
    return piece;
  }

  /** Whoever took pieces has no use for any of them any more: their memory, still warm, is written to again. */
  reuse(): void {
    this.#spare.wanted = true;
    for (const block of this.#taken) {
      if (block !== this.block) this.#spare.add(block);
      else if (this.position === this.#start) {
        this.position = 0;
        this.#start = 0;
        // It was a large message's, and is no block for small ones.
        if (block.length > this.#blockSize * 2) {
          this.#spare.add(block);
          this.block = NOTHING;
          this.view = NO_VIEW;
        }
        this.#markFull();
      }
    }
    this.#taken.length = 0;
  }

  /** Lets go of spare memory that was not needed since the last call. */
  trim(): void {
    this.#spare.trim();
  }

  /** Whether {@link trim} has something to let go of, now or later. */
  get hasSpare(): boolean {
    return this.#spare.isLarge;
  }

  #out(block: Uint8Array): void {
    const taken = this.#taken;
    if (taken.at(-1) === block) return;
    // Who gives nothing back need not be waited for, nor who does so late.
    if (!this.#spare.wanted || taken.length >= MOST_TAKEN) taken.shift();
    taken.push(block);
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
    if (this.#taken.at(-1) === this.block) this.#taken.pop();
    this.#fullBytes += piece.length;
  }

  #open(size: number): void {
    this.block = size === 0 ? NOTHING : (this.#spare.take(size) ?? allocate(size));
    this.view = size === 0 ? NO_VIEW : viewOf(this.block);
    this.position = 0;
    this.#start = 0;
    this.#markFull();
  }

  #markFull(): void {
    const large = this.block.length > this.#blockSize;
    this.#fullAt = this.#fullBytes > 0 ? 0 : large ? this.#start + this.#blockSize : NEVER;
  }
}

function viewOf({ buffer, byteLength, byteOffset }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

// Messages of nearly one size have blocks of one size, an eighth of which is unused at most.
function roundedUp(bytes: number): number {
  const step = 2 ** Math.max(10, Math.floor(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
