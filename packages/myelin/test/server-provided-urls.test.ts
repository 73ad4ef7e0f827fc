// "Server-provided URLs": how the pool follows the cluster, and what it never does because of an INFO. SEED-17 … SEED-30.

import { networkInterfaces } from "node:os";
import type { DialTarget } from "@myelin/contracts";
import { createTestAuthority, type FakeServer, RealCluster, RealServer, reservePorts } from "@myelin/testing";
import { ConnectError, connect, TransportError } from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { elapsed, next, record, rejectionOf, until, within } from "./conditions.js";
import { forEachServer, tellsConnectInfo } from "./every-server.js";
import { addressOf, blackHoleUrl, fake, open, poolOf, seedChance } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;

function hasOuterAddress(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some((one) => !one.internal) === true);
}

forEachServer((binary) => {
  async function clusterOf(size: number, config?: string): Promise<RealCluster> {
    const cluster = await RealCluster.start({ binary, size, ...(config === undefined ? {} : { config }) });
    onTestFinished(() => cluster.stop());
    return cluster;
  }

  it("SEED-18: connecting to B of a cluster of two makes the pool {A, B}", { timeout: BOUND }, async () => {
    const cluster = await clusterOf(2);
    const [a, b] = [cluster.server(0), cluster.server(1)];
    expect((await b.info()).connect_urls).toEqual(expect.arrayContaining([addressOf(a), addressOf(b)]));
    const nc = await open({ servers: b.url });
    expect(poolOf(nc)).toEqual([addressOf(b), addressOf(a)]);
    expect(nc.getServers().map(({ origin, learnedFrom }) => [origin, learnedFrom])).toEqual([
      ["seed", undefined],
      ["gossip", b.url],
    ]);
  });

  it("SEED-20, SEED-21, SEED-24: the pool grows and shrinks with the cluster, without a reconnect, and says so", {
    timeout: BOUND,
  }, async () => {
    const cluster = await clusterOf(1);
    const a = cluster.server(0);
    const nc = await open({ servers: a.url });
    const seen = record(nc, "disconnect", "reconnecting", "reconnect", "close");
    const updates = record(nc, "update");
    const { total_connections } = await a.varz();
    expect(poolOf(nc)).toEqual([addressOf(a)]);

    const b = await cluster.add();
    await until("B is in the pool", () => poolOf(nc).includes(addressOf(b)));
    const c = await cluster.add();
    await until("C is in the pool", () => poolOf(nc).includes(addressOf(c)));
    await cluster.waitForMesh();
    await nc.flush();
    expect(poolOf(nc).sort()).toEqual([a, b, c].map(addressOf).sort());
    // Where a node has more than one address or route, the server may tell the same list twice: still one event a change.
    expect(updates).toEqual([
      { type: "update", added: [addressOf(b)], deleted: [] },
      { type: "update", added: [addressOf(c)], deleted: [] },
    ]);

    const gone = next(nc, "update");
    await c.stop();
    expect(await gone).toEqual({ type: "update", added: [], deleted: [addressOf(c)] });
    await until("B has heard of it", async () => !((await b.info()).connect_urls ?? []).includes(addressOf(c)));
    await nc.flush();
    expect(poolOf(nc).sort()).toEqual([a, b].map(addressOf).sort());
    expect(updates).toHaveLength(3);
    expect(seen).toEqual([]);
    expect((await a.varz()).total_connections).toBe(total_connections);
  });

  it("SEED-22: an explicitly configured URL stays in the pool when its server leaves the cluster", {
    timeout: BOUND,
  }, async () => {
    const cluster = await clusterOf(3);
    const [a, b, c] = [cluster.server(0), cluster.server(1), cluster.server(2)];
    const nc = await open({ servers: [a.url, b.url], noRandomize: true });
    const update = next(nc, "update");
    await b.stop();
    await until("A no longer tells of B", async () => !((await a.info()).connect_urls ?? []).includes(addressOf(b)));
    await c.stop();
    expect((await update).deleted).toEqual([addressOf(c)]);
    await nc.flush();
    expect(poolOf(nc)).toEqual([addressOf(a), addressOf(b)]);
  });

  it("SEED-24: the pool tells of one change when it learns of the cluster, and none when the list is the same", {
    timeout: BOUND,
  }, async () => {
    const cluster = await clusterOf(2);
    const [a, b] = [cluster.server(0), cluster.server(1)];
    const nc = await open({ servers: a.url, firstConnect: "background" });
    const updates = record(nc, "update");
    await nc.ready;
    // What follows the first PONG has been read once the second one is here.
    await nc.flush();
    await nc.flush();
    if (tellsConnectInfo(binary)) expect(nc.info).toMatchObject({ connect_info: true });
    expect(updates).toEqual([{ type: "update", added: [addressOf(b)], deleted: [] }]);
  });

  it("SEED-19: no message is lost or reordered while the cluster changes under load", { timeout: BOUND }, async () => {
    const cluster = await clusterOf(1);
    const nc = await open({ servers: cluster.urls });
    const received: number[] = [];
    nc.subscribe("load", { callback: (_error, msg) => void received.push(Number(new TextDecoder().decode(msg.data))) });
    let sent = 0;
    let growing = true;
    const grown = cluster
      .add()
      .then(() => cluster.waitForMesh())
      .finally(() => {
        growing = false;
      });
    while (growing || !poolOf(nc).includes(addressOf(cluster.server(1)))) {
      for (let i = 0; i < 200; i++) nc.publish("load", String(sent++));
      await nc.flush();
    }
    await grown;
    expect(poolOf(nc)).toHaveLength(2);
    expect(received).toEqual(Array.from({ length: sent }, (_, i) => i));
    expect(nc.stats().reconnects).toBe(0);
  });

  it("SEED-25: a cluster that advertises a name is pooled by that name", { timeout: BOUND }, async () => {
    const { ports, release } = await reservePorts(1);
    onTestFinished(release);
    const server = await RealServer.start({
      binary,
      config: "client_advertise: nats.example.com:4999",
      cluster: { name: "named", port: ports[0] ?? 0, routes: [] },
    });
    onTestFinished(() => server.stop());
    const nc = await open({ servers: server.url });
    const told = (await server.info()).connect_urls ?? [];
    expect(poolOf(nc)).toEqual([addressOf(server), ...told]);
    if (told.length > 0) expect(told).toEqual(["nats.example.com:4999"]);
  });

  it("P30, SEED-26: under TLS an advertised IP address is verified against the name first connected to", {
    timeout: BOUND,
  }, async () => {
    const authority = await createTestAuthority();
    const files = await tlsFiles(authority, await authority.issue({ commonName: "node", dnsNames: ["localhost"] }));
    onTestFinished(files.remove);
    const cluster = await clusterOf(3, files.config);
    const [a, b, c] = [cluster.server(0), cluster.server(1), cluster.server(2)];
    const tls = { ca: authority.caPem };
    // The control: by its own address no node can be verified.
    const error = await rejectionOf(connect({ servers: `tls://127.0.0.1:${b.port}`, tls }), ConnectError);
    expect([error.code, error.attempts[0]?.phase]).toEqual(["TLS_CERTIFICATE_REJECTED", "tls"]);
    expect(error.cause).toBeInstanceOf(TransportError);

    const nc = await open({ servers: `tls://localhost:${a.port}`, tls, reconnectJitterTLS: 10 });
    const failed = record(nc, "attemptFailed");
    const reconnected = next(nc, "reconnect");
    await a.kill();
    await reconnected;
    await nc.flush();
    expect([b, c].map(addressOf)).toContain(nc.getServer());
    expect(nc.getServers().find((server) => server.state === "connected")).toMatchObject({ serverName: "localhost" });
    // The dead node is tried too, under both of its names; nobody's certificate was ever refused.
    for (const one of failed) expect(one).toMatchObject({ error: { code: "CONNECTION_REFUSED" } });
  });

  it("SEED-25: a server learned over TLS is never dialled without it, though the seed was nats://", {
    timeout: BOUND,
  }, async () => {
    const authority = await createTestAuthority();
    const files = await tlsFiles(authority, await authority.issue({ commonName: "node", ipAddresses: ["127.0.0.1"] }));
    onTestFinished(files.remove);
    const cluster = await RealCluster.start({ binary, size: 1, config: files.config });
    onTestFinished(() => cluster.stop());
    const plain = await cluster.add({ config: "" });
    await cluster.waitForMesh();
    const a = cluster.server(0);
    // Trusts the authority as a runtime would, while the caller leaves TLS to the server.
    const trusting = recordingTransport({ redirect: (target) => ({ ...target, tls: { ca: authority.caPem } }) });
    const nc = await open({ servers: a.url, transports: [trusting] });
    expect(poolOf(nc)).toContain(addressOf(plain));
    const failures = new Promise<Error>((resolve) => {
      nc.on("attemptFailed", ({ server, error }) => {
        if (server.endsWith(addressOf(plain))) resolve(error);
      });
    });
    await a.kill();
    expect((await within("the plain server is refused", failures)).message).toMatch(/does not offer TLS/);
    // It never heard who we are: what it saw of us ended before CONNECT.
    const { connections } = await plain.connz("state=all");
    expect(connections.filter(({ lang }) => lang === "typescript")).toEqual([]);
    expect(nc.state).not.toBe("connected");
  });

  it("ADR40-8, SEED-29: with ignoreClusterUpdates the pool stays as configured and no update is raised", {
    timeout: BOUND,
  }, async () => {
    const cluster = await clusterOf(2);
    const a = cluster.server(0);
    const nc = await open({ servers: a.url, ignoreClusterUpdates: true, firstConnect: "background" });
    const same = await open({ servers: a.url, gossip: "ignore" });
    const control = await open({ servers: a.url });
    const updates = record(nc, "update");
    const c = await cluster.add();
    await until("the control has learned of C", () => poolOf(control).includes(addressOf(c)));
    await nc.flush();
    await same.flush();
    expect(poolOf(nc)).toEqual([addressOf(a)]);
    expect(poolOf(same)).toEqual([addressOf(a)]);
    expect(updates).toEqual([]);
  });

  it("SEED-30: of a server bound to 0.0.0.0 every advertised address is in the pool, and reconnecting finds one that works", {
    timeout: BOUND,
  }, async () => {
    const { ports, release } = await reservePorts(4);
    onTestFinished(release);
    const [routeA = 0, routeB = 0, portA = 0, portB = 0] = ports;
    const routes = [routeA, routeB].map((port) => `nats-route://127.0.0.1:${port}`);
    // Servers do not advertise loopback addresses by themselves; a machine that has no others must tell them to.
    const advertise = (port: number): string => (hasOuterAddress() ? "" : `client_advertise: "127.0.0.1:${port}"`);
    const start = async (route: number, port: number): Promise<RealServer> => {
      const cluster = { name: "wide", port: route, routes };
      const server = await RealServer.start({ binary, host: "0.0.0.0", port, cluster, config: advertise(port) });
      onTestFinished(() => server.stop());
      return server;
    };
    const [a, b] = [await start(routeA, portA), await start(routeB, portB)];
    const ofB = async (): Promise<string[]> =>
      ((await a.info()).connect_urls ?? []).filter((url) => url.endsWith(`:${b.port}`));
    await until("A tells of B", async () => (await ofB()).length > 0);
    const nc = await open({ servers: `127.0.0.1:${a.port}`, timeout: 1_000 });
    for (const url of await ofB()) expect(poolOf(nc)).toContain(url);
    const reconnected = next(nc, "reconnect", 20_000);
    await a.kill();
    await reconnected;
    await nc.flush();
    expect(nc.info?.server_name).toBe(b.name);
  });
});

describe("against scripted servers", () => {
  it("ADR40-4, SEED-17: CONNECT says protocol 1, without which no server would push its topology", async () => {
    const server = await fake();
    await open({ servers: server.url });
    expect(server.connections[0]?.options?.protocol).toBe(1);
  });

  it("ADR40-9, SEED-19: an INFO between messages, in one segment with them, or split, changes the pool and disturbs no delivery", async () => {
    const server = await fake();
    const nc = await open({ servers: server.url });
    const received: string[] = [];
    nc.subscribe("s", { callback: (_error, msg) => void received.push(new TextDecoder().decode(msg.data)) });
    await nc.flush();
    const [client] = server.connections;
    const info = (urls: string[]): string => `INFO ${JSON.stringify({ ...nc.info, connect_urls: urls })} \r\n`;
    const msg = (text: string): string => `MSG s 1 ${text.length}\r\n${text}\r\n`;
    client?.send(msg("1") + info(["10.0.0.1:4222"]) + msg("2"));
    await nc.flush();
    expect(poolOf(nc)).toContain("10.0.0.1:4222");
    // A payload that looks like an INFO is a payload.
    const bytes = msg("3") + info(["10.0.0.2:4222"]) + msg("INFO {}\r\n") + info(["10.0.0.3:4222"]) + msg("4");
    for (const char of bytes) client?.send(char);
    await nc.flush();
    await until("all bytes have come", () => received.length === 5);
    expect(received).toEqual(["1", "2", "3", "INFO {}\r\n", "4"]);
    expect(poolOf(nc)).toEqual([addressOf(server), "10.0.0.3:4222"]);
    expect(nc.stats().reconnects).toBe(0);
  });

  it("SEED-22: the server currently connected to is never removed, also when it is discovered and unlisted", async () => {
    const b = await fake();
    const a = await fake({ info: { connect_urls: [addressOf(b)] } });
    const nc = await open({ servers: a.url, reconnectJitter: 0 });
    const reconnected = next(nc, "reconnect");
    await a.stop();
    await reconnected;
    expect(nc.getServer()).toBe(addressOf(b));
    b.sendInfo({ connect_urls: ["10.0.0.9:4222"] });
    await until("the INFO is read", () => poolOf(nc).includes("10.0.0.9:4222"));
    expect(poolOf(nc).sort()).toEqual([addressOf(a), addressOf(b), "10.0.0.9:4222"].sort());
  });

  it("SEED-23: an INFO without connect_urls removes nothing, neither seeds nor discovered servers", async () => {
    const server = await fake({ info: { connect_urls: ["10.0.0.1:4222", "10.0.0.2:4222"] } });
    const nc = await open({ servers: [server.url, "10.0.0.3:4222"], noRandomize: true });
    const updates = record(nc, "update");
    const [client] = server.connections;
    const { connect_urls: _none, ...bare } = nc.info ?? {};
    client?.send(`INFO ${JSON.stringify({ ...bare, max_payload: 4242 })}\r\n`);
    client?.send(`INFO ${JSON.stringify({ ...bare, connect_urls: [], max_payload: 4243 })}\r\n`);
    await until("both are read", () => nc.info?.max_payload === 4243);
    expect(poolOf(nc)).toEqual([addressOf(server), "10.0.0.3:4222", "10.0.0.1:4222", "10.0.0.2:4222"]);
    expect(updates).toEqual([]);
  });

  it("SEED-24: one event for each change with what was added and deleted, none when the set is equal in another order", async () => {
    const server = await fake({ info: { connect_urls: ["10.0.0.1:4222"] } });
    const nc = await open({ servers: server.url });
    const updates = record(nc, "update");
    server.sendInfo({ connect_urls: ["10.0.0.2:4222", addressOf(server), "10.0.0.1:4222"] });
    server.sendInfo({ connect_urls: ["10.0.0.1:4222", "10.0.0.2:4222"] });
    server.sendInfo({ connect_urls: ["10.0.0.2:4222", "10.0.0.1:4222", "10.0.0.1:4222"] });
    server.sendInfo({ connect_urls: ["10.0.0.3:4222"] });
    await until("the last is read", () => poolOf(nc).includes("10.0.0.3:4222"));
    expect(updates).toEqual([
      { type: "update", added: ["10.0.0.2:4222"], deleted: [] },
      { type: "update", added: ["10.0.0.3:4222"], deleted: expect.arrayContaining(["10.0.0.1:4222", "10.0.0.2:4222"]) },
    ]);
  });

  it("SEED-25: discovered names, IPv4 and bracketed IPv6 addresses inherit the scheme; nonsense is left out", async () => {
    const server = await fake({
      info: { connect_urls: ["nats.example.com:4999", "10.1.2.3:4222", "[fd00::2]:14504", "", "a b:1", "h:99999999"] },
    });
    const nc = await open({ servers: server.url });
    expect(nc.getServers().map(({ url }) => url.href)).toEqual([
      server.url,
      "nats://nats.example.com:4999",
      "nats://10.1.2.3:4222",
      "nats://[fd00::2]:14504",
    ]);
  });

  it("SEED-27: ws_connect_urls, not connect_urls, feed the pool of a websocket connection", async () => {
    // What frames the bytes is the transport's business; this one leaves the framing out.
    const transport = recordingTransport({
      schemes: ["ws"],
      redirect: (target: DialTarget) => ({ ...target, scheme: "nats" }),
    });
    const b = await fake();
    const lists = { connect_urls: ["10.0.0.1:4222"], ws_connect_urls: [addressOf(b)] };
    const a = await fake({ info: lists });
    const overWebSocket = await open({ servers: `ws://${addressOf(a)}`, transports: [transport], reconnectJitter: 0 });
    const overTcp = await open({ servers: a.url });
    expect(overWebSocket.getServers().map(({ url }) => url.href)).toEqual([
      `ws://${addressOf(a)}`,
      `ws://${addressOf(b)}`,
    ]);
    expect(poolOf(overTcp)).toEqual([addressOf(a), "10.0.0.1:4222"]);
    const reconnected = next(overWebSocket, "reconnect");
    await a.stop();
    expect((await reconnected).server).toBe(addressOf(b));
    expect(transport.dials.at(-1)).toMatchObject({ scheme: "ws", port: b.port });
  });

  it("ADR40-10, SEED-28: discovered servers are shuffled into the rotation, with noRandomize in order; the current one is left alone", {
    timeout: 30_000,
  }, async () => {
    seedChance(28);
    const others = [await fake(), await fake(), await fake()];
    const nextAfterLoss = async (noRandomize: boolean): Promise<number> => {
      const seed = await fake();
      const nc = await open({ servers: seed.url, noRandomize, reconnectJitter: 0 });
      seed.sendInfo({ connect_urls: others.map(addressOf) });
      await until("learned", () => poolOf(nc).length === 4);
      await nc.flush();
      expect(nc.getServer()).toBe(addressOf(seed));
      const reconnected = next(nc, "reconnect");
      await seed.stop();
      const { server } = await reconnected;
      await nc.close();
      return others.findIndex((one) => addressOf(one) === server);
    };
    const shuffled: number[] = [];
    for (let i = 0; i < 24; i++) shuffled.push(await nextAfterLoss(false));
    expect([...new Set(shuffled)].sort()).toEqual([0, 1, 2]);
    for (let i = 0; i < 5; i++) expect(await nextAfterLoss(true)).toBe(0);
  });

  it("SEED-30: unreachable advertised addresses cost only their own timeout at reconnect", async () => {
    const timeout = 300;
    const hole = await blackHoleUrl();
    const b = await fake();
    const a: FakeServer = await fake({ info: { connect_urls: [hole.slice("nats://".length), addressOf(b)] } });
    // Without the waits after a failed attempt, which are another matter.
    const nc = await open({ servers: a.url, noRandomize: true, timeout, reconnectTimeWait: 20, reconnectJitter: 0 });
    const failed = record(nc, "attemptFailed");
    const ms = await elapsed(async () => {
      const reconnected = next(nc, "reconnect");
      await a.stop();
      await reconnected;
    });
    expect(nc.getServer()).toBe(addressOf(b));
    expect(failed.filter((one) => "server" in one && one.server === hole.slice("nats://".length))).toHaveLength(1);
    expect(ms).toBeGreaterThanOrEqual(timeout - 5);
    expect(ms).toBeLessThan(3 * timeout);
  });
});
