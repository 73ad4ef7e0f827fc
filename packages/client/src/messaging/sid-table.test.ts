import { describe, expect, it } from "vitest";
import { SidTable } from "./sid-table.js";

describe("SidTable", () => {
  it("finds what was set, in the order of sids, and nothing else, whatever number is asked for", () => {
    const table = new SidTable<string>();
    for (const sid of [1, 2, 255, 256, 257, 100_000]) table.set(sid, `s${sid}`);
    expect([...table]).toEqual(["s1", "s2", "s255", "s256", "s257", "s100000"]);
    for (const sid of [1, 2, 255, 256, 257, 100_000]) expect(table.get(sid)).toBe(`s${sid}`);
    // What a hostile server may name: none of them is another sid cut short.
    for (const sid of [-1, 0, 3, 1.5, 2 ** 32 + 1, 2 ** 53, Number.NaN]) expect(table.get(sid)).toBeUndefined();
  });

  it("forgets, once and for all", () => {
    const table = new SidTable<number>();
    for (let sid = 1; sid <= 1_000; sid++) table.set(sid, sid);
    for (let sid = 1; sid <= 1_000; sid += 2) table.delete(sid);
    table.delete(1);
    table.delete(5_000);
    expect([...table]).toEqual(Array.from({ length: 500 }, (_, index) => 2 * (index + 1)));
    for (let sid = 2; sid <= 1_000; sid += 2) table.delete(sid);
    expect([...table]).toEqual([]);
    table.set(1_001, 7);
    expect([...table]).toEqual([7]);
  });
});
