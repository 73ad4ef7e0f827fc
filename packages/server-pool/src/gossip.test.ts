import { describe, expect, it } from "vitest";
import { PoolDriver } from "../test/pool-driver.js";

/** A pool of these seeds, connected to the first. */
function connected(servers: string, options: Partial<ConstructorParameters<typeof PoolDriver>[0]> = {}): PoolDriver {
  const client = new PoolDriver({ servers, randomize: false, ...options });
  client.connect();
  return client;
}

const NOTHING = { added: [], deleted: [], rejected: [] };

describe("advertised servers", () => {
  it("ADR40-8, ADR40-12, SEED-18, SEED-20, SEED-24: join the pool, once, and the change is told", () => {
    const client = connected("a");
    expect(client.advertise("a", "a:4222", "b:4222")).toEqual({ ...NOTHING, added: ["b:4222"] });
    expect(client.advertise("a", "a:4222", "b:4222", "c:4222", "c:4222")).toEqual({ ...NOTHING, added: ["c:4222"] });
    expect(client.advertise("a", "c:4222", "b:4222", "a:4222")).toEqual(NOTHING);
    expect(client.hosts()).toEqual(["a", "b", "c"]);
    expect(client.view("b")).toMatchObject({ origin: "gossip", learnedFrom: "nats://a:4222", state: "idle" });
    expect(client.view("a")).toMatchObject({ origin: "seed", learnedFrom: undefined, state: "connected" });
  });

  it("SEED-31: are where a client goes whose only seed is gone", () => {
    const client = connected("a");
    client.advertise("a", "a:4222", "b:4222", "c:4222");
    client.lose("a");
    expect(client.connect()).toBe("b");
  });

  it("ADR40-11, SEED-21, SEED-22: leave when no longer listed; seeds and the connected one stay", () => {
    const client = connected("a,s");
    client.advertise("a", "b:1", "c:1");
    client.lose("a");
    expect([client.fail(), client.connect()]).toEqual(["s", "b"]);
    expect(client.advertise("b", "d:1")).toEqual({ ...NOTHING, added: ["d:1"], deleted: ["c:1"] });
    expect(client.hosts()).toEqual(["a", "s", "b", "d"]);
  });

  it("ADR40-11, D3, SEED-23: stay when an INFO has no list, or an empty one", () => {
    const client = connected("a");
    client.advertise("a", "b:1");
    expect(client.pool.advertise(undefined, client.id("a"), 0)).toEqual(NOTHING);
    expect(client.pool.advertise([], client.id("a"), 0)).toEqual(NOTHING);
    expect(client.hosts()).toEqual(["a", "b"]);
  });

  it("ADR40-12: keep what is known of them from list to list, and start fresh after they have been away", () => {
    const client = connected("a");
    client.advertise("a", "b:1");
    client.lose("a");
    client.fail();
    client.connect();
    const id = client.id("b");
    client.advertise("a", "b:1", "c:1");
    expect(client.view("b")).toMatchObject({ id, consecutiveFailures: 1 });
    client.advertise("a", "c:1");
    client.advertise("a", "b:1", "c:1");
    expect(client.view("b").consecutiveFailures).toBe(0);
    expect(client.view("b").id).not.toBe(id);
  });

  it("SEED-5: that are a seed in another spelling change nothing", () => {
    const client = connected("nats://127.0.0.1:4222");
    expect(client.advertise("127.0.0.1", "127.0.0.1:4222", "[::ffff:127.0.0.1]:4222")).toEqual(NOTHING);
    expect(client.view("127.0.0.1").origin).toBe("seed");
  });

  it("SEED-25: come as names, IPv4 and bracketed IPv6", () => {
    const client = connected("a");
    const urls = ["nats.example.com:4999", "10.0.0.1:4222", "[fd00::2]:14504"];
    expect(client.advertise("a", ...urls).added).toEqual(urls);
  });

  it("SEED-25: of a nats:// server that demands TLS are tls://, and what they teach is so too", () => {
    const client = connected("nats://a");
    expect(client.pool.advertise(["b:1"], client.id("a"), 0, true).added).toEqual(["b:1"]);
    expect(client.view("b").url.href).toBe("tls://b:1");
    client.lose("a");
    expect(client.connect()).toBe("b");
    client.advertise("b", "c:1");
    expect(client.view("c").url.href).toBe("tls://c:1");
    expect(client.view("a").url.href).toBe("nats://a:4222");
  });

  for (const [seed, expected] of [
    ["nats://a", "nats://b:1"],
    ["tls://a", "tls://b:1"],
    ["ws://a/path", "ws://b:1"],
    ["wss://a/path", "wss://b:1"],
  ] as const) {
    it(`SEED-25, SEED-27: inherit the scheme of ${seed}, also against what they say themselves`, () => {
      const client = connected(seed);
      client.advertise("a", "nats://b:1");
      expect(client.view("b").url.href).toBe(expected);
    });
  }

  it("of a unix socket are TCP servers", () => {
    const client = connected("unix:///run/nats.sock");
    client.advertise("", "b:1");
    expect(client.view("b").url.href).toBe("nats://b:1");
  });

  it("ADR40-13, SEED-26, P30: that are bare IP addresses are verified as the named seed that taught them, also over several hops", () => {
    const client = connected("nats.example.com");
    client.advertise("nats.example.com", "10.0.0.1:1", "[fd00::1]:1", "other.example.com:1");
    expect(client.view("10.0.0.1").serverName).toBe("nats.example.com");
    expect(client.view("fd00::1").serverName).toBe("nats.example.com");
    expect(client.view("other.example.com").serverName).toBe("other.example.com");
    client.lose("nats.example.com");
    client.connect();
    client.advertise("10.0.0.1", "10.0.0.1:1", "10.0.0.2:1");
    expect(client.view("10.0.0.2").serverName).toBe("nats.example.com");
  });

  it("SEED-26: that an IP address taught are verified as themselves", () => {
    const client = connected("10.0.0.1");
    client.advertise("10.0.0.1", "10.0.0.2:1");
    expect(client.view("10.0.0.2").serverName).toBe("10.0.0.2");
  });

  it("ADR40-13, SEED-16, D4: carry the credentials of the server that taught them, unseen", () => {
    const client = connected("nats://user:hunter2@a");
    client.advertise("a", "b:1");
    const { url } = client.view("b");
    expect([url.user, url.pass, url.token]).toEqual(["user", "hunter2", undefined]);
    expect(JSON.stringify(client.pool.snapshot())).not.toMatch(/user|hunter2/);
  });

  it("that make no sense are rejected, and the others taken", () => {
    const client = connected("a");
    const bad = ["", "b:0", "x y:1", "u:p@b:1", 7 as unknown as string, "b:1/path"];
    expect(client.advertise("a", ...bad, "b:1")).toEqual({ added: ["b:1"], deleted: [], rejected: bad.map(String) });
  });

  it("stay when nothing of a list makes sense", () => {
    const client = connected("a");
    client.advertise("a", "b:1");
    expect(client.advertise("a", "b:0")).toEqual({ ...NOTHING, rejected: ["b:0"] });
    expect(client.hosts()).toEqual(["a", "b"]);
  });

  it("of a server the pool does not know are ignored", () => {
    const client = connected("a");
    expect(client.pool.advertise(["b:1"], 999, 0)).toEqual(NOTHING);
  });
});

describe("the gossip policy", () => {
  it('SEED-29: "ignore" leaves the pool as configured', () => {
    const client = connected("a", { gossip: "ignore" });
    expect(client.advertise("a", "b:1")).toEqual(NOTHING);
    expect(client.hosts()).toEqual(["a"]);
  });

  it("P4: a function leaves out, rewrites, and may set scheme and credentials", () => {
    const seen: string[] = [];
    const client = connected("nats://tok@a", {
      gossip: (url, from) => {
        seen.push(`${url} from ${from.href}`);
        if (url.startsWith("10.")) return null;
        if (url === "c:1") return "tls://u:p@c.public:2";
        return url === "d:1" ? "d.public:3" : url;
      },
    });
    expect(client.advertise("a", "10.0.0.1:1", "b:1", "c:1", "d:1")).toEqual({
      ...NOTHING,
      added: ["b:1", "c.public:2", "d.public:3"],
    });
    expect(seen[0]).toBe("10.0.0.1:1 from nats://a:4222");
    expect(client.view("c.public").url).toMatchObject({ scheme: "tls", user: "u", pass: "p", token: undefined });
    expect(client.view("d.public").url).toMatchObject({ scheme: "nats", user: undefined, token: "tok" });
    expect(client.advertise("a", "10.0.0.1:1").deleted).toEqual(["b:1", "c.public:2", "d.public:3"]);
  });

  for (const [what, gossip] of [
    [
      "throws",
      (): never => {
        throw new Error("mine");
      },
    ],
    ["answers no address", (): string => "b:0"],
    ["answers nothing", (): string => undefined as unknown as string],
  ] as const) {
    it(`D13: a function that ${what} is reported and costs only that address`, () => {
      const client = connected("a", { gossip: (url) => (url === "b:1" ? gossip() : url) });
      expect(client.advertise("a", "b:1", "c:1")).toEqual({ ...NOTHING, added: ["c:1"], rejected: ["b:1"] });
      expect(client.pool.takeIncidents()).toMatchObject([{ code: "POLICY_FAILED", policy: "gossip" }]);
    });
  }
});

describe("a lame duck", () => {
  it("ranks last until a later connect to it succeeds", () => {
    const client = connected("a,b,c");
    client.pool.lameDuck(client.id("a"), client.now);
    expect(client.connect()).toBe("b"); // make before break: the old connection is still there
    client.lose("a");
    expect(client.view("a")).toMatchObject({ lameDuck: true, state: "idle" });
    client.lose("b");
    expect([client.fail(), client.fail()]).toEqual(["c", "b"]);
    expect(client.view("a").reason).toBe("lame duck");
    expect(client.connect()).toBe("a");
    expect(client.view("a").lameDuck).toBe(false);
  });

  it("is fresh again once another server advertises it after a list without it", () => {
    const client = connected("a,b");
    client.advertise("a", "a:4222", "b:4222");
    client.pool.lameDuck(client.id("a"), client.now);
    client.connect();
    client.lose("a");
    for (let i = 0; i < 2; i += 1) client.advertise("b", "a:4222", "b:4222");
    expect(client.view("a").lameDuck).toBe(true);
    client.advertise("b", "b:4222");
    expect(client.view("a").lameDuck).toBe(true);
    client.advertise("b", "a:4222", "b:4222");
    expect(client.view("a").lameDuck).toBe(false);
  });

  it("that is the only server is dialled all the same", () => {
    const client = connected("a");
    client.pool.lameDuck(client.id("a"), client.now);
    client.lose("a");
    expect(client.connect()).toBe("a");
  });
});

describe("servers of both kinds", () => {
  it("SEED-27: a list over WebSocket says nothing of TCP servers, and one over TCP nothing of WebSocket servers", () => {
    const client = connected("nats://a,ws://w", { randomize: false });
    client.advertise("a", "b:1", "c:1");
    client.lose("a");
    expect(client.connect()).toBe("w");
    expect(client.advertise("w", "x:1", "y:1")).toMatchObject({ added: ["x:1", "y:1"], deleted: [] });
    expect(client.advertise("w", "x:1")).toMatchObject({ added: [], deleted: ["y:1"] });
    client.lose("w");
    expect(client.connect()).toBe("a");
    expect(client.advertise("a", "c:1")).toMatchObject({ added: [], deleted: ["b:1"] });
    expect(client.pool.snapshot().map(({ url }) => url.href)).toEqual([
      "nats://a:4222",
      "ws://w:80",
      "nats://c:1",
      "ws://x:1",
    ]);
  });
});
