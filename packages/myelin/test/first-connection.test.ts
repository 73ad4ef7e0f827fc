// "Connection algorithm": which server is tried when, what counts as a success, and what is left of the others.
// SEED-7 … SEED-16.

import { createTestAuthority, type FakeScript, type FakeServer, RealCluster, RealServer } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { connect } from "myelin";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { elapsed, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, blackHoleUrl, deadUrl, fake, open, poolOf, seedChance } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";
import { tlsFiles } from "./tls-files.js";

/** How often each of these servers was the one of `tries` connects. */
async function tally(tries: number, servers: readonly string[], noRandomize = false): Promise<number[]> {
  const counts = new Map<string, number>();
  for (let i = 0; i < tries; i++) {
    const nc = await connect({ servers, noRandomize, ignoreClusterUpdates: true });
    counts.set(nc.getServer(), (counts.get(nc.getServer()) ?? 0) + 1);
    await nc.close();
  }
  return servers.map((url) => counts.get(url.slice("nats://".length)) ?? 0);
}

const silent: FakeScript = { info: () => undefined };

forEachServer((binary) => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await RealCluster.start({ binary });
  }, 30_000);
  afterAll(() => cluster.stop());

  it("SEED-8: 100 connects to 2 healthy servers land 35 to 65 times on each", { timeout: 20_000 }, async () => {
    seedChance(8);
    const counts = await tally(100, cluster.urls.slice(0, 2));
    expect(counts.reduce((sum, count) => sum + count)).toBe(100);
    for (const count of counts) expect(count).toSatisfy((n: number) => n >= 35 && n <= 65);
  });

  it("SEED-8: over 3 servers the first choice is uniform: chi-square p > 0.001 on 300 connects", {
    timeout: 30_000,
  }, async () => {
    seedChance(8);
    const counts = await tally(300, cluster.urls);
    const chiSquare = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    // Two degrees of freedom.
    expect(chiSquare).toBeLessThan(13.816);
  });

  it("SEED-9: noRandomize chooses element 0 every time, and the caller's array is never changed", {
    timeout: 20_000,
  }, async () => {
    const [a = "", b = "", c = ""] = cluster.urls;
    const servers = Object.freeze([b, a, c]);
    expect(await tally(100, servers, true)).toEqual([100, 0, 0]);
    await tally(20, servers);
    expect(servers).toEqual([b, a, c]);
  });

  it("SEED-10: with element 0 down noRandomize chooses element 1", async () => {
    const [, b = "", c = ""] = cluster.urls;
    expect(await tally(20, [await deadUrl(), c, b], true)).toEqual([0, 20, 0]);
  });

  it("SEED-12: only one connection survives: no socket is left at any other listed server", async () => {
    const name = `only-one-${binary.version}`;
    const open = async (): Promise<number> => {
      const all = await Promise.all(cluster.servers.map((server) => server.connz()));
      return all.flatMap((one) => one.connections).filter((connection) => connection.name === name).length;
    };
    for (let i = 0; i < 10; i++) {
      const nc = await connect({ servers: cluster.urls, name });
      expect(await open()).toBe(1);
      await nc.close();
      await until("the server has forgotten the connection", async () => (await open()) === 0);
    }
  });

  it("SEED-15: getServer() is the server actually used, and its INFO agrees", async () => {
    const nc = await open({ servers: [await deadUrl(), cluster.server(2).url], noRandomize: true });
    expect(nc.getServer()).toBe(addressOf(cluster.server(2)));
    expect(nc.info?.server_name).toBe(cluster.server(2).name);
    await nc.close();
    expect(nc.getServer()).toBe("");
  });
});

forEachServer((binary) => {
  it("SEED-11: a server that requires credentials we lack is no success; the next one is used", async () => {
    const locked = await RealServer.start({ binary, config: "authorization { user: u, password: p }" });
    onTestFinished(() => locked.stop());
    const free = await RealServer.start({ binary });
    onTestFinished(() => free.stop());
    const nc = await open({ servers: [locked.url, free.url], noRandomize: true });
    expect(nc.getServer()).toBe(addressOf(free));
    await until("the refused connection has gone", async () => (await locked.connz()).num_connections === 0);
  });

  it("SEED-14: a name is verified as itself under TLS, whatever address it resolves to", async () => {
    const authority = await createTestAuthority();
    const certificate = await authority.issue({ commonName: "cluster", dnsNames: ["cluster.test"] });
    const { config, remove } = await tlsFiles(authority, certificate);
    onTestFinished(remove);
    const server = await RealServer.start({ binary, config });
    onTestFinished(() => server.stop());
    const lookup = async () => [
      { address: "127.0.0.3", family: 4 },
      { address: "127.0.0.1", family: 4 },
    ];
    const nc = await open({
      servers: `tls://cluster.test:${server.port}`,
      tls: { ca: authority.caPem },
      transports: [tcpTransport({ lookup })],
    });
    await nc.flush();
    expect(nc.getServer()).toBe(`cluster.test:${server.port}`);
  });

  it("SEED-16: a discovered server gets the credentials of the URL that taught it, and options beat URLs", async () => {
    const config = "authorization { users: [{ user: seed, password: s3 }, { user: option, password: o1 }] }";
    const cluster = await RealCluster.start({ binary, size: 2, config });
    onTestFinished(() => cluster.stop());
    const seed = cluster.server(0).url.replace("//", "//seed:s3@");
    const byUrl = await open({ servers: seed });
    const byOption = await open({
      servers: cluster.server(0).url.replace("//", "//wrong:wrong@"),
      user: "option",
      pass: "o1",
    });
    const moved = [byUrl, byOption].map(
      (nc) => new Promise<void>((resolve) => void nc.on("reconnect", () => resolve())),
    );
    await cluster.server(0).kill();
    await within("both moved", Promise.all(moved));
    expect([byUrl.getServer(), byOption.getServer()]).toEqual(Array(2).fill(addressOf(cluster.server(1))));
    const { connections } = await cluster.server(1).connz("auth=1");
    expect(connections.map(({ authorized_user }) => String(authorized_user)).sort()).toEqual(["option", "seed"]);
  }, 30_000);
});

describe("against scripted servers", () => {
  it("SEED-7: nothing outside the given list is dialled before the first INFO", async () => {
    const taught = await fake();
    const seed = await fake({ info: { connect_urls: [addressOf(taught)] } });
    const dead = await deadUrl();
    const transport = recordingTransport();
    const nc = await open({ servers: [dead, seed.url], noRandomize: true, transports: [transport] });
    expect(transport.dials.map(({ url }) => url)).toEqual([dead, seed.url]);
    expect(poolOf(nc)).toContain(addressOf(taught));
    await nc.flush();
    expect(taught.dials).toBe(0);
  });

  it.each<[string, FakeScript]>([
    ["accepts and says nothing", silent],
    ["accepts and closes", { info: () => undefined, onAccept: (connection) => connection.end() }],
    ["accepts and resets", { info: () => undefined, onAccept: (connection) => connection.reset() }],
    ["speaks another protocol", { info: () => undefined, onAccept: (c) => c.send("HTTP/1.1 400 Bad Request\r\n\r\n") }],
    [
      "sends bytes that are no text",
      { info: () => undefined, onAccept: (c) => c.send(new Uint8Array([0, 255, 13, 10, 7])) },
    ],
    ["sends an INFO that is no JSON", { info: () => undefined, onAccept: (c) => c.send("INFO {oops\r\n") }],
    ["sends an endless first line", { info: () => undefined, onAccept: (c) => c.send("x".repeat(100_000)) }],
    ["greets with -ERR", { info: () => undefined, onAccept: (c) => c.send("-ERR 'maximum connections exceeded'\r\n") }],
    [
      "answers CONNECT with -ERR",
      {
        onConnect: (c) => {
          c.err("Authorization Violation");
          c.end();
          return "skip";
        },
      },
    ],
    [
      "answers PING with a close",
      {
        onPing: (c) => {
          c.end();
          return "silence";
        },
      },
    ],
    ["never answers PING", { onPing: () => "silence" }],
    [
      "answers PING with something else",
      {
        onPing: (c) => {
          c.send("+OK\r\n+OK\r\n");
          return "silence";
        },
      },
    ],
    ["demands TLS and then speaks none", { info: { tls_required: true } }],
  ])("SEED-11: a server that %s is no success; the next one is used", async (_what, script) => {
    const bad = await fake(script);
    const good = await fake();
    const nc = await open({ servers: [bad.url, good.url], noRandomize: true, timeout: 250 });
    expect(nc.getServer()).toBe(addressOf(good));
    expect([bad.dials, good.dials]).toEqual([1, 1]);
    // SEED-12: and nothing is left there.
    await within("the failed attempt leaves no socket", (await bad.nextConnection()).closed);
  });

  it("ADR40-1, ADR40-6, SEED-11: success means INFO, CONNECT and a PING answered by PONG, in this order", async () => {
    const server = await fake();
    await open({ servers: server.url });
    expect(server.connections[0]?.received.map((op) => op.op)).toEqual(["CONNECT", "PING"]);
  });

  it("SEED-13: a black-hole first server costs one timeout of its own, then the next one is tried", async () => {
    const good = await fake();
    const hole = await blackHoleUrl();
    const timeout = 400;
    const ms = await elapsed(() => open({ servers: [hole, good.url], noRandomize: true, timeout }));
    expect(ms).toBeGreaterThanOrEqual(timeout - 5);
    expect(ms).toBeLessThan(2 * timeout);
  });

  it("SEED-13: each candidate has its own timeout: two bad ones cost two, and the good one still has all of its own", async () => {
    // Long enough for what a busy machine adds to it.
    const timeout = 800;
    const bad = [await fake(silent), await fake({ onPing: () => "silence" })];
    // Slower than what is left of the time-outs of the others.
    const good = await fake({
      onPing: (connection) => {
        setTimeout(() => connection.pong(), timeout / 2);
        return "silence";
      },
    });
    const servers = [...bad, good].map((server) => server.url);
    const ms = await elapsed(() => open({ servers, noRandomize: true, timeout }));
    expect(ms).toBeGreaterThanOrEqual(2.5 * timeout - 10);
    expect(ms).toBeLessThan(3.5 * timeout);
  });

  it("SEED-14: a name with several addresses is several candidates, tried until one works", async () => {
    const server = await fake({}, { host: "127.0.0.2" });
    const asked: string[] = [];
    const lookup = async (name: string) => {
      asked.push(name);
      return [3, 4, 2, 5].map((last) => ({ address: `127.0.0.${last}`, family: 4 }));
    };
    const nc = await open({ servers: `many.test:${server.port}`, transports: [tcpTransport({ lookup })] });
    expect(asked).toEqual(["many.test"]);
    expect(server.dials).toBe(1);
    expect(nc.getServer()).toBe(`many.test:${server.port}`);
  });

  it("SEED-14: the addresses of a name are shuffled, and with noRandomize tried in the resolver's order", async () => {
    seedChance(14);
    const one = await fake({}, { host: "127.0.0.2" });
    const two = await fake({}, { host: "127.0.0.3", port: one.port });
    const lookup = async () => [2, 3].map((last) => ({ address: `127.0.0.${last}`, family: 4 }));
    const transports = [tcpTransport({ lookup })];
    for (let i = 0; i < 20; i++) {
      await (await connect({ servers: `many.test:${one.port}`, transports, noRandomize: true })).close();
    }
    expect([one.dials, two.dials]).toEqual([20, 0]);
    for (let i = 0; i < 40; i++) await (await connect({ servers: `many.test:${one.port}`, transports })).close();
    expect(two.dials).toBeGreaterThan(10);
    expect(two.dials).toBeLessThan(30);
  });

  it("SEED-16: credentials in a URL go to that server alone; those of options go to every server", async () => {
    const script: FakeScript = {
      onConnect: (connection) => {
        connection.err("Authorization Violation");
        connection.end();
        return "skip";
      },
    };
    const refusing = [await fake(script), await fake(script), await fake(script)] as const;
    const last = await fake();
    const [a, b, c] = refusing;
    const servers = [
      `nats://alice:a%40pass@${addressOf(a)}`,
      `nats://just-a-token@${addressOf(b)}`,
      c.url,
      `nats://zoe:z@${addressOf(last)}`,
    ];
    await open({ servers, noRandomize: true });
    expect([a, b, c, last].map(credentialsSeen)).toEqual([
      [{ user: "alice", pass: "a@pass" }],
      [{ auth_token: "just-a-token" }],
      [{}],
      [{ user: "zoe", pass: "z" }],
    ]);
    await open({ servers, noRandomize: true, user: "all", pass: "same" });
    for (const server of [a, b, c, last]) expect(credentialsSeen(server)[1]).toEqual({ user: "all", pass: "same" });
  });
});

function credentialsSeen(server: FakeServer): Record<string, unknown>[] {
  return server.connections.map(({ options }) => {
    const { user, pass, auth_token } = options ?? {};
    return Object.fromEntries(Object.entries({ user, pass, auth_token }).filter(([, value]) => value !== undefined));
  });
}
