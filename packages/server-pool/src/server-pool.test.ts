import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { mulberry32 } from "../test/mulberry32.js";
import { PoolDriver } from "../test/pool-driver.js";
import {
  exponentialBackoff,
  fixedBackoff,
  PolicyError,
  type PoolOptions,
  resolveOptions,
  ServerPool,
} from "./index.js";

describe("the first connect", () => {
  it("SEED-7, SEED-32, SEED-42: dials every seed once, at once, and nothing else", () => {
    const client = new PoolDriver({ servers: "a,b,c" });
    expect([client.fail(), client.fail(), client.fail()].sort()).toEqual(["a", "b", "c"]);
    expect(client.now).toBe(0);
  });

  it("SEED-9: leaves the caller's array alone", () => {
    const servers = Object.freeze(["b", "a", "c"]);
    new PoolDriver({ servers }).connect();
    expect(servers).toEqual(["b", "a", "c"]);
  });

  it("SEED-5: holds one entry for two spellings", () => {
    expect(new PoolDriver({ servers: "localhost,nats://localhost:4222" }).pool.size).toBe(1);
  });

  it("SEED-45: the limit of attempts does not apply before the first success", () => {
    const client = new PoolDriver({ servers: "a", maxAttempts: 2 });
    for (let i = 0; i < 10; i += 1) client.fail();
    client.connect();
    client.lose("a");
    client.fail();
    expect(client.pool.size).toBe(1);
  });
});

describe("a lost connection", () => {
  it("D15: is followed by a dial within firstAttemptJitter, uniformly", () => {
    const waits = Array.from({ length: 1_000 }, (_, seed) => {
      const client = new PoolDriver({ servers: "a" }, seed);
      client.connect();
      client.lose("a");
      const lostAt = client.now;
      client.connect();
      return client.now - lostAt;
    });
    expect(Math.max(...waits)).toBeLessThan(100);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    const mean = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
    expect(Math.abs(mean - 50)).toBeLessThan(4);
  });

  it("says how long the first attempt waits", () => {
    const client = new PoolDriver({ servers: "a" });
    client.connect();
    client.lose("a");
    expect(client.decide().kind).toBe("wait");
    expect(client.view("a").reason).toMatch(/^first attempt in \d+ ms$/);
  });

  it("never goes to the same server before others that may be dialled, then does", () => {
    const client = new PoolDriver({ servers: "a,b,c", randomize: false });
    client.connect();
    client.lose("a");
    expect([client.fail(), client.fail(), client.fail()]).toEqual(["b", "c", "a"]);
    for (let seed = 0; seed < 50; seed += 1) {
      const random = new PoolDriver({ servers: "a,b" }, seed);
      const first = random.connect();
      random.lose(first);
      expect(random.dial().url.hostname).not.toBe(first);
    }
  });

  it("goes to the same server at once when the others back off", () => {
    const client = new PoolDriver({ servers: "a,b", randomize: false, backoff: { delay: () => 9_000 } });
    client.fail();
    client.connect();
    client.lose("b", 6_000);
    expect(client.dial().url.hostname).toBe("b");
    expect(client.now).toBeLessThan(6_100);
    expect(client.view("a").reason).toMatch(/^backing off for [23]\.\d s after a network failure$/);
  });

  it("P16: a server whose connections keep ending at once backs off; one that lasted does not", () => {
    const client = new PoolDriver({ servers: "a", backoff: { delay: (n) => n * 1_000 } });
    const waits = Array.from({ length: 4 }, () => {
      client.connect();
      client.lose("a", 10);
      const lostAt = client.now;
      client.dial();
      client.pool.failed(client.id("a"), { kind: "network", error: new Error("x") }, client.now);
      return Math.floor((client.now - lostAt) / 1_000);
    });
    expect(waits).toEqual([0, 1, 2, 3]);
    client.connect();
    client.lose("a", 5_000);
    const lostAt = client.now;
    client.dial();
    expect(client.now - lostAt).toBeLessThan(100);
  });
});

describe("a failed server", () => {
  it("RECONN-WAIT-1, D15: is not dialled before its own wait, while another is dialled at once", () => {
    const client = new PoolDriver({ servers: "a,b", randomize: false, backoff: { delay: (n) => n * 1_000 } });
    client.fail();
    client.now += 600;
    expect(client.fail()).toBe("b");
    expect(client.decide()).toEqual({ kind: "wait", until: 1_000 });
    expect(client.view("a").reason).toBe("backing off for 400 ms after a network failure");
    expect(client.view("b").reason).toBe("backing off for 1.0 s after a network failure");
    expect([client.fail(), client.now]).toEqual(["a", 1_000]);
    expect(client.decide()).toEqual({ kind: "wait", until: 1_600 });
    client.fail();
    expect(client.decide()).toEqual({ kind: "wait", until: 3_000 });
  });

  it("RECONN-WAIT-1: with a fixed wait, keeps its distance also after a success", () => {
    const client = new PoolDriver({ servers: "a", backoff: fixedBackoff({ wait: 2_000, jitter: 0 }) });
    client.connect();
    client.lose("a", 300);
    client.decide();
    expect(client.view("a").reason).toBe("dialled too recently, 1.7 s left");
    client.connect();
    expect(client.now).toBe(2_000);
  });

  it("RECONN-WAIT-2: is dialled again between wait and wait + jitter later", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const client = new PoolDriver({ servers: "a", backoff: fixedBackoff({ wait: 500, jitter: 100 }) }, seed);
      client.fail();
      client.fail();
      expect(client.now).toBeGreaterThanOrEqual(500);
      expect(client.now).toBeLessThan(600);
    }
  });

  it("RECONN-MAX-3: has a clean slate after a success", () => {
    const client = new PoolDriver({ servers: "a" });
    client.fail();
    client.fail();
    expect(client.view("a").consecutiveFailures).toBe(2);
    client.connect();
    expect(client.view("a")).toMatchObject({
      consecutiveFailures: 0,
      everConnected: true,
      lastConnectedAt: client.now,
    });
    expect(client.view("a").lastFailure?.error.message).toBe("refused");
  });

  it("wakeNow cuts every wait short, once", () => {
    const client = new PoolDriver({ servers: "a,b", backoff: { delay: () => 10_000 } });
    client.fail();
    client.fail();
    expect(client.decide()).toEqual({ kind: "wait", until: 10_000 });
    client.pool.wakeNow(client.now);
    expect([client.fail(), client.fail(), client.now].sort()).toEqual([0, "a", "b"]);
    expect(client.decide().kind).toBe("wait");
    expect(client.view("a").consecutiveFailures).toBe(2);
  });

  it("P25: after wakeNow the waits grow from the first one again, and the counts that are shown and bounded go on", () => {
    const asked: number[] = [];
    const backoff = {
      delay: (failures: number) => {
        asked.push(failures);
        return failures * 1_000;
      },
    };
    const client = new PoolDriver({ servers: "a", backoff, maxAttempts: 6 });
    client.connect();
    client.lose("a", 60_000);
    for (let i = 0; i < 3; i++) client.fail();
    client.pool.wakeNow(client.now);
    client.fail();
    expect([client.decide(), client.view("a").consecutiveFailures]).toEqual([
      { kind: "wait", until: client.now + 1_000 },
      4,
    ]);
    client.fail();
    client.connect();
    client.lose("a", 60_000);
    for (let i = 0; i < 5; i++) client.fail();
    client.pool.wakeNow(client.now);
    client.fail();
    expect(asked).toEqual([1, 2, 3, 1, 2, 1, 2, 3, 4, 5, 1]);
    expect(client.decide()).toEqual({ kind: "give-up", reason: "max-attempts" });
  });
});

describe("a forced reconnect", () => {
  it("P16: repeated within seconds does not count as short connections of the server", () => {
    const client = new PoolDriver({ servers: "a", backoff: fixedBackoff({ wait: 2_000, jitter: 0 }) });
    for (let i = 0; i < 5; i += 1) {
      client.connect();
      client.pool.wakeNow(client.now);
      client.lose("a", 0);
    }
    expect(client.now).toBeLessThan(500);
  });
});

describe("decide", () => {
  it("names a time to ask again when every server is being dialled or connected", () => {
    const client = new PoolDriver({ servers: "a,b" });
    client.connect();
    client.dial();
    expect(client.decide()).toEqual({ kind: "wait", until: 1_000 });
    expect(
      client.pool
        .snapshot()
        .map((server) => server.reason)
        .sort(),
    ).toEqual(["being dialled", "connected"]);
  });

  it("SEED-12: races as many candidates as it is asked for, each another one", () => {
    const client = new PoolDriver({ servers: "a,b,c" });
    expect(new Set([client.dial().id, client.dial().id, client.dial().id]).size).toBe(3);
  });

  it("says after a move what was moved to and what was left, not what the last outage had said of them", () => {
    const client = new PoolDriver({ servers: "a,b" });
    const first = client.connect();
    const [from, to] = first === "a" ? ["a", "b"] : ["b", "a"];
    client.pool.dialing(client.view(to).id, client.now);
    client.pool.connected(client.view(to).id, client.now);
    client.pool.left(client.view(from).id, client.now);
    expect(client.view(to)).toMatchObject({ state: "connected", reason: "chosen" });
    expect(client.view(from)).toMatchObject({ state: "idle", reason: "left for another server" });
  });

  it("says why for every server", () => {
    const client = new PoolDriver({ servers: "a,b,c", randomize: false });
    expect(client.view("a").reason).toBe("not considered yet");
    client.decide();
    expect(client.pool.snapshot().map((server) => server.reason)).toEqual([
      "chosen",
      "ranks below nats://a:4222 by strategy ordered",
      "ranks below nats://a:4222 by strategy ordered",
    ]);
  });

  it("is the same for the same seed and the same calls", () => {
    const story = (): string => {
      const client = new PoolDriver({ servers: "a,b,c,d" }, 42);
      const hosts = Array.from({ length: 50 }, () => `${client.fail()}@${client.now}`);
      return hosts.join();
    };
    expect(story()).toBe(story());
  });

  it("survives a backoff that throws or answers nonsense, and reports it", () => {
    const wrong = [() => Number.NaN, () => -1, () => Number.POSITIVE_INFINITY, () => undefined as unknown as number];
    for (const delay of [
      ...wrong,
      (): never => {
        throw new Error("mine");
      },
    ]) {
      const client = new PoolDriver({ servers: "a", backoff: { delay } });
      client.fail();
      const decision = client.decide();
      expect(decision.kind).toBe("wait");
      expect(decision.kind === "wait" && decision.until <= 500).toBe(true);
      expect(client.pool.takeIncidents()[0]).toBeInstanceOf(PolicyError);
    }
  });
});

describe("reports", () => {
  it("about servers the pool does not know, or that do not fit, are ignored", () => {
    const client = new PoolDriver({ servers: "a" });
    const before = client.pool.snapshot();
    client.pool.dialing(99, 0);
    client.pool.connected(99, 0);
    client.pool.failed(99, { kind: "network", error: new Error("x") }, 0);
    client.pool.lost(99, new Error("x"), 0);
    client.pool.lost(client.id("a"), new Error("x"), 0);
    client.pool.lameDuck(99, 0);
    expect(client.pool.snapshot()).toEqual(before);
    expect(client.pool.get(99)).toBeUndefined();
  });

  it("of a dial that could not even begin count as a failed dial", () => {
    const client = new PoolDriver({ servers: "a,b", randomize: false });
    client.pool.failed(client.id("a"), { kind: "auth", error: new Error("no credentials") }, 5);
    expect(client.view("a")).toMatchObject({ consecutiveFailures: 1, lastDialAt: 5, state: "idle" });
    expect(client.view("a").lastFailure).toMatchObject({ kind: "auth", at: 5 });
  });

  it("P4, P26: a snapshot tells where each server is from, how it stands, and why", () => {
    const client = new PoolDriver({ servers: "s#zone=eu,t", randomize: false });
    client.connect();
    client.pool.identified(client.id("s"), "NS", "10.0.0.1:4222", client.now);
    client.pool.measured(client.id("s"), 12, client.now);
    client.advertise("s", "s:4222", "g:4222");
    client.lose("s");
    client.fail("tls", new Error("bad certificate"));
    client.decide();
    const error = expect.any(Error) as Error;
    expect(client.view("s")).toMatchObject({
      origin: "seed",
      learnedFrom: undefined,
      labels: { zone: "eu" },
      state: "idle",
      rtt: 12,
      serverId: "NS",
      listed: true,
      lastFailure: { kind: "lost", error },
    });
    expect(client.view("g")).toMatchObject({
      origin: "gossip",
      learnedFrom: "nats://s:4222",
      labels: {},
      listed: true,
    });
    expect(client.view("t")).toMatchObject({
      consecutiveFailures: 1,
      lastFailure: { kind: "tls", error },
      listed: undefined,
    });
    for (const { eligibleAt, reason } of client.pool.snapshot()) {
      expect(eligibleAt).toBeGreaterThan(client.now);
      expect(reason).toMatch(/^(every server waits|backing off for) .* after /);
    }
  });

  it("SEED-15: are seen in frozen snapshots", () => {
    const client = new PoolDriver({ servers: "a,b" });
    client.connect();
    const snapshot = client.pool.snapshot();
    expect(snapshot.filter((server) => server.state === "connected")).toHaveLength(1);
    expect([snapshot, ...snapshot].every(Object.isFrozen)).toBe(true);
  });
});

describe("options", () => {
  const wrong: Record<string, Partial<PoolOptions>> = {
    servers: { servers: [] },
    maxAttempts: { maxAttempts: 1.5 },
    firstAttemptJitter: { firstAttemptJitter: -1 },
    gossip: { gossip: "some" as "all" },
    strategy: { strategy: { name: "x" } as never },
    backoff: { backoff: {} as never },
    "rebalance.interval": { rebalance: { interval: -1 } },
    "backoff.minSpacing": { backoff: { delay: () => 0, minSpacing: Number.NaN } },
  };
  for (const [argument, options] of Object.entries(wrong)) {
    it(`refuse a wrong ${argument}`, () => {
      const build = (): ServerPool => new ServerPool({ servers: "a", ...options }, mulberry32(1));
      expect(build).toThrow(InvalidArgumentError);
      expect(build).toThrow(new RegExp(`^${argument}: `));
    });
  }

  it("refuse a rebalance or a pace that is neither", () => {
    const build = (options: Partial<PoolOptions>) => () => new ServerPool({ servers: "a", ...options }, mulberry32(1));
    expect(build({ rebalance: "yes" as never })).toThrow(/^rebalance: /);
    expect(build({ rebalance: null as never })).toThrow(/^rebalance: /);
    expect(build({ backoff: { delay: () => 0, pace: 7 as never } })).toThrow(/^backoff: .*pace/);
  });

  it("may be resolved once for many pools, which share nothing that changes", () => {
    const resolved = resolveOptions({ servers: "a,b", randomize: false });
    const [one, other] = [new ServerPool(resolved, mulberry32(1)), new ServerPool(resolved, mulberry32(2))];
    one.failed(one.snapshot()[0]?.id ?? 0, { kind: "network", error: new Error("x") }, 0);
    one.replace("c");
    expect(other.snapshot().map((server) => [server.url.href, server.consecutiveFailures])).toEqual([
      ["nats://a:4222", 0],
      ["nats://b:4222", 0],
    ]);
  });

  it("undefined means the default", () => {
    const undefinedOptions = { randomize: undefined, gossip: undefined, backoff: undefined, strategy: undefined };
    expect(() => new ServerPool({ servers: undefined, ...undefinedOptions }, mulberry32(1))).not.toThrow();
    expect(exponentialBackoff({ base: undefined })).toBeDefined();
  });
});
