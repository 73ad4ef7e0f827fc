// Where outgoing bytes are put: large blocks, carved without copying as they are taken. Knows nothing of the protocol.

import { allocate } from "./utf8.js";

// With less room than this a new block is started rather than carving ever smaller pieces.
const LITTLE = 512;
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * A queue of bytes. A writer asks for room, writes into `block` from `position` on, and commits; until then nothing has
 * happened. Bytes handed out by `take` are never touched again.
 */
export class OutgoingBlocks {
  /** The block being written; valid from `position` to its end. */
  block: Uint8Array = NOTHING;
  position = 0;
  #start = 0;
  #full: Uint8Array[] = [];
  #fullBytes = 0;
  readonly #blockSize: number;

  constructor(blockSize: number) {
    this.#blockSize = blockSize;
  }

  /** Makes sure that `bytes` can be written at `position`. */
  reserve(bytes: number): void {
    if (this.block.length - this.position >= bytes) return;
    this.#seal();
    // More than half a block gets one of its own, so that at most half of any memory stays unused.
    this.#open(bytes > this.#blockSize / 2 ? bytes : this.#blockSize);
  }

  get pendingBytes(): number {
    return this.#fullBytes + this.position - this.#start;
  }

  /** The oldest bytes, now the caller's; `undefined` when there are none. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#fullBytes -= full.length;
      return full;
    }
    if (this.position === this.#start) return undefined;
    const piece = this.block.subarray(this.#start, this.position);
    this.#start = this.position;
    if (this.block.length - this.position < LITTLE) this.#open(0);
    return piece;
  }

  #seal(): void {
    if (this.position === this.#start) return;
    const piece = this.block.subarray(this.#start, this.position);
    this.#full.push(piece);
    this.#fullBytes += piece.length;
  }

  #open(size: number): void {
    this.block = size === 0 ? NOTHING : allocate(size);
    this.position = 0;
    this.#start = 0;
  }
}
