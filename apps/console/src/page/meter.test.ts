import { expect, it } from "vitest";
import { Meter, SECONDS } from "./meter.js";

it("the rate is that of the last whole second, and the history has a minute of them", () => {
  const meter = new Meter();
  meter.add(10_100, 2);
  meter.add(10_900, 3);
  expect(meter.perSecond(10_999)).toBe(0);
  expect(meter.perSecond(11_000)).toBe(5);
  meter.add(11_500);
  expect(meter.history(12_000).slice(-2)).toEqual([5, 1]);
  expect(meter.history(12_000)).toHaveLength(SECONDS);
  expect(meter.perSecond(13_000)).toBe(0);
  expect(meter.history(69_999)[0]).toBe(0);
  expect(meter.history(70_000)[0]).toBe(5);
  expect(meter.history(71_000)[0]).toBe(1);
});

it("a long silence, and a clock that stands still or goes back, lose nothing else", () => {
  const meter = new Meter();
  meter.add(5_000);
  expect(meter.history(10_000_000)).toEqual(new Array(SECONDS).fill(0));
  meter.add(10_000_500);
  meter.add(9_000_000);
  expect(meter.perSecond(10_001_000)).toBe(2);
});
