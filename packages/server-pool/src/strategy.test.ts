import { describe, expect, it } from "vitest";
import { mulberry32 } from "../test/mulberry32.js";
import { PoolDriver } from "../test/pool-driver.js";
import { PolicyError, type ServerView, type Strategy } from "./index.js";

function count(hosts: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const host of hosts) counts[host] = (counts[host] ?? 0) + 1;
  return counts;
}

describe("the random strategy", () => {
  it("ADR40-10, SEED-8: chooses each of three servers equally often at the first connect", () => {
    const chosen = Array.from({ length: 3_000 }, (_, seed) => new PoolDriver({ servers: "a,b,c" }, seed).connect());
    const chiSquare = Object.values(count(chosen)).reduce((sum, n) => sum + (n - 1_000) ** 2 / 1_000, 0);
    expect(chiSquare).toBeLessThan(13.8); // p > 0.001 at 2 degrees of freedom
  });

  it("RECONN-RANDOM-3: spreads 200 clients of a lost server over the two others", () => {
    const chosen = Array.from({ length: 200 }, (_, seed) => {
      const client = new PoolDriver({ servers: "a,b,c" }, seed);
      const first = client.connect();
      client.lose(first);
      const second = client.connect();
      expect(second).not.toBe(first);
      return `${first}${second}`;
    });
    for (const first of ["a", "b", "c"]) {
      const [left = 0, right = 0] = Object.values(count(chosen.filter((pair) => pair.startsWith(first))));
      expect(Math.min(left, right) / (left + right)).toBeGreaterThan(0.3);
    }
  });

  it("RECONN-RANDOM-3: spreads clients evenly also when the server they all fled to is lost in turn", () => {
    const thirds: string[] = [];
    for (let seed = 0; seed < 6_000; seed += 1) {
      const client = new PoolDriver({ servers: "a,b,c" }, seed);
      if (client.connect() !== "a") continue;
      client.lose("a");
      if (client.connect() !== "b") continue;
      client.lose("b");
      thirds.push(client.connect());
    }
    const { a = 0, c = 0 } = count(thirds);
    expect(Math.abs(a - c) / (a + c)).toBeLessThan(0.1);
  });

  it("SEED-28: gives a newly learned server the same chance as the others", () => {
    const chosen = Array.from({ length: 600 }, (_, seed) => {
      const client = new PoolDriver({ servers: "s" }, seed);
      client.connect();
      client.advertise("s", "a:1", "b:1", "c:1");
      client.lose("s");
      return client.connect();
    });
    const counts = count(chosen);
    expect(Object.keys(counts).sort()).toEqual(["a", "b", "c"]);
    for (const n of Object.values(counts)) expect(n).toBeGreaterThan(150);
  });

  it("prefers the server with fewer recent failures, and forgets old ones", () => {
    const share = (idle: number): number => {
      let flaky = 0;
      for (let seed = 0; seed < 200; seed += 1) {
        const client = new PoolDriver({ servers: "a,b,c" }, seed);
        const failed = client.fail();
        const home = client.connect();
        client.now += 30_000;
        client.lose(home, idle);
        if (client.connect() === failed) flaky += 1;
      }
      return flaky / 200;
    };
    expect(share(10_000)).toBe(0);
    expect(share(60_000)).toBeGreaterThan(0.35);
  });
});

describe("the ordered strategy", () => {
  it("ADR40-10, SEED-9, SEED-10: dials the list in its order, the same one every time", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const client = new PoolDriver({ servers: "c,a,b", randomize: false }, seed);
      expect([client.fail(), client.fail(), client.connect()]).toEqual(["c", "a", "b"]);
    }
  });

  it("RECONN-RANDOM-2: keeps the order in every round and after a loss", () => {
    const client = new PoolDriver({ servers: "a,b,c", randomize: false });
    const dialled = Array.from({ length: 6 }, () => {
      const host = client.fail();
      client.now += 60_000;
      return host;
    });
    expect(dialled.join("")).toBe("abcabc");
    expect(client.connect()).toBe("a");
    client.lose("a");
    expect(client.connect()).toBe("b");
    client.lose("b");
    expect(client.connect()).toBe("a");
  });

  it("SEED-38: reaches the third server although the first two hang and are due again before its turn", () => {
    const client = new PoolDriver({ servers: "a,b,c", randomize: false });
    const hung = new Error("timeout");
    expect([client.fail("timeout", hung, 5_000), client.fail("timeout", hung, 5_000), client.connect()].join("")).toBe(
      "abc",
    );
  });
});

describe("a strategy of the caller's", () => {
  const last: Strategy = { name: "last", rank: (servers) => servers.slice(-1) };

  it("P26: decides among the servers it is given, in pool order", () => {
    const client = new PoolDriver({ servers: "a,b,c", strategy: last });
    expect([client.fail(), client.fail(), client.fail()].join("")).toBe("cba");
    expect(client.pool.takeIncidents()).toEqual([]);
  });

  it("cannot change what it sees", () => {
    let seen: readonly ServerView[] = [];
    const curious: Strategy = { name: "curious", rank: (servers) => (seen = servers) };
    new PoolDriver({ servers: "a,b", strategy: curious }).dial();
    expect(Object.isFrozen(seen) && seen.every((server) => Object.isFrozen(server))).toBe(true);
  });

  const broken: Record<string, Strategy["rank"]> = {
    throws: () => {
      throw new Error("mine");
    },
    "names a foreign server": (servers) => servers.map((server) => ({ ...server, id: 999 })),
    "adds a foreign server": (servers) => [
      ...servers,
      ...servers.slice(0, 1).map((server) => ({ ...server, id: 999 })),
    ],
    "names none": () => [],
    "answers nothing": () => undefined as unknown as ServerView[],
    "answers a promise": () => Promise.resolve([]) as unknown as ServerView[],
  };
  for (const [what, rank] of Object.entries(broken)) {
    it(`P26: that ${what} is reported and the default decides`, () => {
      const client = new PoolDriver({ servers: "a,b", strategy: { name: "mine", rank } });
      const decision = client.decide();
      expect(decision.kind).toBe("dial");
      const incidents = client.pool.takeIncidents();
      expect(incidents).toHaveLength(1);
      expect(incidents[0]).toBeInstanceOf(PolicyError);
      expect(incidents[0]).toMatchObject({ code: "POLICY_FAILED", policy: "strategy" });
      expect(client.pool.takeIncidents()).toEqual([]);
    });
  }

  it("may misbehave for ever without growing the process", () => {
    const client = new PoolDriver({ servers: "a,b", strategy: { name: "mine", rank: () => [] } });
    for (let i = 0; i < 1_000; i += 1) client.decide();
    expect(client.pool.takeIncidents()).toHaveLength(100);
  });
});

it("mulberry32 replays from its seed", () => {
  const [a, b] = [mulberry32(5), mulberry32(5)];
  expect([a(), a(), a()]).toEqual([b(), b(), b()]);
});
