// What many clients do together when servers fail. In a small cluster, where servers only live or die, clients do not see one
// another, and each is played to its end alone here; the large ones are played all at once in apps/simulation.

import { describe, expect, it } from "vitest";
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
