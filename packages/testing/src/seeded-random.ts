// Chance that replays: the same seed gives the same numbers, on every machine. Source: the mulberry32 generator.

import type { Random } from "@myelin/contracts";

/** A Random for tests: uniform, fast, not to be used for anything that must not be guessed. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
