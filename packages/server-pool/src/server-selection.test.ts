// The caller's last word on which server is next, and that nothing it does leaves the pool without a choice.

import { expect, it } from "vitest";
import { ordered, PolicyError, ServerPool, type ServerSelector, type ServerView } from "./index.js";

function poolWith(selectServer: ServerSelector, servers = "a,b,c"): ServerPool {
  return new ServerPool({ servers, strategy: ordered, firstAttemptJitter: 0, selectServer }, () => 0.5);
}

const hosts = (servers: readonly ServerView[]): string[] => servers.map(({ url }) => url.hostname);
const named = (servers: readonly ServerView[], host: string): ServerView | undefined =>
  servers.find(({ url }) => url.hostname === host);
const chosen = (pool: ServerPool, now = 0): string => {
  const decision = pool.decide(now);
  return decision.kind === "dial" ? decision.server.url.hostname : decision.kind;
};

it("P26: it is asked at every choice, with the pool's own choice first and those in use left out", () => {
  const seen: string[][] = [];
  const pool = poolWith((servers) => {
    seen.push(hosts(servers));
    return named(servers, "c");
  });
  const decision = pool.decide(0);
  expect(decision).toMatchObject({ kind: "dial", server: { url: { hostname: "c" } } });
  if (decision.kind === "dial") pool.dialing(decision.server.id, 0);
  expect(chosen(pool)).toBe("a");
  expect(seen).toEqual([
    ["a", "b", "c"],
    ["a", "b"],
  ]);
  // It was not in the list the second time.
  expect(pool.takeIncidents()).toHaveLength(0);
});

it.each<[what: string, answer: () => unknown, reported: boolean]>([
  ["nothing", () => null, false],
  ["undefined", () => undefined, false],
  [
    "a throw",
    () => {
      throw new Error("mine");
    },
    true,
  ],
  ["a foreign server", () => ({ id: 99, hostname: "x" }), true],
  ["a promise that fails", () => Promise.reject(new Error("mine")), true],
  ["text", () => "a" as unknown as object, true],
  ["a number", () => 5 as unknown as object, true],
  ["no server beside a delay", () => ({ server: null, delay: 5 }), true],
])("P26: after %s the pool's own choice is dialled", (_, answer, reported) => {
  const pool = poolWith(answer as ServerSelector);
  expect(chosen(pool)).toBe("a");
  const incidents = pool.takeIncidents();
  expect(incidents).toHaveLength(reported ? 1 : 0);
  for (const one of incidents) {
    expect(one).toBeInstanceOf(PolicyError);
    expect(one.message).toMatch(/^selectServer: .*the pool's own choice is dialled/);
  }
});

it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, "5"])("P26: the delay %s is none, and is reported", (delay) => {
  const pool = poolWith((servers) => ({ server: servers[1], delay }));
  expect(chosen(pool)).toBe("a");
  expect(pool.takeIncidents()).toHaveLength(1);
});

it("P26: a delay is waited for, once, and then that server is dialled without another question", () => {
  let asked = 0;
  const pool = poolWith((servers) => {
    asked++;
    return { server: named(servers, "b"), delay: 500 };
  });
  expect(pool.decide(1_000)).toMatchObject({ kind: "wait", until: 1_500, server: { url: { hostname: "b" } } });
  expect(pool.decide(1_200)).toMatchObject({ kind: "wait", until: 1_500 });
  expect(chosen(pool, 1_500)).toBe("b");
  expect(asked).toBe(1);
});

it("P26: what was promised ends with its server, and with a wake", () => {
  const pool = poolWith((servers) => ({ server: named(servers, "b"), delay: named(servers, "b") ? 500 : 0 }));
  expect(pool.decide(0).kind).toBe("wait");
  pool.replace("a,c");
  expect(chosen(pool)).toBe("a");
  pool.takeIncidents();

  let delay = 500;
  const other = poolWith((servers) => ({ server: servers[0], delay }));
  expect(other.decide(0).kind).toBe("wait");
  delay = 0;
  other.wakeNow(0);
  expect(chosen(other)).toBe("a");
});

it("P26: one that waits for its backoff may be named; what has used up its attempts is not offered", () => {
  const seen: string[][] = [];
  const pool = new ServerPool(
    {
      servers: "a,b,c",
      strategy: ordered,
      maxAttempts: 1,
      firstAttemptJitter: 0,
      selectServer: (servers) => {
        seen.push(hosts(servers));
        return named(servers, "c");
      },
    },
    () => 0.5,
  );
  const [a, b, c] = pool.snapshot();
  if (a === undefined || b === undefined || c === undefined) throw new Error("three servers");
  const error = new Error("down");
  pool.failed(c.id, { kind: "network", error }, 0);
  expect(chosen(pool)).toBe("c");
  pool.connected(a.id, 0);
  pool.failed(b.id, { kind: "network", error }, 0);
  pool.lost(a.id, error, 60_000);
  expect(chosen(pool, 61_000)).toBe("c");
  expect(seen.at(-1)).toEqual(["c", "a"]);
});
