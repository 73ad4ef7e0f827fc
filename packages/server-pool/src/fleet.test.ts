// What many clients do together when servers fail. In a small cluster, where servers only live or die, clients do not see one
// another and each is played to its end alone; the large one is played by fleet.ts, all at once. MYELIN_CLIENTS=100000 is the
// long run of it; test/fleet-report.ts prints the figures.

import { describe, expect, it } from "vitest";
import { type Behaviour, Fleet, type FleetOptions } from "../test/fleet.js";
import { PoolDriver } from "../test/pool-driver.js";

const CLIENTS = 1_200;
const REFUSED = { kind: "network", error: new Error("refused") } as const;

interface Played {
  /** Clients on each server at the end. */
  readonly homes: ReadonlyMap<string, number>;
  /** Dials in the busiest 100 ms, from `since` on, as a share of all clients. */
  peak(since: number): number;
}

/** Connects every client, takes servers away at time 0 as told, and plays until every client is connected again. */
function play(lost: (host: string) => boolean, isUp: (host: string, t: number) => boolean): Played {
  const homes = new Map<string, number>();
  const dials = new Map<number, number>();
  for (let seed = 1; seed <= CLIENTS; seed += 1) {
    const client = new PoolDriver({ servers: "a,b,c" }, seed * 7_919);
    let home = client.connect();
    if (lost(home)) {
      client.lose(home);
      const start = client.now;
      for (;;) {
        const { id, url } = client.dial();
        home = url.hostname;
        const t = client.now - start;
        dials.set(Math.floor(t / 100), (dials.get(Math.floor(t / 100)) ?? 0) + 1);
        client.now += 1;
        if (isUp(home, t)) break;
        client.pool.failed(id, REFUSED, client.now);
      }
    }
    homes.set(home, (homes.get(home) ?? 0) + 1);
  }
  return {
    homes,
    peak: (since) => Math.max(...[...dials].filter(([bucket]) => bucket * 100 >= since).map(([, n]) => n)) / CLIENTS,
  };
}

describe("a fleet of clients", () => {
  it("P16, RECONN-RANDOM-3: of a dead server moves to the others in equal parts", () => {
    const { homes } = play(
      (host) => host === "a",
      (host) => host !== "a",
    );
    const [left = 0, right = 0] = homes.values();
    expect([...homes.keys()].sort()).toEqual(["b", "c"]);
    expect(Math.abs(left - right) / CLIENTS).toBeLessThan(0.1);
  });

  it("P16: does not stampede when the whole cluster comes back, and spreads over it again", () => {
    const { homes, peak } = play(
      () => true,
      (_host, t) => t >= 60_000,
    );
    expect(peak(60_000)).toBeLessThan(0.05);
    for (const clients of homes.values()) expect(Math.abs(clients - CLIENTS / 3) / (CLIENTS / 3)).toBeLessThan(0.2);
  });
});

const MANY = Number(process.env["MYELIN_CLIENTS"] ?? 10_000);
const DEAD = [0, 1, 2];
const ALIVE = [3, 4, 5, 6, 7, 8];
const TIMEOUT = { timeout: 300_000 };

/** Three of nine servers die at 0; the six others behave so for 20 s, and accept from then on. */
function loseThird(behaviour: Behaviour, options: Partial<FleetOptions> = {}): Fleet {
  const fleet = new Fleet({ clients: MANY, servers: 9, ...options });
  fleet.behave(ALIVE, behaviour);
  fleet.kill(DEAD);
  fleet.run(20_000);
  fleet.behave(ALIVE, { kind: "accepts" });
  fleet.run(150_000);
  return fleet;
}

describe("a large fleet that loses three of nine servers", () => {
  const behaviours: Record<string, Behaviour> = {
    accept: { kind: "accepts" },
    "admit a few at a time": { kind: "admits", per100ms: MANY / 5_000 },
    "send everybody away": { kind: "refused-by-server" },
    "refuse the credentials": { kind: "auth" },
    "refuse the dial": { kind: "network" },
    "are silent": { kind: "timeout" },
  };
  for (const [what, behaviour] of Object.entries(behaviours)) {
    it(
      `P16: dials with at most 2 % of the clients in any 100 ms after the first wave, where the others ${what}`,
      TIMEOUT,
      () => {
        const fleet = loseThird(behaviour);
        expect(fleet.peak(100)).toBeLessThanOrEqual(0.02);
        expect(fleet.homes().reduce((sum, clients) => sum + clients)).toBe(MANY);
        const shares = fleet.homes().slice(3);
        expect((Math.max(...shares) - Math.min(...shares)) / (MANY / 6)).toBeLessThan(0.1);
      },
    );
  }

  it("P16: keeps to 2 % in the first wave too, with a jitter of 5 s", TIMEOUT, () => {
    for (const kind of ["refused-by-server", "network"] as const) {
      expect(loseThird({ kind }, { firstAttemptJitter: 5_000 }).peak(0)).toBeLessThanOrEqual(0.02);
    }
  });

  it("P16: is within 10 % of equal after they came back, with rebalance, and moves slowly", TIMEOUT, () => {
    for (const seeds of [9, 3]) {
      const fleet = new Fleet({ clients: MANY, servers: 9, seeds, rebalance: true });
      fleet.kill(DEAD);
      fleet.run(30_000);
      for (const server of DEAD) fleet.revive([server]);
      fleet.run(150_000);
      expect(fleet.unevenness()).toBeLessThan(0.1);
      expect(fleet.peak(30_000)).toBeLessThan(0.005);
    }
  });

  it("P16: leaves them empty without rebalance", TIMEOUT, () => {
    const fleet = new Fleet({ clients: 2_000, servers: 9 });
    fleet.kill(DEAD);
    fleet.run(30_000);
    fleet.revive(DEAD);
    fleet.run(150_000);
    expect(fleet.homes().slice(0, 3)).toEqual([0, 0, 0]);
  });

  it("P16: seven in ten of its clients are back with their first attempt, within 100 ms", () => {
    const { recovered } = loseThird({ kind: "accepts" }, { clients: 2_000 });
    expect(recovered.filter((at) => at <= 110).length / recovered.length).toBeGreaterThan(0.7);
  });

  it("is the same twice with the same seed", () => {
    const run = (seed: number): unknown => {
      const fleet = loseThird({ kind: "refused-by-server" }, { clients: 500, seed });
      return [fleet.dials, fleet.homes(), fleet.recovered];
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});
