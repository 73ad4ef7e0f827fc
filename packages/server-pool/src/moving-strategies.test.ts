import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";
import { latency, orderedWithFailback, type ServerView, type Strategy, zones } from "./index.js";

const driver = (servers: string, strategy: Strategy, seed = 1): PoolDriver =>
  new PoolDriver({ servers, strategy }, seed);

/** Where the pool would move within `ms`, or `undefined`. */
function moves(client: PoolDriver, ms = 100_000): string | undefined {
  const end = client.now + ms;
  for (;;) {
    const answer = client.pool.rebalance(client.now);
    if (answer.kind === "move") return answer.to.url.hostname;
    if (answer.until === undefined || answer.until > end) return undefined;
    client.now = answer.until;
  }
}

/** Makes the move it is told, which succeeds. */
function move(client: PoolDriver, from: string): string | undefined {
  const to = moves(client);
  if (to === undefined) return undefined;
  client.pool.dialing(client.id(to), client.now);
  client.pool.connected(client.id(to), client.now);
  client.pool.left(client.id(from), client.now);
  return to;
}

function times(of: number, next: (seed: number) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let seed = 0; seed < of; seed += 1) counts[next(seed)] = (counts[next(seed)] ?? 0) + 1;
  return counts;
}

describe("orderedWithFailback", () => {
  it("P26: dials in the order of the list and moves back to the first, once that was in peace for a while", () => {
    const client = driver("a,b,c", orderedWithFailback());
    expect(client.connect()).toBe("a");
    client.lose("a");
    const lostAt = client.now;
    expect(client.connect()).toBe("b");
    expect(moves(client)).toBe("a");
    expect(client.now - lostAt).toBeGreaterThanOrEqual(30_000);
    expect(client.now - lostAt).toBeLessThan(180_000);
    expect(move(client, "b")).toBe("a");
    expect(moves(client)).toBeUndefined();
  });

  it("waits twice as long after each move that failed, and stays where it is meanwhile", () => {
    const settle = 100_000;
    const client = driver("a,b", orderedWithFailback({ settle }));
    client.connect();
    client.lose("a");
    client.connect();
    let failedAt = client.now;
    const waits = Array.from({ length: 4 }, () => {
      expect(moves(client, 2_000_000)).toBe("a");
      const waited = client.now - failedAt;
      client.pool.failed(client.id("a"), { kind: "network", error: new Error("refused") }, client.now);
      failedAt = client.now;
      expect(client.view("b").state).toBe("connected");
      return waited;
    });
    for (const [index, least] of [0.99, 1, 2, 4].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(least * settle);
      expect(waits[index]).toBeLessThan(least * settle + 181_000);
    }
  });

  it("moves neither to a lame duck, nor to one the cluster no longer lists, nor up among advertised servers", () => {
    const client = driver("a,b,c", orderedWithFailback({ settle: 0 }));
    client.fail();
    client.fail();
    expect(client.connect()).toBe("c");
    client.now += 60_000;
    client.advertise("c", "a:4222", "b:4222", "c:4222");
    client.advertise("c", "b:4222", "c:4222");
    client.pool.lameDuck(client.id("b"), client.now);
    expect(moves(client)).toBeUndefined();
    client.advertise("c", "a:4222", "b:4222", "c:4222");
    expect(moves(client)).toBe("a");

    const learned = driver("s", orderedWithFailback({ settle: 0 }));
    learned.connect();
    learned.advertise("s", "x:1", "y:1");
    learned.lose("s");
    learned.fail();
    expect(learned.connect()).toBe("s");
    learned.pool.replace("t");
    expect(moves(learned)).toBe("t");
  });

  it("does not move up among advertised servers, and does to a seed that no server ever lists", () => {
    const client = driver("s", orderedWithFailback({ settle: 0 }));
    client.connect();
    client.advertise("s", "x:1", "y:1");
    client.lose("s");
    expect(client.fail()).toBe("x");
    client.pool.wakeNow(client.now);
    client.pool.connected(client.id("y"), client.now);
    client.advertise("y", "x:1", "y:1");
    expect(client.view("s").listed).toBeUndefined();
    expect(moves(client)).toBe("s");
    client.pool.lameDuck(client.id("s"), client.now);
    expect(moves(client)).toBeUndefined();
  });
});

describe("zones", () => {
  const eu = "eu1#zone=eu,us1#zone=us,eu2#zone=eu,nowhere";

  it("P26: dials the preferred zone first, then the next, and what has no zone last", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const client = driver(eu, zones({ prefer: ["eu", "us"] }), seed);
      const order = [client.fail(), client.fail(), client.fail(), client.fail()];
      expect(order.slice(0, 2).sort()).toEqual(["eu1", "eu2"]);
      expect(order.slice(2)).toEqual(["us1", "nowhere"]);
    }
  });

  it("P26: stays in the zone when a server of it is lost, leaves it when none is left, and comes back", () => {
    const client = driver(eu, zones({ prefer: ["eu", "us"] }));
    const first = client.connect();
    client.lose(first);
    const second = client.connect();
    expect([first, second].sort()).toEqual(["eu1", "eu2"]);
    client.lose(second);
    expect([client.fail(), client.connect()]).toEqual([first, "us1"]);
    expect(move(client, "us1")).toMatch(/^eu/);
    expect(moves(client)).toBeUndefined();
  });

  it("stays away from home with failback: false", () => {
    const client = driver("eu#zone=eu,us#zone=us", zones({ prefer: ["eu"], failback: false }));
    client.connect();
    client.lose("eu");
    expect(client.connect()).toBe("us");
    expect(moves(client)).toBeUndefined();
  });

  it("tiers on URLs beat zones; weights share out a tier, and 0 is for when nothing else is left", () => {
    const labels = "a#tier=1,b#weight=3&tier=0,c#tier=0,d#weight=0&tier=0";
    const first = times(2_000, (seed) => driver(labels, zones(), seed).connect());
    expect(Object.keys(first).sort()).toEqual(["b", "c"]);
    expect(Math.abs((first["b"] ?? 0) - 1_500)).toBeLessThan(80);
    const client = driver(labels, zones());
    expect([client.fail(), client.fail(), client.fail(), client.fail()].slice(2)).toEqual(["d", "a"]);
  });

  it("functions tell about advertised servers, which have no labels unless the gossip policy writes them", () => {
    const zone = ({ url }: ServerView): string => url.hostname.split("-")[0] ?? "";
    const client = driver("us-1,us-2", zones({ prefer: ["eu", "us"], zone }));
    const home = client.connect();
    client.advertise(home, "eu-1:4222", "us-1:4222", "us-2:4222");
    expect(moves(client)).toBe("eu-1");

    const gossip = (url: string): string => `${url}#zone=eu`;
    const labelled = new PoolDriver({ servers: "s", strategy: zones({ prefer: ["eu"] }), gossip });
    labelled.connect();
    labelled.advertise("s", "x:1");
    expect(labelled.view("x").labels).toEqual({ zone: "eu" });
    expect(moves(labelled)).toBe("x");
  });

  it("P16: rebalance moves load within a tier only", () => {
    const targets = times(300, (seed) => {
      const client = new PoolDriver(
        {
          servers: "eu1#zone=eu",
          strategy: zones({ prefer: ["eu"], zone: ({ url }) => url.hostname.slice(0, 2) }),
          rebalance: true,
        },
        seed,
      );
      client.connect();
      client.advertise("eu1", "eu1:4222", "eu2:4222", "us1:4222");
      return moves(client) ?? "none";
    });
    expect(Object.keys(targets).sort()).toEqual(["eu2", "none"]);
    expect(Math.abs((targets["eu2"] ?? 0) - 150)).toBeLessThan(35);
  });
});

describe("latency", () => {
  const measured = (client: PoolDriver, rtts: Record<string, number>): void => {
    for (const [host, rtt] of Object.entries(rtts)) client.pool.measured(client.id(host), rtt, client.now);
  };

  it("P26: dials the fastest first, those within the band at random, and one never measured with them", () => {
    const first = times(600, (seed) => {
      const client = driver("near,alike,far,unknown", latency(), seed);
      measured(client, { near: 20, alike: 25, far: 90 });
      return client.connect();
    });
    expect(Object.keys(first).sort()).toEqual(["alike", "near", "unknown"]);
    for (const n of Object.values(first)) expect(Math.abs(n - 200)).toBeLessThan(50);
  });

  it("P26: moves to a server that is faster by more than the band, and not to and fro between two alike", () => {
    const client = driver("a,b", latency({ settle: 0 }));
    const home = client.connect();
    const other = home === "a" ? "b" : "a";
    measured(client, { [home]: 100, [other]: 80 });
    expect(moves(client)).toBeUndefined();
    for (let i = 0; i < 20; i += 1) measured(client, { [other]: 50 });
    expect(move(client, home)).toBe(other);
    for (let i = 0; i < 20; i += 1) {
      measured(client, { [home]: i % 2 === 0 ? 40 : 60, [other]: i % 2 === 0 ? 60 : 40 });
      expect(moves(client)).toBeUndefined();
    }
  });

  it("one slow answer moves nothing, and microseconds are no reason", () => {
    const client = driver("a,b", latency({ settle: 0 }));
    const home = client.connect();
    const other = home === "a" ? "b" : "a";
    measured(client, { [home]: 20, [other]: 18 });
    measured(client, { [home]: 24 });
    expect(client.view(home).rtt).toBe(21);
    expect(moves(client)).toBeUndefined();
    const close = driver("a,b", latency({ settle: 0 }));
    const here = close.connect();
    measured(close, { a: here === "a" ? 2 : 0.1, b: here === "b" ? 2 : 0.1 });
    expect(moves(close)).toBeUndefined();
  });

  it("ignores times that are none", () => {
    const client = driver("a", latency());
    for (const wrong of [-1, Number.NaN, Number.POSITIVE_INFINITY]) measured(client, { a: wrong });
    expect(client.view("a").rtt).toBeUndefined();
    client.pool.measured(99, 1, 0);
  });
});

it("strategies refuse options that make no sense", () => {
  const wrong = [
    () => orderedWithFailback({ settle: -1 }),
    () => zones({ settle: Number.NaN }),
    () => zones({ prefer: "eu" as never }),
    () => zones({ prefer: [1] as never }),
    () => latency({ band: -0.1 }),
    () => latency({ band: "1" as never }),
    () => latency({ floor: -1 }),
    () => latency({ settle: -1 }),
  ];
  for (const make of wrong) expect(make).toThrow(InvalidArgumentError);
});
