import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { mulberry32 } from "../test/mulberry32.js";
import { exponentialBackoff, fixedBackoff, type ServerFailure } from "./index.js";

const failure = (kind: ServerFailure["kind"]): ServerFailure => ({ kind, error: new Error("x"), at: 0 });
const almostOne = (): number => 1 - 2 ** -32;

describe("exponentialBackoff", () => {
  it("D15: doubles its upper bound from 500 ms to 30 s, and starts at 0", () => {
    const backoff = exponentialBackoff();
    const bounds = [1, 2, 3, 6, 7, 8, 5_000].map((n) => Math.ceil(backoff.delay(n, failure("network"), almostOne)));
    expect(bounds).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
    expect(backoff.delay(9, failure("network"), () => 0)).toBe(0);
  });

  it("D11: waits four times as long after an authentication error, with the same cap", () => {
    const backoff = exponentialBackoff();
    const bounds = [1, 2, 9].map((n) => Math.ceil(backoff.delay(n, failure("auth"), almostOne)));
    expect(bounds).toEqual([2_000, 4_000, 30_000]);
  });

  it("is uniform: every tenth of the range is hit about equally often", () => {
    const random = mulberry32(7);
    const backoff = exponentialBackoff({ base: 1_000, cap: 1_000 });
    const buckets = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i += 1) {
      const bucket = Math.floor(backoff.delay(1, failure("network"), random) / 100);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    const chiSquare = buckets.reduce((sum, n) => sum + (n - 1_000) ** 2 / 1_000, 0);
    expect(chiSquare).toBeLessThan(27.9); // p > 0.001 at 9 degrees of freedom
  });
});

describe("fixedBackoff", () => {
  it("RECONN-WAIT-2, RECONN-WAIT-3: waits the given time plus a uniform jitter, after the first failure and the hundredth", () => {
    const backoff = fixedBackoff({ wait: 500, jitter: 100 });
    for (const n of [1, 100]) {
      expect(backoff.delay(n, failure("auth"), () => 0)).toBe(500);
      expect(backoff.delay(n, failure("network"), almostOne)).toBeCloseTo(600);
    }
    expect(backoff.minSpacing).toBe(500);
  });
});

it("backoffs refuse times that are none", () => {
  for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY, "1" as unknown as number]) {
    expect(() => exponentialBackoff({ base: wrong })).toThrow(InvalidArgumentError);
    expect(() => exponentialBackoff({ cap: wrong })).toThrow(InvalidArgumentError);
    expect(() => fixedBackoff({ wait: wrong, jitter: 0 })).toThrow(InvalidArgumentError);
    expect(() => fixedBackoff({ wait: 0, jitter: wrong })).toThrow(InvalidArgumentError);
  }
});
