import { subjectMatches } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../seeded-random.js";
import { SubjectIndex } from "./subject-index.js";

describe("SubjectIndex", () => {
  it("finds exactly the patterns that match, whatever is put in and taken out", () => {
    const random = seededRandom(7);
    const token = (all: readonly string[]): string => all[Math.floor(random() * all.length)] ?? "a";
    const make = (tokens: readonly string[], open: boolean): string => {
      const made = Array.from({ length: 1 + Math.floor(random() * 4) }, () => token(tokens));
      return [...made.slice(open ? 1 : 0), ...(open ? [">"] : [])].join(".");
    };
    const index = new SubjectIndex<string>();
    const there = new Set<string>();
    for (let step = 0; step < 3_000; step++) {
      const pattern = make(["a", "b", "*"], random() < 0.3);
      if (random() < 0.6) {
        index.set(pattern, pattern);
        there.add(pattern);
      } else {
        index.delete(pattern);
        there.delete(pattern);
      }
      const subject = make(["a", "b", "c"], false);
      const expected = [...there].filter((one) => subjectMatches(one, subject));
      expect(index.matching(subject).sort()).toEqual(expected.sort());
      expect([index.size, index.get(pattern)]).toEqual([there.size, there.has(pattern) ? pattern : undefined]);
    }
    expect([...index].sort()).toEqual([...there].sort());
  });
});
