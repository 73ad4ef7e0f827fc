import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";
import { exponentialBackoff, PolicyError, type ServerFailure } from "./index.js";

const LIMIT = 1 - 2 ** -32;
type Kind = ServerFailure["kind"];

function window(
  kind: Kind,
  failuresInOutage: number,
  servers: number,
  firstAttemptJitter = 100,
  outageMs = 1e9,
): number {
  const failure = { kind, error: new Error("x"), at: 0 };
  const context = { failuresInOutage, failure, servers, firstAttemptJitter, outageMs, random: () => LIMIT };
  return Math.round(exponentialBackoff().pace?.(context) ?? Number.NaN);
}

/** Connected to a, and lost it; the servers' own waits are over at once. */
function inOutage(servers: string, seed = 1): PoolDriver {
  const { pace } = exponentialBackoff();
  const client = new PoolDriver(
    { servers, randomize: false, backoff: { delay: () => 0, ...(pace && { pace }) } },
    seed,
  );
  client.connect();
  client.lose("a");
  client.dial();
  client.pool.failed(client.id("b"), { kind: "network", error: new Error("refused") }, client.now);
  return client;
}

describe("the pace of a pool", () => {
  it("P16: is short after the first failure, most of all in a small cluster, then grows from 600 ms a server to 15 s", () => {
    expect([1, 2, 3, 4, 5, 99].map((n) => window("network", n, 9))).toEqual([
      3_000, 5_400, 10_800, 15_000, 15_000, 15_000,
    ]);
    expect([1, 2, 3, 4, 5, 6].map((n) => window("timeout", n, 3, 0))).toEqual([
      47, 1_800, 3_600, 7_200, 14_400, 15_000,
    ]);
    expect([2, 3, 9, 10, 200].map((servers) => window("tls", 1, servers, 0))).toEqual([6, 47, 3_000, 3_000, 3_000]);
    expect([2, 10, 11, 200].map((servers) => window("network", 2, servers))).toEqual([1_200, 6_000, 6_000, 6_000]);
  });

  it("P16: is wide at once when a server sent us away", () => {
    for (const kind of ["auth", "refused-by-server"] as const) {
      expect([1, 2, 3].map((n) => window(kind, n, 9))).toEqual([10_800, 15_000, 15_000]);
      expect([1, 2, 3].map((n) => window(kind, n, 3))).toEqual([3_600, 7_200, 14_400]);
    }
  });

  it("P16: doubles no further than twice what the outage has lasted, however many dials fell into it", () => {
    expect([0, 900, 2_000, 5_000, 60_000].map((ms) => window("network", 6, 3, 100, ms))).toEqual([
      1_800, 1_800, 4_000, 10_000, 15_000,
    ]);
    expect([0, 3_000].map((ms) => window("auth", 6, 3, 100, ms))).toEqual([3_600, 6_000]);
  });

  it("P16: a small cluster that was away for a second is connected to within five", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const client = new PoolDriver({ servers: "a,b,c", randomize: false }, seed);
      client.connect();
      client.lose("a");
      const lostAt = client.now;
      for (client.dial(); client.now - lostAt < 1_000; client.dial()) {
        const { id } = client.pool.snapshot().find(({ state }) => state === "dialing") ?? { id: -1 };
        client.pool.failed(id, { kind: "network", error: new Error("refused") }, client.now);
      }
      expect(client.now - lostAt).toBeLessThan(5_000);
    }
  });

  it("P16: after the first failure it is no narrower than the first wave was", () => {
    expect([0, 700, 5_000].map((jitter) => window("network", 1, 3, jitter))).toEqual([47, 700, 5_000]);
    expect([0, 5_000].map((jitter) => window("network", 2, 3, jitter))).toEqual([1_800, 1_800]);
  });

  it("does not hold a single server, which has its own wait", () => {
    expect([1, 2, 9].map((n) => window("network", n, 1))).toEqual([0, 0, 0]);
  });

  it("scales with the base, within half of the cap", () => {
    const failure = { kind: "network", error: new Error("x"), at: 0 } as const;
    const pace = (n: number): number | undefined =>
      exponentialBackoff({ base: 50, cap: 400 }).pace?.({
        failuresInOutage: n,
        failure,
        servers: 3,
        firstAttemptJitter: 0,
        outageMs: 1e9,
        random: () => 1,
      });
    expect([1, 2, 3].map(pace)).toEqual([4.6875, 180, 200]);
  });

  it("P16: a small cluster with one server up is connected within milliseconds, and after one failure within 200 ms", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const client = new PoolDriver({ servers: "a,b,c", randomize: false }, seed);
      client.connect();
      client.lose("a");
      const lostAt = client.now;
      client.dial();
      expect(client.now - lostAt).toBeLessThan(100);
      client.pool.failed(client.id("b"), { kind: "network", error: new Error("refused") }, client.now);
      client.dial();
      expect(client.now - lostAt).toBeLessThan(200);
    }
  });

  it("tells why it waits, and until when for each server", () => {
    const client = inOutage("a,b,c");
    expect(client.decide().kind).toBe("wait");
    expect(client.view("c").reason).toMatch(/^every server waits \d+ ms after the failure before$/);
    const decision = client.decide();
    expect(client.pool.snapshot().map((server) => server.eligibleAt)).toEqual(
      [1, 2, 3].map(() => (decision.kind === "wait" ? decision.until : undefined)),
    );
  });

  it("begins anew after a connection that lasted, not after one that broke within seconds", () => {
    const longest = (lived: number): number => {
      let most = 0;
      for (let seed = 0; seed < 200; seed += 1) {
        const client = inOutage("a,b,c", seed);
        for (let i = 0; i < 3; i += 1) client.fail();
        client.lose(client.connect(), lived);
        const lostAt = client.now;
        client.dial();
        most = Math.max(most, client.now - lostAt);
      }
      return most;
    };
    expect(longest(5_000)).toBeLessThan(100);
    expect(longest(4_999)).toBeGreaterThan(5_000);
  });

  it("P16: a cluster that lets everybody in and throws them out is not dialled in turn for ever", () => {
    const client = new PoolDriver({ servers: "a,b,c" });
    for (let i = 0; i < 30; i += 1) client.lose(client.connect(), 10);
    expect(client.now).toBeGreaterThan(60_000);
  });

  it("does not apply at the first connect, until every server had its turn", () => {
    const client = new PoolDriver({ servers: "a,b,c", backoff: exponentialBackoff({ base: 1_000 }) });
    for (let i = 0; i < 3; i += 1) client.fail("auth");
    expect(client.now).toBe(0);
    expect(client.decide().kind).toBe("wait");
    expect(Math.min(...client.pool.snapshot().map((server) => server.eligibleAt))).toBeGreaterThan(0);
  });

  it("is cut short by wakeNow", () => {
    const client = inOutage("a,b,c");
    for (let i = 0; i < 3; i += 1) client.fail();
    client.pool.wakeNow(client.now);
    expect(client.decide().kind).toBe("dial");
  });

  it("D13: of a backoff that throws or answers nonsense is reported, and the default paces", () => {
    const wrong = [() => Number.NaN, () => -1, () => Number.POSITIVE_INFINITY, () => "1" as never];
    const thrower = (): never => {
      throw new Error("mine");
    };
    for (const pace of [...wrong, thrower]) {
      const client = new PoolDriver({ servers: "a,b", backoff: { delay: () => 0, pace }, randomize: false });
      client.connect();
      client.lose("a");
      client.fail();
      const decision = client.decide();
      expect(decision.kind === "wait" && decision.until <= client.now + 100).toBe(true);
      expect(client.pool.takeIncidents()[0]).toBeInstanceOf(PolicyError);
    }
  });
});

describe("a clock that jumps", () => {
  it("P52: forward ends every wait, and the next dial comes at once", () => {
    const client = inOutage("a,b,c");
    for (let i = 0; i < 5; i += 1) client.fail();
    client.now += 600_000;
    expect(client.decide().kind).toBe("dial");
  });

  it("P52: back makes no wait longer", () => {
    const client = inOutage("a,b,c");
    for (let i = 0; i < 5; i += 1) client.fail();
    const before = client.decide();
    const left = before.kind === "wait" ? before.until - client.now : 0;
    expect(left).toBeGreaterThan(0);
    client.now -= 86_400_000;
    const after = client.decide();
    expect(after.kind === "wait" && after.until - client.now).toBeCloseTo(left, 3);
    client.connect();
    client.lose(client.hosts().find((host) => client.view(host).state === "connected") ?? "", 6_000);
    client.now -= 1_000;
    const lostAt = client.now;
    client.dial();
    expect(client.now - lostAt).toBeLessThan(100);
  });

  it("P52: back keeps a planned move planned", () => {
    const client = new PoolDriver({ servers: "a,b", randomize: false });
    client.connect();
    client.now = 1_000_000;
    client.pool.rebalance(client.now);
    client.pool.lameDuck(client.id("a"), client.now);
    client.now -= 900_000;
    const answer = client.pool.rebalance(client.now);
    expect(answer.kind === "stay" && (answer.until ?? 0) - client.now).toBeLessThan(1_000);
  });
});
