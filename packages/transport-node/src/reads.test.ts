import { describe, expect, it } from "vitest";
import { Reads } from "./reads.js";

const KIB = 1024;

/** Reads `length` bytes of `value`, as a socket would. */
function read(reads: Reads, length: number, value: number): Uint8Array {
  reads.next().fill(value, 0, length);
  return reads.take(length);
}

describe("where a socket reads to", () => {
  it("is where the sink says, as long as it says so, and the chunk is that very memory", () => {
    const memory = new Uint8Array(100);
    let at = 0;
    const reads = new Reads({ room: () => (at < 100 ? memory.subarray(at) : undefined) });
    const chunks: Uint8Array[] = [];
    for (const length of [10, 60, 30, 20]) {
      const chunk = read(reads, length, length);
      chunks.push(chunk);
      at += length;
    }
    expect(chunks.map(({ buffer, length }) => [buffer === memory.buffer, length])).toEqual([
      [true, 10],
      [true, 60],
      [true, 30],
      [false, 20],
    ]);
    expect([memory[9], memory[10], memory[69], memory[70], memory[99]]).toEqual([10, 60, 60, 30, 30]);
    expect(chunks[3]?.every((byte) => byte === 20)).toBe(true);
  });

  it("is memory of its own while something waits to be delivered: the sink cannot know what lies in its own then", () => {
    const memory = new Uint8Array(100);
    const reads = new Reads({ room: () => memory });
    const first = read(reads, 10, 1);
    reads.delivered = false;
    const second = read(reads, 10, 2);
    reads.delivered = true;
    const third = read(reads, 5, 3);
    expect([first, second, third].map(({ buffer }) => buffer === memory.buffer)).toEqual([true, false, true]);
    expect([...second]).toEqual(Array(10).fill(2));
  });

  it("is always memory of its own for a sink that says nothing", () => {
    const reads = new Reads({});
    reads.take(reads.next().length);
    const chunk = read(reads, 20 * KIB, 7);
    expect([chunk.length, reads.next().length >= 64 * KIB]).toEqual([20 * KIB, true]);
    expect(read(new Reads({ room: () => undefined }), KIB, 7).buffer.byteLength).toBe(KIB);
  });

  it("may be asked again before anything was read: the latest answer holds", () => {
    const rooms = [new Uint8Array(8), undefined, new Uint8Array(8)];
    let asked = 0;
    const reads = new Reads({ room: () => rooms[asked++] });
    reads.next();
    reads.next();
    expect(read(reads, 4, 1).buffer).toBe(rooms[2]?.buffer);
    expect(rooms[0]?.every((byte) => byte === 0)).toBe(true);
  });
});
