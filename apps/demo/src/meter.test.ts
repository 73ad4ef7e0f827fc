import { describe, expect, it } from "vitest";
import { Latency, Rate } from "./meter.js";

describe("Rate", () => {
  it("tells the last whole bucket a second, and the buckets before it", () => {
    const rate = new Rate(500);
    for (const at of [1000, 1100, 1499, 1500, 2600]) rate.count(at);
    expect(rate.perSecond(1500)).toBe(6);
    expect(rate.perSecond(2000)).toBe(2);
    expect(rate.history(2600, 10)).toEqual([6, 2, 0]);
    expect(rate.history(2600, 2)).toEqual([2, 0]);
  });
});

describe("Latency", () => {
  it("is 0 before anything was measured", () => {
    expect(new Latency().percentile(0.5)).toBe(0);
  });

  it("knows the percentiles of the newest values only", () => {
    const latency = new Latency(4);
    for (const ms of [1000, 1000, 4, 1, 3, 2]) latency.record(ms);
    expect([latency.percentile(0), latency.percentile(0.5), latency.percentile(0.99)]).toEqual([1, 3, 4]);
  });
});
