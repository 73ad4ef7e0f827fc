// Advertised addresses under real networks: unreachable ones, and several of one server.

import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";

/** A pool of these seeds, connected to the first. */
function connected(servers: string): PoolDriver {
  const client = new PoolDriver({ servers, randomize: false });
  client.connect();
  return client;
}

describe("addresses the client cannot reach", () => {
  it("P4, SEED-30: five of them cost one dial timeout and one wait before the seed that works is tried", () => {
    // The first wait of an outage with six servers.
    const wait = 3_000 * (5 / 8) ** 3;
    for (let seed = 0; seed < 50; seed += 1) {
      const client = new PoolDriver({ servers: "nats.example.com" }, seed);
      client.connect();
      client.advertise("nats.example.com", "10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "10.0.0.4:1", "10.0.0.5:1");
      client.lose("nats.example.com");
      const lostAt = client.now;
      client.fail("timeout", new Error("timeout"), 5_000);
      expect(client.connect()).toBe("nats.example.com");
      expect(client.now - lostAt).toBeLessThanOrEqual(5_100 + wait);
    }
  });

  it("D15: one that failed and never connected ranks below every seed in every round", () => {
    const client = connected("a,b");
    client.advertise("a", "x:1");
    client.lose("a");
    const rounds = Array.from({ length: 3 }, () => {
      const round = [client.fail(), client.fail(), client.fail()];
      client.now += 60_000;
      return round.join("");
    });
    // In the first round it has not failed yet, and the lost one comes last.
    expect(rounds).toEqual(["bxa", "abx", "abx"]);
  });

  it("D15: one that failed and never connected ranks below a seed that was just lost", () => {
    const client = connected("a");
    client.advertise("a", "x:1");
    client.lose("a");
    expect([client.fail(), client.connect()]).toEqual(["x", "a"]);
    client.lose("a");
    expect(client.connect()).toBe("a");
    expect(client.view("x").reason).toMatch(/below seeds/);
  });

  it("take part like any other once they have worked", () => {
    const client = connected("a");
    client.advertise("a", "b:1");
    client.lose("a");
    client.connect();
    client.lose("b");
    client.connect();
    client.lose("a");
    expect(client.connect()).toBe("b");
    expect(client.view("b").everConnected).toBe(true);
  });

  it("P4: the failure of a seed says nothing against an advertised server, that of an advertised one does", () => {
    const client = connected("a,b");
    client.advertise("a", "x:1", "y:1");
    client.lose("a");
    expect(client.fail()).toBe("b");
    expect(client.connect()).toBe("x");
    const other = connected("a");
    other.advertise("a", "x:1", "y:1");
    other.lose("a");
    expect([other.fail(), other.fail(), other.connect()]).toEqual(["x", "a", "y"]);
  });

  it("P4: one that cannot be reached adds its timeout and one wait, and makes no later wait longer", () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const client = new PoolDriver({ servers: "a", randomize: false }, seed);
      client.connect();
      client.advertise("a", "hole:1", "b:1");
      client.lose("a");
      const lostAt = client.now;
      expect(client.fail("timeout", new Error("timeout"), 5_000)).toBe("hole");
      expect([client.fail(), client.connect()]).toEqual(["a", "b"]);
      expect(client.now - lostAt).toBeLessThan(100 + 5_000 + 100 + 100);
    }
  });

  it("P4: seeds stay, and each is dialled at least once in as many dials as there are servers", () => {
    const unreachable = Array.from({ length: 10 }, (_, i) => `10.0.0.${i}:4222`);
    for (let seed = 0; seed < 20; seed += 1) {
      const client = new PoolDriver({ servers: "s1,s2" }, seed);
      const home = client.connect();
      client.advertise(home, ...unreachable);
      client.lose(home);
      const since: Record<string, number> = { s1: 0, s2: 0 };
      for (let dial = 0; dial < 200; dial += 1) {
        const host = client.fail("timeout", new Error("timeout"), 5_000);
        for (const one of ["s1", "s2"]) since[one] = host === one ? 0 : (since[one] ?? 0) + 1;
        expect(Math.max(...Object.values(since))).toBeLessThanOrEqual(client.pool.size);
      }
      expect(client.hosts().slice(0, 2).sort()).toEqual(["s1", "s2"]);
    }
  });
});

describe("two addresses of one server", () => {
  it("P4: known by their server_id are both just lost, and come after the others", () => {
    for (let seed = 0; seed < 30; seed += 1) {
      const client = new PoolDriver({ servers: "localhost,127.0.0.1,other", randomize: false }, seed);
      for (const host of ["localhost", "127.0.0.1"]) {
        expect(client.connect()).toBe(host);
        client.pool.identified(client.id(host), "NSAME", undefined, client.now);
        client.pool.left(client.id(host), client.now);
      }
      client.pool.wakeNow(client.now);
      client.pool.connected(client.id("localhost"), client.now);
      client.lose("localhost");
      expect(client.dial().url.hostname).toBe("other");
      expect(client.view("127.0.0.1").reason).toBe("just lost, others come first");
    }
  });

  it("P4: localhost and the 127.0.0.1 it advertises are told by the address of the peer", () => {
    const client = connected("localhost");
    client.pool.identified(client.id("localhost"), "NA", "127.0.0.1:4222", client.now);
    client.advertise("localhost", "127.0.0.1:4222", "10.0.0.2:4222");
    expect(client.hosts()).toEqual(["localhost", "127.0.0.1", "10.0.0.2"]);
    expect(client.view("localhost").serverId).toBe("NA");
    client.lose("localhost");
    expect(client.connect()).toBe("10.0.0.2");
  });

  it("stay two: a name may lead elsewhere the next time", () => {
    const client = connected("name");
    client.pool.identified(client.id("name"), "NA", "10.0.0.1:4222", client.now);
    client.advertise("name", "10.0.0.1:4222", "10.0.0.2:4222");
    client.lose("name");
    client.connect();
    client.lose("10.0.0.2");
    expect(client.connect()).toBe("name");
    client.pool.identified(client.id("name"), "NB", "10.0.0.2:4222", client.now);
    client.lose("name");
    expect(client.dial().url.hostname).toBe("10.0.0.1");
  });
});
