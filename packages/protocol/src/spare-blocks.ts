// Blocks that nobody uses just now, for those that are needed next: memory that was written to before costs no page faults, and no
// collector. Bounded; what is not needed for a while is let go. Who uses a block, and for what, is the business of outgoing-blocks.ts.

/** Bytes that are kept. */
const MOST = 32 * 1024 * 1024;

export class SpareBlocks {
  /** Whether blocks are ever given back. */
  wanted = false;
  readonly #usual: number;
  // The one given back last is the warmest, and taken first.
  readonly #blocks: Uint8Array[] = [];
  #bytes = 0;
  // So many of the oldest have not been needed since the last trim.
  #idle = 0;

  /** @param blockSize of usual blocks; smaller ones are not worth keeping */
  constructor(blockSize: number) {
    this.#usual = blockSize;
  }

  /** Whether there is more than the one usual block that is always kept. */
  get isLarge(): boolean {
    return this.#blocks.length > 1 || this.#bytes > this.#usual * 2;
  }

  add(block: Uint8Array): void {
    if (block.length < this.#usual) return;
    this.#blocks.push(block);
    this.#bytes += block.length;
    while (this.#bytes > MOST) this.#drop(1);
  }

  /** One of at least so many bytes, and at most twice as many, or as a usual block has. */
  take(bytes: number): Uint8Array | undefined {
    const most = Math.max(bytes, this.#usual) * 2;
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const length = this.#blocks[i]?.length ?? 0;
      if (length < bytes || length > most) continue;
      const block = i === this.#blocks.length - 1 ? this.#blocks.pop() : this.#blocks.splice(i, 1)[0];
      this.#bytes -= length;
      this.#idle = Math.min(this.#idle, this.#blocks.length);
      return block;
    }
    return undefined;
  }

  /** Lets go of those that were not needed since the last call, but for one usual block. */
  trim(): void {
    const isUsual = ({ length }: Uint8Array): boolean => length <= this.#usual * 2;
    const usual = this.#blocks.findLast(isUsual);
    this.#drop(this.#idle);
    if (usual !== undefined && !this.#blocks.some(isUsual)) {
      this.#blocks.unshift(usual);
      this.#bytes += usual.length;
    }
    this.#idle = this.#blocks.length;
  }

  #drop(count: number): void {
    for (const { length } of this.#blocks.splice(0, count)) this.#bytes -= length;
    this.#idle = Math.max(0, this.#idle - count);
  }
}
