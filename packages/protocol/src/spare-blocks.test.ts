import { describe, expect, it } from "vitest";
import { SpareBlocks } from "./spare-blocks.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const USUAL = 64 * KIB;

function holding(...sizes: number[]): { readonly spare: SpareBlocks; readonly blocks: readonly Uint8Array[] } {
  const spare = new SpareBlocks(USUAL);
  const blocks = sizes.map((size) => new Uint8Array(size));
  for (const block of blocks) spare.add(block);
  return { spare, blocks };
}

/** Takes blocks of this size until there are none: which of `blocks`, by their index. */
function drained(spare: SpareBlocks, size: number, blocks: readonly Uint8Array[]): number[] {
  const taken: number[] = [];
  for (let block = spare.take(size); block !== undefined; block = spare.take(size)) taken.push(blocks.indexOf(block));
  return taken;
}

describe("blocks kept for what comes next", () => {
  it("are given out once each, the latest first", () => {
    const { spare, blocks } = holding(MIB, MIB, MIB);
    expect(drained(spare, MIB, blocks)).toEqual([2, 1, 0]);
  });

  it("are large enough, and never much too large: a small block in place of a large one would hold it for long", () => {
    const { spare, blocks } = holding(USUAL, 300 * KIB, MIB);
    expect([spare.take(2 * MIB), spare.take(MIB + 1), spare.take(301 * KIB)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(spare.take(200 * KIB)).toBe(blocks[1]);
    expect(spare.take(600 * KIB)).toBe(blocks[2]);
    expect(spare.take(1)).toBe(blocks[0]);
  });

  it("are 32 MiB at most, the latest, whatever is added", () => {
    const { spare, blocks } = holding(...Array.from({ length: 50 }, () => MIB));
    expect(drained(spare, MIB, blocks)).toEqual(Array.from({ length: 32 }, (_, i) => 49 - i));
    spare.add(new Uint8Array(33 * MIB));
    expect([spare.isLarge, spare.take(33 * MIB)]).toEqual([false, undefined]);
  });

  it("do not stay in the way of sizes that are used now", () => {
    const { spare } = holding(...Array.from({ length: 512 }, () => USUAL));
    const block = new Uint8Array(8 * MIB);
    spare.add(block);
    expect(spare.take(8 * MIB)).toBe(block);
  });

  it("are none that are smaller than usual ones", () => {
    const { spare } = holding(USUAL - 1);
    expect([spare.isLarge, spare.take(1)]).toEqual([false, undefined]);
  });

  it("are let go when they were not needed between two looks, but for one usual block", () => {
    const { spare, blocks } = holding(USUAL, MIB, MIB, MIB);
    spare.trim();
    for (let i = 0; i < 2; i++) {
      const [first, second] = [spare.take(MIB), spare.take(MIB)];
      expect([first === undefined, second === undefined]).toEqual([false, false]);
      for (const block of [second, first]) if (block !== undefined) spare.add(block);
      spare.trim();
    }
    expect(drained(spare, MIB, blocks)).toEqual([3, 2]);
    for (const block of blocks.slice(1)) spare.add(block);
    spare.trim();
    spare.trim();
    expect([spare.isLarge, drained(spare, MIB, blocks), drained(spare, USUAL, blocks)]).toEqual([false, [], [0]]);
  });
});
