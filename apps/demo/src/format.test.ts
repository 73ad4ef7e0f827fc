import { describe, expect, it } from "vitest";
import { cell, count, duration, elapsed, fit, sparkline, table, wrap } from "./format.js";

describe("formatting", () => {
  it("groups digits", () => {
    expect([0, 999, 1000, 1234567.4].map(count)).toEqual(["0", "999", "1,000", "1,234,567"]);
  });

  it("gives durations the precision that matters", () => {
    expect([0, 9.94, 9.96, 87.4, 999.4, 999.6, 1250, undefined].map(duration)).toEqual([
      "0.0 ms",
      "9.9 ms",
      "10 ms",
      "87 ms",
      "999 ms",
      "1.00 s",
      "1.25 s",
      "-",
    ]);
  });

  it("counts minutes, seconds and tenths", () => {
    expect([0, 7340, 60_000, 754_990].map(elapsed)).toEqual(["0:00.0", "0:07.3", "1:00.0", "12:34.9"]);
  });

  it("draws nothing for none, something for little, and a full block for the top and more", () => {
    expect(sparkline([0, 1, 500, 1000, 2000], 1000)).toBe(" ▁▄██");
    expect(sparkline([0], 0)).toBe(" ");
  });

  it("fills or cuts a cell to its width", () => {
    expect([cell("ab", 4), cell("abcd", 4), cell("abcde", 4)]).toEqual(["ab  ", "abcd", "abc…"]);
  });

  it("cuts a line of several pieces at the edge, and keeps their styles", () => {
    const line = [{ text: "abc", style: "red" }, { text: "defg" }, { text: "hi" }] as const;
    expect(fit(line, 20)).toEqual(line);
    expect(fit(line, 5)).toEqual([{ text: "abc", style: "red" }, { text: "d…" }]);
    expect(fit(line, 3)).toEqual([{ text: "abc", style: "red" }]);
  });

  it("breaks text at words, and leaves a word alone that is too long", () => {
    expect(wrap("one two three", 7, "  ")).toEqual(["one two", "  three"]);
    expect(wrap("extraordinarily", 5)).toEqual(["extraordinarily"]);
  });

  it("aligns the columns of a table and leaves no blanks at the end", () => {
    expect(
      table([
        ["A", "LONG"],
        ["wide", "x"],
      ]),
    ).toEqual(["A     LONG", "wide  x"]);
  });
});
