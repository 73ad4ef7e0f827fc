// The real client in a fleet: what the level of the pool leaves out changes nothing that matters.

import { describe, expect, it } from "vitest";
import type { Result } from "./run.js";
import { shardThreads } from "./shard-threads.js";
import { type ClientRun, runClients } from "./shards.js";

const CLIENTS = 300;

function play(scenario: string, run: Partial<ClientRun> = {}): Promise<Result> {
  return runClients({
    scenario,
    policy: "myelin",
    clients: CLIENTS,
    servers: 9,
    seed: 1,
    jitter: 100,
    shards: 1,
    ...run,
  });
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
    const back = await play("node-returns", { policy: "myelin-rebalance" });
    expect(Math.min(...back.homes)).toBeGreaterThan(CLIENTS / 9 / 3);
    expect((await play("node-returns")).homes.slice(0, 3)).toEqual([0, 0, 0]);
  });

  it("P16: zone-loss: goes back to its own zone with the strategy for it, and nobody without", async () => {
    const ofZones = ({ homes }: Result): number[] =>
      [0, 1, 2].map((zone) => homes.reduce((sum, count, server) => (server % 3 === zone ? sum + count : sum), 0));
    expect(ofZones(await play("zone-loss", { policy: "myelin-zones" }))).toEqual([100, 100, 100]);
    expect(ofZones(await play("zone-loss"))[0]).toBe(0);
  });

  it("P28: the same twice with one seed, and another with another", async () => {
    const [once, again, other] = [
      await play("third-dies-throttled", { clients: 100, seed: 7 }),
      await play("third-dies-throttled", { clients: 100, seed: 7 }),
      await play("third-dies-throttled", { clients: 100, seed: 8 }),
    ];
    expect(again.hash).toBe(once.hash);
    expect(again.record.data).toEqual(once.record.data);
    expect(other.hash).not.toBe(once.hash);
  });
});

describe("a fleet in parts", () => {
  it("P28: comes out the same in threads as one after the other", async () => {
    const run = { shards: 3, clients: 100 };
    const [inTurn, inThreads] = [
      await play("third-dies-throttled", run),
      await runClients(
        { scenario: "third-dies-throttled", policy: "myelin", servers: 9, seed: 1, jitter: 100, ...run },
        await shardThreads(),
      ),
    ];
    expect(inThreads.record.data).toEqual(inTurn.record.data);
    expect(inThreads.homes).toEqual(inTurn.homes);
    expect(inThreads.homes.reduce((sum, count) => sum + count)).toBe(100);
  });

  it.each(["third-dies", "third-dies-refusing", "auth-outage"])(
    "P28: %s: does what it does as a whole, to the millisecond, where no server counts its clients",
    async (name) => {
      const whole = await play(name, { clients: 100 });
      const parts = await play(name, { clients: 100, shards: 3 });
      expect(parts.hash).toBe(whole.hash);
      expect([parts.homes, parts.record.attempts, parts.record.down]).toEqual([
        whole.homes,
        whole.record.attempts,
        whole.record.down,
      ]);
      expect([...parts.record.outages].sort()).toEqual([...whole.record.outages].sort());
    },
  );

  it("tells of a part that fails", async () => {
    const threads = await shardThreads();
    const run: ClientRun = {
      scenario: "rain",
      policy: "myelin",
      clients: 2,
      servers: 2,
      seed: 1,
      jitter: 0,
      shards: 2,
    };
    await expect(threads([{ ...run, shard: 0 }])).rejects.toThrow("there is no scenario rain");
  });
});
