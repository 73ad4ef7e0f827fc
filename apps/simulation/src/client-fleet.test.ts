// The real client in a fleet: what the level of the pool leaves out changes nothing that matters.

import type { ConnectionOptions } from "@myelin/client";
import { describe, expect, it } from "vitest";
import { ClientFleet } from "./client-fleet.js";
import { measured, type Result } from "./run.js";
import { scenarios } from "./scenarios.js";

const CLIENTS = 300;

function play(name: string, seed = 1, options: ConnectionOptions = {}): Promise<Result> {
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined) throw new Error(`there is no ${name}`);
  const { unreachableGossip } = scenario;
  return measured("myelin", scenario, () =>
    ClientFleet.connect({ clients: CLIENTS, servers: 9, seed, unreachableGossip, options }),
  );
}

describe("a fleet of real clients", () => {
  it.each(["third-dies", "auth-outage", "unreachable-gossip", "cluster-restart"])(
    "P16: %s: all come back, and after their first attempts never many at once",
    async (name) => {
      const result = await play(name);
      expect([result.stillDown, result.gaveUp]).toEqual([0, 0]);
      expect(result.homes.reduce((sum, count) => sum + count)).toBe(CLIENTS);
      expect(result.record.outages.length).toBeGreaterThan(CLIENTS / 5);
      expect(result.busiestRepeats).toBeLessThan(0.1);
    },
  );

  it("P17: rolling-upgrade: nobody is without a connection for a moment", async () => {
    const result = await play("rolling-upgrade");
    expect(result.record.outages).toEqual([]);
    expect(result.moves).toBeGreaterThan(CLIENTS);
  });

  it("P16: node-returns: goes back to those that returned, with rebalance, and nobody without", async () => {
    const back = await play("node-returns", 1, { rebalance: true });
    expect(Math.min(...back.homes)).toBeGreaterThan(CLIENTS / 9 / 3);
    expect((await play("node-returns")).homes.slice(0, 3)).toEqual([0, 0, 0]);
  });

  it("P28: the same twice with one seed, and another with another", async () => {
    const [once, again, other] = [
      await play("third-dies", 7),
      await play("third-dies", 7),
      await play("third-dies", 8),
    ];
    expect(again.hash).toBe(once.hash);
    expect(other.hash).not.toBe(once.hash);
  });
});
