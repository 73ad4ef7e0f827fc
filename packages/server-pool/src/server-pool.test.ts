import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { mulberry32 } from "../test/mulberry32.js";
import { PoolDriver } from "../test/pool-driver.js";
import { exponentialBackoff, fixedBackoff, PolicyError, type PoolOptions, ServerPool } from "./index.js";

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
    expect([client.fail(), client.fail()].includes("a")).toBe(true);
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

describe("the limit of attempts", () => {
  const limited = (servers: string, maxAttempts: number): PoolDriver => {
    const client = new PoolDriver({ servers, maxAttempts, randomize: false });
    client.connect();
    return client;
  };

  for (const n of [1, 3, 10]) {
    it(`RECONN-MAX-6, RECONN-MAX-7: allows exactly ${n} dials of a server, then gives up`, () => {
      const client = limited("a", n);
      client.lose("a");
      for (let i = 0; i < n; i += 1) expect(client.fail()).toBe("a");
      expect(client.decide()).toEqual({ kind: "give-up", reason: "max-attempts" });
      expect(client.pool.size).toBe(0);
      const [gone] = client.pool.exhausted();
      expect(gone).toMatchObject({ consecutiveFailures: n, lastFailure: { kind: "network" } });
      expect(gone?.reason).toBe(`left the rotation after ${n} failed attempts in a row`);
      expect(client.pool.get(gone?.id ?? 0)).toEqual(gone);
    });
  }

  it("RECONN-MAX-1, RECONN-MAX-2: counts for each server, advertised ones too, and removes each alone", () => {
    const client = limited("a,b", 3);
    client.advertise("a", "c:1");
    client.lose("a");
    const dialled: Record<string, number> = {};
    while (client.pool.size > 0) {
      const host = client.fail();
      dialled[host] = (dialled[host] ?? 0) + 1;
    }
    expect(dialled).toEqual({ a: 3, b: 3, c: 3 });
    expect(client.decide()).toEqual({ kind: "give-up", reason: "max-attempts" });
  });

  it("RECONN-MAX-3: starts anew after every success", () => {
    const client = limited("a", 3);
    for (let i = 0; i < 5; i += 1) {
      client.lose("a");
      client.fail();
      client.fail();
      client.connect();
    }
    expect(client.pool.size).toBe(1);
  });

  it("RECONN-MAX-4: a removed server, seed or not, is rediscovered with a fresh count", () => {
    const client = limited("nats://u:p@a,b", 1);
    client.advertise("a", "c:1");
    client.lose("a");
    expect([client.fail(), client.fail(), client.connect()]).toEqual(["b", "a", "c"]);
    expect(client.hosts()).toEqual(["c"]);
    expect(client.advertise("c", "a:4222", "b:4222", "c:1").added).toEqual(["a:4222", "b:4222"]);
    expect(client.view("a")).toMatchObject({ origin: "seed", consecutiveFailures: 0, learnedFrom: "nats://c:1" });
    expect(client.view("a").url.user).toBe("u");
    expect(client.pool.exhausted()).toEqual([]);
  });

  it("D6, RECONN-MAX-5: -1 never gives up", () => {
    const client = limited("a", -1);
    client.lose("a");
    for (let i = 0; i < 2_000; i += 1) client.fail();
    expect(client.pool.size).toBe(1);
  });

  it("0 allows no attempt after the first connection is lost", () => {
    const client = limited("a,b", 0);
    client.lose("a");
    expect(client.decide()).toEqual({ kind: "give-up", reason: "max-attempts" });
  });
});

describe("authentication errors", () => {
  const violation = (): Error => new Error("Authorization Violation");

  it("D11: back off and never end it by default", () => {
    const client = new PoolDriver({ servers: "a" });
    for (let i = 0; i < 50; i += 1) client.fail("auth", violation());
    expect(client.decide().kind).toBe("wait");
  });

  const strict = { servers: "a,b", randomize: false, abortOnRepeatedAuthError: true };

  it("RECONN-MAX-8: the same one twice in a row from the same server gives up, if asked to", () => {
    const client = new PoolDriver(strict);
    client.fail("auth", violation());
    client.fail("auth", violation());
    expect(client.decide().kind).not.toBe("give-up");
    client.fail("auth", violation());
    expect(client.decide()).toEqual({ kind: "give-up", reason: "repeated-auth-error" });
  });

  it("P1, D11: a success anywhere, another error or another failure in between starts anew", () => {
    const client = new PoolDriver({ ...strict, servers: "a" });
    client.fail("auth", violation());
    client.fail("auth", new Error("Authentication Timeout"));
    client.fail("network");
    client.fail("auth", new Error("Authentication Timeout"));
    client.connect();
    client.lose("a");
    client.fail("auth", new Error("Authentication Timeout"));
    expect(client.decide().kind).toBe("wait");
  });
});

describe("replace", () => {
  const driver = (): PoolDriver => {
    const client = new PoolDriver({ servers: "a,b", randomize: false });
    client.fail();
    client.connect();
    client.advertise("b", "c:1");
    return client;
  };

  it("replaces everything, advertised servers too; a server that stays keeps its counts", () => {
    const client = driver();
    const { id } = client.view("a");
    expect(client.pool.replace(["d", "nats://u:p@a"])).toEqual({
      added: ["d:4222"],
      deleted: ["b:4222", "c:1"],
      rejected: [],
    });
    expect(client.hosts()).toEqual(["d", "a"]);
    expect(client.view("a")).toMatchObject({ id, consecutiveFailures: 1 });
    expect(client.view("a").url.user).toBe("u");
  });

  it("makes an advertised server a seed", () => {
    const client = driver();
    client.pool.replace("c:1");
    expect(client.view("c")).toMatchObject({ origin: "seed", learnedFrom: undefined });
  });

  it("changes nothing when the list is wrong", () => {
    const client = driver();
    for (const wrong of ["", "a,b:0", undefined as unknown as string]) {
      expect(() => client.pool.replace(wrong)).toThrow(InvalidArgumentError);
    }
    expect(client.hosts()).toEqual(["a", "b", "c"]);
  });

  it("leaves the connection be: its server teaches on, and is known again once advertised", () => {
    const client = driver();
    const old = client.id("b");
    client.pool.replace("d");
    expect(client.pool.get(old)?.state).toBe("connected");
    expect(client.pool.advertise(["b:4222", "e:1"], old, client.now).added).toEqual(["b:4222", "e:1"]);
    expect(client.view("b")).toMatchObject({ id: old, state: "connected", origin: "gossip" });
  });

  it("forgets a removed server once its dial has failed", () => {
    const client = new PoolDriver({ servers: "a" });
    const { id } = client.dial();
    client.pool.replace("b");
    client.pool.failed(id, { kind: "network", error: new Error("x") }, client.now);
    expect(client.pool.get(id)).toBeUndefined();
  });

  it("never has a removed server dialled, whose connection may still end", () => {
    const client = driver();
    const old = client.id("b");
    client.pool.replace("d");
    client.pool.lost(old, new Error("reset"), client.now);
    expect(client.pool.get(old)).toBeUndefined();
    expect([client.fail(), client.fail()]).toEqual(["d", "d"]);
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
    "backoff.minSpacing": { backoff: { delay: () => 0, minSpacing: Number.NaN } },
  };
  for (const [argument, options] of Object.entries(wrong)) {
    it(`refuse a wrong ${argument}`, () => {
      const build = (): ServerPool => new ServerPool({ servers: "a", ...options }, mulberry32(1));
      expect(build).toThrow(InvalidArgumentError);
      expect(build).toThrow(new RegExp(`^${argument}: `));
    });
  }

  it("undefined means the default", () => {
    const undefinedOptions = { randomize: undefined, gossip: undefined, backoff: undefined, strategy: undefined };
    expect(() => new ServerPool({ servers: undefined, ...undefinedOptions }, mulberry32(1))).not.toThrow();
    expect(exponentialBackoff({ base: undefined })).toBeDefined();
  });
});
