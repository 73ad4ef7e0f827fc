// A strategy is tested on a pool alone: values in, decisions out, no socket and no waiting.

import { ServerPool, type Strategy } from "@myelin/server-pool";
import { seededRandom } from "@myelin/testing";
import { expect, it } from "vitest";
import { homeServer } from "./home-server.js";

const SERVERS = ["nats://one", "nats://two", "nats://three"];
const keys = Array.from({ length: 3_000 }, (_, index) => `tenant-${index}`);

const poolOf = (strategy: Strategy, servers: readonly string[] = SERVERS): ServerPool =>
  new ServerPool({ servers, strategy }, seededRandom(1));

/** Plays the client: dials what the pool decides, with failure for the servers that are down, until one answers. */
function connect(pool: ServerPool, now: number, down: readonly string[] = []): { host: string; now: number } {
  for (let at = now; ; ) {
    const decision = pool.decide(at);
    if (decision.kind === "wait") at = decision.until;
    else if (decision.kind === "give-up") throw new Error("gave up");
    else {
      const { id, url } = decision.server;
      pool.dialing(id, at);
      if (!down.includes(url.hostname)) {
        pool.connected(id, at);
        return { host: url.hostname, now: at };
      }
      pool.failed(id, { kind: "network", error: new Error("refused") }, at);
    }
  }
}

const homeOf = (key: string, servers?: readonly string[]): string => connect(poolOf(homeServer(key), servers), 0).host;
const idOf = (pool: ServerPool, host: string): number =>
  pool.snapshot().find(({ url }) => url.hostname === host)?.id ?? Number.NaN;

it("gives a key the same home whatever the order of the list", () => {
  const backwards = [...SERVERS].reverse();
  for (const key of keys.slice(0, 100)) expect(homeOf(key, backwards)).toBe(homeOf(key));
});

it("spreads the keys evenly", () => {
  const homes = keys.map((key) => homeOf(key));
  for (const host of ["one", "two", "three"]) {
    const share = homes.filter((home) => home === host).length / keys.length;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.37);
  }
});

it("moves nobody but those whose server is new", () => {
  for (const key of keys) {
    const after = homeOf(key, [...SERVERS, "nats://four"]);
    if (after !== "four") expect(after).toBe(homeOf(key));
  }
});

it("leads all clients of a key to the same second choice when its home is down", () => {
  const key = "tenant-7";
  const home = homeOf(key);
  const second = connect(poolOf(homeServer(key)), 0, [home]).host;
  expect(second).not.toBe(home);
  expect(connect(poolOf(homeServer(key), [...SERVERS].reverse()), 0, [home]).host).toBe(second);
});

it("goes home once home has been in peace for half a minute, and not before", () => {
  const strategy = homeServer("tenant-7");
  const home = homeOf("tenant-7");
  const pool = poolOf(strategy);
  const away = connect(pool, 1_000, [home]);
  const servers = pool.snapshot();
  const current = servers.find(({ url }) => url.hostname === away.host);
  const at = (now: number): string | undefined =>
    current && strategy.better?.(current, servers, { now, random: seededRandom(1) })?.url.hostname;
  expect(at(1_000 + 29_999)).toBeUndefined();
  expect(at(1_000 + 30_000)).toBe(home);

  // And the pool does move there, at a minute or so.
  for (let now = away.now; ; ) {
    const answer = pool.rebalance(now);
    if (answer.kind === "move") {
      expect(answer.to.url.hostname).toBe(home);
      break;
    }
    now = answer.until ?? Number.POSITIVE_INFINITY;
    expect(now).toBeLessThan(away.now + 300_000);
  }
});

it("stays at home", () => {
  const pool = poolOf(homeServer("tenant-7"));
  const { host, now } = connect(pool, 0);
  expect(host).toBe(homeOf("tenant-7"));
  for (let at = now; at < now + 600_000; ) {
    const answer = pool.rebalance(at);
    expect(answer.kind).toBe("stay");
    at = answer.kind === "move" ? at : (answer.until ?? Number.POSITIVE_INFINITY);
  }
});

it("makes no mistake the pool would have to report", () => {
  const pool = poolOf(homeServer("tenant-7"));
  const { host, now } = connect(pool, 0);
  pool.lost(idOf(pool, host), new Error("gone"), now + 60_000);
  connect(pool, now + 60_000, [host]);
  expect(pool.takeIncidents()).toEqual([]);
});
