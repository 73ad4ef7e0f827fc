import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";
import { PolicyError, type PoolOptions, type Strategy } from "./index.js";

const STAY = { kind: "stay", until: undefined };
const all = (hosts: string): string[] => [...hosts].map((host) => `${host}:4222`);

/** Connected to the first of these. */
function connected(servers: string, options: Partial<PoolOptions> = {}, seed = 1): PoolDriver {
  const client = new PoolDriver({ servers, randomize: false, ...options }, seed);
  client.connect();
  return client;
}

/** Asks as told until it should move, for `ms` at most. Returns where to and why. */
function moves(client: PoolDriver, ms = 200_000): string | undefined {
  const end = client.now + ms;
  for (;;) {
    const answer = client.pool.rebalance(client.now);
    if (answer.kind === "move") return `${answer.to.url.hostname} ${answer.reason}`;
    if (answer.until === undefined || answer.until > end) return undefined;
    expect(answer.until).toBeGreaterThan(client.now);
    client.now = answer.until;
  }
}

describe("rebalance", () => {
  const equal = { strategy: undefined, randomize: true, rebalance: true } as const;

  it("stays without a connection, and with one when nothing asks for a move", () => {
    const client = new PoolDriver({ servers: "a,b", rebalance: true });
    expect(client.pool.rebalance(0)).toEqual(STAY);
    client.connect();
    expect(client.pool.rebalance(0)).toEqual(STAY);
  });

  it("P16: moves one of M clients to a server that came back, within the interval", () => {
    const outcomes = Array.from({ length: 3_000 }, (_, seed) => {
      const client = connected("a,b,c", equal, seed);
      const [home = ""] = client.hosts().filter((host) => client.view(host).state === "connected");
      const [gone = ""] = client.hosts().filter((host) => host !== home);
      const listed = all(client.hosts().join(""));
      client.advertise(home, ...listed);
      client.advertise(home, ...listed.filter((url) => !url.startsWith(gone)));
      client.advertise(home, ...listed);
      const back = client.now;
      const to = moves(client);
      if (to !== undefined) expect(to).toBe(`${gone} balance`);
      expect(client.now - back).toBeLessThan(60_000);
      return to === undefined ? 0 : client.now - back;
    });
    const moved = outcomes.filter((ms) => ms > 0);
    expect(Math.abs(moved.length / outcomes.length - 1 / 3)).toBeLessThan(0.03);
    expect(Math.abs(moved.reduce((sum, ms) => sum + ms) / moved.length - 30_000)).toBeLessThan(2_000);
  });

  it("P16: spreads the clients of a single seed over all the servers it advertises", () => {
    const homes: Record<string, number> = {};
    for (let seed = 0; seed < 3_000; seed += 1) {
      const client = connected("a", equal, seed);
      client.advertise("a", ...all("abcd"));
      const home = moves(client)?.[0] ?? "a";
      homes[home] = (homes[home] ?? 0) + 1;
    }
    for (const clients of Object.values(homes)) expect(Math.abs(clients - 750)).toBeLessThan(85);
    expect(Object.keys(homes)).toHaveLength(4);
  });

  it("P16: counts what a server advertises before its first PONG", () => {
    let moved = 0;
    for (let seed = 0; seed < 600; seed += 1) {
      const client = new PoolDriver({ servers: "a", ...equal }, seed);
      const { id } = client.dial();
      client.advertise("a", ...all("abc"));
      client.pool.connected(id, client.now);
      if (moves(client) !== undefined) moved += 1;
    }
    expect(Math.abs(moved - 400)).toBeLessThan(45);
  });

  it("how often it is asked makes no move more likely, nor sooner", () => {
    const run = (every: number): number => {
      let moved = 0;
      for (let seed = 0; seed < 400; seed += 1) {
        const client = connected("a", equal, seed);
        client.advertise("a", ...all("ab"));
        for (let at = 0; at < 60_000; at += every) {
          if (client.pool.rebalance(at).kind !== "move") continue;
          moved += 1;
          break;
        }
      }
      return moved;
    };
    expect(run(500)).toBe(run(20_000 - 1));
  });

  it("is off by default, and for strategies whose servers are not alike", () => {
    for (const options of [{ randomize: true }, { rebalance: true }]) {
      for (let seed = 0; seed < 30; seed += 1) {
        const client = connected("a", options, seed);
        client.advertise("a", ...all("abc"));
        expect(client.pool.rebalance(client.now + 100_000)).toEqual(STAY);
      }
    }
  });

  it("tries a move that failed again, later, three times in all", () => {
    const seed = Array.from({ length: 50 }, (_, one) => one).find((one) => {
      const client = connected("a", equal, one);
      client.advertise("a", ...all("ab"));
      return moves(client) !== undefined;
    });
    const client = connected("a", equal, seed);
    client.advertise("a", ...all("ab"));
    for (let tries = 0; tries < 3; tries += 1) {
      expect(moves(client)).toBe("b balance");
      const { id } = client.view("b");
      client.pool.dialing(id, client.now);
      expect(client.pool.rebalance(client.now)).toEqual(STAY);
      client.pool.failed(id, { kind: "timeout", error: new Error("timeout") }, client.now);
      expect(client.view("a").state).toBe("connected");
    }
    expect(moves(client)).toBeUndefined();
  });

  it("forgets its plan with the connection it was made for", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const client = connected("a,b", equal, seed);
      const [home = ""] = client.hosts().filter((host) => client.view(host).state === "connected");
      client.advertise(home, ...all("abc"));
      client.lose(home, 10_000);
      client.connect();
      expect(moves(client)).toBeUndefined();
    }
  });

  it("is not drawn to another address of the server in use", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const client = connected("localhost", equal, seed);
      client.pool.identified(client.id("localhost"), "NA", "127.0.0.1:4222", client.now);
      client.advertise("localhost", "127.0.0.1:4222");
      expect(moves(client)).toBeUndefined();
    }
  });

  it("leaves what was left on purpose without a stain", () => {
    const client = connected("a,b");
    const old = client.id("a");
    client.connect();
    client.pool.left(old, client.now);
    expect(client.view("a")).toMatchObject({ state: "idle", lastFailure: undefined, consecutiveFailures: 0 });
  });
});

describe("a server in use that is leaving", () => {
  it("is left within a second, for one that stays, whatever the strategy", () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const client = connected("a,b,c", {}, seed);
      client.pool.lameDuck(client.id("b"), client.now);
      client.pool.lameDuck(client.id("a"), client.now);
      expect(moves(client)).toBe("c lame-duck");
      expect(client.now).toBeLessThan(1_000);
    }
  });

  it("is asked about again when no other may be dialled yet", () => {
    const client = connected("a,b", { backoff: { delay: () => 700 } });
    client.fail();
    client.pool.lameDuck(client.id("a"), client.now);
    expect(moves(client)).toBe("b lame-duck");
    expect(client.now).toBeGreaterThanOrEqual(700);
    const alone = connected("a");
    alone.pool.lameDuck(alone.id("a"), 0);
    expect(alone.pool.rebalance(5_000)).toEqual({ kind: "stay", until: 6_000 });
  });
});

describe("a strategy of the caller's that moves", () => {
  const strategy = (better: NonNullable<Strategy["better"]>): Strategy => ({
    name: "mine",
    rank: (servers) => servers,
    better,
  });

  it("P26: is asked about once a minute, with the servers that may be dialled", () => {
    const seen: string[] = [];
    const mine = strategy((current, servers) => {
      seen.push(`${current.url.hostname} of ${servers.map((server) => server.url.hostname)}`);
      return servers.find((server) => server.url.hostname === "c");
    });
    const client = connected("a,b,c", { strategy: mine });
    client.pool.lameDuck(client.id("b"), 0);
    expect(moves(client)).toBe("c better");
    expect(client.now).toBeGreaterThanOrEqual(30_000);
    expect(client.now).toBeLessThan(90_000);
    expect(seen).toEqual(["a of a,c"]);
  });

  const broken: Record<string, NonNullable<Strategy["better"]>> = {
    throws: () => {
      throw new Error("mine");
    },
    "names a foreign server": (current) => ({ ...current, id: 999 }),
    "answers a promise": () => Promise.resolve() as never,
  };
  for (const [what, better] of Object.entries(broken)) {
    it(`P26: that ${what} is reported, and the connection stays`, () => {
      const client = connected("a,b", { strategy: strategy(better) });
      expect(moves(client)).toBeUndefined();
      expect(client.pool.takeIncidents()[0]).toBeInstanceOf(PolicyError);
      expect(client.view("a").state).toBe("connected");
    });
  }

  it("P26: that throws when asked whether servers are alike is reported, and the connection stays", () => {
    const interchangeable = (): never => {
      throw new Error("mine");
    };
    const client = connected("a", {
      strategy: { name: "mine", rank: (servers) => servers, interchangeable },
      rebalance: true,
    });
    client.advertise("a", ...all("ab"));
    expect(moves(client)).toBeUndefined();
    expect(client.pool.takeIncidents()[0]).toMatchObject({ policy: "strategy" });
  });
});
