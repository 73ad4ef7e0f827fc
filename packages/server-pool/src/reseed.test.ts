// Seeds that are answered anew: which servers come, stay and leave.

import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";
import { zones } from "./zones.js";

const answered = (...servers: string[]): PoolDriver => {
  const client = new PoolDriver({ servers: undefined, awaitsSeeds: true, randomize: false });
  if (servers.length > 0) client.pool.reseed(servers);
  return client;
};

describe("reseed", () => {
  it("P32: a pool without servers of its own begins empty, and has nothing to dial before the first answer", () => {
    const client = answered();
    expect([client.pool.size, client.pool.decide(0)]).toEqual([0, { kind: "give-up", reason: "empty-pool" }]);
    expect(client.pool.reseed("a,b")).toEqual({ added: ["a:4222", "b:4222"], deleted: [], rejected: [] });
    expect(client.pool.decide(0)).toMatchObject({ kind: "dial", server: { url: { hostname: "a" }, origin: "seed" } });
  });

  it("P32: a newer answer replaces the one before: who stays keeps its counts, and the order is that of the answer", () => {
    const client = answered("a", "b");
    client.fail();
    const { id } = client.view("a");
    expect(client.pool.reseed(["c", "a"])).toEqual({ added: ["c:4222"], deleted: ["b:4222"], rejected: [] });
    expect(client.hosts()).toEqual(["c", "a"]);
    expect(client.view("a")).toMatchObject({ id, consecutiveFailures: 1 });
    expect(client.pool.reseed("a,c")).toEqual({ added: [], deleted: [], rejected: [] });
  });

  it("P32: servers of the options stay whatever is answered, also when the answer names them and then no more", () => {
    const client = new PoolDriver({ servers: "a,b", awaitsSeeds: true, randomize: false });
    client.pool.reseed(["a", "c"]);
    client.pool.reseed(["d"]);
    expect(client.hosts()).toEqual(["a", "b", "d"]);
  });

  it("P4, P32: an answered seed is never removed by a list of the cluster, and an advertised one never by an answer", () => {
    const client = answered("a", "b");
    client.connect();
    client.advertise("a", "a:4222", "c:4222");
    expect(client.hosts()).toEqual(["a", "b", "c"]);
    client.pool.reseed(["a"]);
    expect(client.hosts()).toEqual(["a", "c"]);
  });

  it("P32: one that is advertised too becomes an advertised server when the answer no longer names it, and back", () => {
    const client = answered("a", "b");
    client.connect();
    client.advertise("a", "a:4222", "b:4222");
    expect(client.pool.reseed("a").deleted).toEqual([]);
    expect(client.view("b").origin).toBe("gossip");
    client.pool.reseed("a,b");
    expect(client.view("b").origin).toBe("seed");
    client.pool.reseed("a");
    client.advertise("a", "a:4222");
    expect(client.hosts()).toEqual(["a"]);
  });

  it("P32: one that is left out while it is in use is known until it is not, and is not dialled again", () => {
    const client = answered("a");
    client.connect();
    const { id } = client.view("a");
    client.pool.reseed("b");
    expect([client.hosts(), client.pool.get(id)?.state]).toEqual([["b"], "connected"]);
    client.pool.lost(id, new Error("gone"), client.now);
    expect(client.pool.get(id)).toBeUndefined();
  });

  it("changes nothing when the answer is empty or wrong", () => {
    const client = answered("a");
    for (const wrong of [[], "", "b:0", undefined as unknown as string]) {
      expect(() => client.pool.reseed(wrong)).toThrow(InvalidArgumentError);
    }
    expect(client.hosts()).toEqual(["a"]);
  });

  it("RECONN-MAX-4: one that used up its attempts gets no new ones by being answered again, but by coming back after it left", () => {
    const client = new PoolDriver({ servers: "x", awaitsSeeds: true, randomize: false, maxAttempts: 1 });
    client.pool.reseed("a");
    client.connect();
    client.pool.dialing(client.view("a").id, client.now);
    client.pool.failed(client.view("a").id, { kind: "network", error: new Error("down") }, client.now);
    expect(client.hosts()).toEqual(["x"]);
    client.pool.reseed("a,b");
    expect(client.hosts()).toEqual(["x", "b"]);
    client.pool.reseed("b");
    client.pool.reseed("a,b");
    expect(client.hosts()).toEqual(["x", "a", "b"]);
  });

  it("after replace() they are the caller's own", () => {
    const client = answered("a", "b");
    client.pool.replace("b,c");
    client.pool.reseed("d");
    expect(client.hosts()).toEqual(["b", "c", "d"]);
  });

  it("P32: labels of an answer are those strategies see, also of a server that was there before", () => {
    const client = new PoolDriver({ servers: undefined, awaitsSeeds: true, strategy: zones() });
    client.pool.reseed(["a#tier=0", "b#tier=1"]);
    expect(client.pool.decide(0)).toMatchObject({ server: { url: { hostname: "a" } } });
    client.pool.reseed(["a#tier=1", "b#tier=0"]);
    expect(client.pool.decide(0)).toMatchObject({ server: { url: { hostname: "b" } } });
  });
});
