import { describe, expect, it } from "vitest";
import { ReadBlocks } from "./read-blocks.js";

const KIB = 1024;

/** Reads `length` bytes of `value`, as a socket would. */
function read(blocks: ReadBlocks, length: number, value: number): Uint8Array {
  blocks.room().fill(value, 0, length);
  return blocks.take(length);
}

describe("blocks that a socket reads into", () => {
  it("copies a small read out: a view of it pins nothing but itself", () => {
    const blocks = new ReadBlocks();
    const chunk = read(blocks, KIB, 1);
    expect(chunk.buffer.byteLength).toBe(KIB);
    read(blocks, blocks.room().length, 0);
    expect(read(blocks, 16 * KIB - 1, 2).buffer.byteLength).toBe(16 * KIB - 1);
    expect(chunk.every((byte) => byte === 1)).toBe(true);
  });

  it("copies the least reads to pages they share: a view of one pins 4 KiB at most, the first ones' 1 KiB", () => {
    const blocks = new ReadBlocks();
    const chunks = Array.from({ length: 300 }, (_, i) => read(blocks, 1 + ((i * 37) % (KIB - 1)), i));
    for (const [i, chunk] of chunks.entries()) {
      expect(chunk.every((byte) => byte === i % 256)).toBe(true);
      expect(chunk.buffer.byteLength).toBeLessThanOrEqual(4 * KIB);
    }
    expect(chunks[0]?.buffer.byteLength).toBe(KIB);
    const pages = new Set(chunks.map(({ buffer }) => buffer));
    expect(pages.size).toBeLessThan(60);
  });

  it("gives a large read away as it lies, and pins no more than 256 KiB", () => {
    const blocks = new ReadBlocks();
    const sizes = [64 * KIB, 256 * KIB, 20 * KIB, 150 * KIB, 86 * KIB, 30 * KIB];
    for (const size of sizes) {
      const room = blocks.room();
      const chunk = read(blocks, Math.min(size, room.length), 3);
      expect(chunk.buffer).toBe(room.buffer);
      expect(chunk.buffer.byteLength).toBeLessThanOrEqual(256 * KIB);
    }
  });

  it("never writes again where a chunk lies, whatever the sizes", () => {
    const blocks = new ReadBlocks();
    const chunks: Uint8Array[] = [];
    for (let i = 0; i < 60; i++) {
      const length = Math.min(blocks.room().length, 1 + ((i * 37_123) % (200 * KIB)));
      chunks.push(read(blocks, length, i));
    }
    chunks.forEach((chunk, i) => {
      expect(chunk.every((byte) => byte === i)).toBe(true);
    });
  });

  it("begins with 4 KiB, for most connections hear little, and has room for 64 KiB once a read has filled them", () => {
    const blocks = new ReadBlocks();
    for (let i = 0; i < 20; i++) {
      expect(blocks.room().length).toBe(4 * KIB);
      read(blocks, 4 * KIB - 1, i);
    }
    const chunk = read(blocks, 4 * KIB, 9);
    expect(blocks.room().length).toBe(64 * KIB);
    expect(read(blocks, 64 * KIB, 8).buffer).not.toBe(chunk.buffer);
    expect(blocks.room().length).toBe(256 * KIB);
    expect(chunk.every((byte) => byte === 9)).toBe(true);
  });

  it("always has room for 64 KiB from then on", () => {
    const blocks = new ReadBlocks();
    blocks.take(blocks.room().length);
    for (let i = 0; i < 200; i++) {
      const room = blocks.room().length;
      expect(room).toBeGreaterThanOrEqual(64 * KIB);
      blocks.take(Math.min(room, 1 + ((i * 7919) % room)));
    }
  });
});
