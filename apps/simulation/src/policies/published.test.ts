// The models of other clients' published defaults do as the documents named beside them say.

import { seededRandom } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import type { Failure, Policy } from "../policy.js";
import { published } from "./published.js";

const SEEDS = [0, 1, 2];

function make(name: string): Policy {
  const kind = published.find((one) => one.name === name);
  if (kind === undefined) throw new Error(`there is no ${name}`);
  return kind.create({ seeds: SEEDS, zone: 0, zoneOf: () => 0, random: seededRandom(1) });
}

/** Dials until it gives up, or `count` times; says when each dial began. Every one fails, and takes no time. */
function dials(policy: Policy, count: number, failure: Failure = "network"): number[] {
  const times: number[] = [];
  for (let now = 0; times.length < count; ) {
    const decision = policy.decide(now);
    if (decision.kind === "give-up") break;
    if (decision.kind === "wait") {
      now = decision.until;
      continue;
    }
    times.push(now);
    policy.dialing(decision.server, now);
    policy.failed(decision.server, failure, now);
  }
  return times;
}

describe("published defaults", () => {
  it("nats.js: each server once in 2 to 2.1 s, ten times, then none is left", () => {
    const times = dials(make("nats.js"), 100);
    expect(times).toHaveLength(30);
    expect(times.slice(0, 3)).toEqual([0, 0, 0]);
    expect(times[3]).toBeGreaterThanOrEqual(2_000);
    expect(times[3]).toBeLessThan(2_100);
    expect(dials(make("nats.js"), 100, "auth")).toHaveLength(2);
  });

  it("nats.go: the whole list at once, then 2 to 2.1 s, sixty times", () => {
    const times = dials(make("nats.go"), 1_000);
    expect(times).toHaveLength(180);
    expect(times.slice(0, 3)).toEqual([0, 0, 0]);
    expect(times[3]).toBeGreaterThanOrEqual(2_000);
    expect(times[3]).toBeLessThan(2_100);
    expect(dials(make("nats.go"), 100, "auth")).toHaveLength(4);
  });

  it("nats.rs: after 2, 4, 8 ms and so on up to 4 s, without end", () => {
    const times = dials(make("nats.rs"), 20);
    const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(waits.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(waits.at(-1)).toBe(4_000);
    expect(dials(make("nats.rs"), 1_000, "auth")).toHaveLength(1_000);
  });

  it("none moves away from a connection that works", () => {
    for (const { name } of published) expect(make(name).review(0)).toEqual({ kind: "stay", until: undefined });
  });
});
