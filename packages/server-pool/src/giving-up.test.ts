// When a pool gives up, which is never by itself, and what it does with failures that last.

import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";
import type { ServerFailure } from "./index.js";

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

  it("ADR40-20, RECONN-MAX-1, RECONN-MAX-2: counts for each server, advertised ones too, and removes each alone", () => {
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

  it("ADR40-20, RECONN-MAX-3: starts anew after every success", () => {
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
    expect([client.fail(), client.connect()]).toEqual(["b", "c"]);
    client.lose("c");
    expect([client.fail(), client.connect()]).toEqual(["a", "c"]);
    expect(client.hosts()).toEqual(["c"]);
    expect(client.advertise("c", "a:4222", "b:4222", "c:1").added).toEqual(["a:4222", "b:4222"]);
    expect(client.view("a")).toMatchObject({ origin: "seed", consecutiveFailures: 0, learnedFrom: "nats://c:1" });
    expect(client.view("a").url.user).toBe("u");
    expect(client.pool.exhausted()).toEqual([]);
  });

  it("ADR40-20, D6, RECONN-MAX-5: -1 never gives up", () => {
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

  it("ADR40-33, RECONN-MAX-8: the same one twice in a row from the same server gives up, if asked to", () => {
    const client = new PoolDriver(strict);
    client.fail("auth", violation());
    client.fail("auth", violation());
    expect(client.decide().kind).not.toBe("give-up");
    client.fail("auth", violation());
    expect(client.decide()).toEqual({ kind: "give-up", reason: "repeated-auth-error" });
  });

  it("ADR40-33, P1, D11: a success anywhere, another error or another failure in between starts anew", () => {
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

describe("failures that last", () => {
  const kinds: ServerFailure["kind"][] = ["network", "timeout", "tls", "auth", "protocol", "refused-by-server"];
  for (const kind of kinds) {
    it(`P1: a hundred of kind ${kind} never end it, and the next success clears them`, () => {
      for (const servers of ["a", "a,b,c"]) {
        const client = new PoolDriver({ servers });
        client.connect();
        client.lose(client.hosts().find((host) => client.view(host).state === "connected") ?? "");
        for (let i = 0; i < 100; i += 1) client.fail(kind, new Error("still"), 1);
        const home = client.connect();
        expect(client.view(home)).toMatchObject({ state: "connected", consecutiveFailures: 0 });
        client.lose(home);
        const lostAt = client.now;
        client.dial();
        expect(client.now - lostAt).toBeLessThan(100);
      }
    });
  }

  it("P1: connections that break at once, a hundred in a row, never end it either", () => {
    const client = new PoolDriver({ servers: "a,b" });
    for (let i = 0; i < 100; i += 1) client.lose(client.connect(), 5);
    expect(client.decide().kind).toBe("wait");
  });

  it("P1: a reason that ends it names every server and its last error", () => {
    const client = new PoolDriver({ servers: "a,b", maxAttempts: 1, randomize: false });
    client.connect();
    client.lose("a");
    client.fail("tls", new Error("bad certificate"));
    client.fail("timeout", new Error("silent"));
    expect(client.decide()).toEqual({ kind: "give-up", reason: "max-attempts" });
    expect(
      client.pool.exhausted().map(({ url, lastFailure }) => `${url.hostname}: ${lastFailure?.error.message}`),
    ).toEqual(["b: bad certificate", "a: silent"]);
  });

  it("P2: thirty refused credentials back off, each wait within its bound, and thirty expiries each start anew", () => {
    const client = new PoolDriver({ servers: "a" });
    for (let expiry = 0; expiry < 30; expiry += 1) {
      client.connect();
      client.lose("a", 60_000);
      let before = client.now;
      for (let n = 1; n <= 30; n += 1) {
        client.fail("auth", new Error("User Authentication Expired"));
        const bound = n === 1 ? 100 : Math.min(30_000, 2_000 * 2 ** (n - 2));
        expect(client.now - before).toBeLessThanOrEqual(bound);
        before = client.now;
      }
    }
  });
});
