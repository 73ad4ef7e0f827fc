// "A machine down": at connect time, while connected, and one that is up but refuses us. SEED-38 … SEED-40.

import { connect as connectWith } from "@myelin/client";
import { RealCluster, RealServer, VirtualClock } from "@myelin/testing";
import { AuthorizationError, ConnectError, ConnectionLimitError, connect, tcpTransport } from "myelin";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { elapsed, next, record, rejectionOf, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, blackHoleUrl, deadUrl, fake, open } from "./opened.js";

const BOUND = 30_000;
const TIMEOUT = 400;
// What connecting itself may cost on a busy machine.
const SLACK = 1_000;

const halfOpen = async (): Promise<string> => (await fake({ info: () => undefined })).url;

forEachServer((binary) => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await RealCluster.start({ binary });
  }, 30_000);
  afterAll(() => cluster.stop());

  it.each([
    ["down (refused)", [deadUrl], 0],
    ["hung (SYN dropped)", [blackHoleUrl], 1],
    ["half-open (accepts, silent)", [halfOpen], 1],
    ["down and one is hung", [deadUrl, blackHoleUrl], 1],
    ["hung and one is half-open", [blackHoleUrl, halfOpen], 2],
  ] as const)(
    "SEED-38: connect succeeds while one of the servers is %s, within its timeout",
    { timeout: BOUND },
    async (_what, bad, slow) => {
      const urls = await Promise.all(bad.map((make) => make()));
      const servers = [...urls, cluster.server(0).url];
      const ms = await elapsed(() => open({ servers, noRandomize: true, timeout: TIMEOUT }));
      expect(ms).toBeGreaterThanOrEqual(slow * (TIMEOUT - 5));
      expect(ms).toBeLessThan(slow * TIMEOUT + SLACK);
    },
  );

  it("SEED-38: connect succeeds while one of three nodes is frozen", { timeout: BOUND }, async () => {
    const [a, b, c] = [cluster.server(0), cluster.server(1), cluster.server(2)];
    a.pause();
    onTestFinished(() => a.resume());
    // The signal is sent, not awaited: a node may still answer the first dial after it.
    const answers = (): Promise<boolean> =>
      within("an answer", a.varz(), 100).then(
        () => true,
        () => false,
      );
    await until("it is frozen", async () => !(await answers()));
    for (let i = 0; i < 4; i++) {
      const ms = await elapsed(async () => {
        const nc = await open({ servers: cluster.urls, timeout: TIMEOUT });
        expect([b, c].map(addressOf)).toContain(nc.getServer());
      });
      expect(ms).toBeLessThan(TIMEOUT + SLACK);
    }
  });

  it.each([
    ["a process kill", async (server: RealServer) => server.kill(), /closed|reset|ECONNRESET/i],
    ["SIGSTOP", async (server: RealServer) => server.pause(), /silent/],
  ])(
    "SEED-39: %s while connected ends in disconnect, then reconnect elsewhere",
    { timeout: BOUND },
    async (_what, strike, why) => {
      const nc = await open({ servers: cluster.urls, pingInterval: 200, maxPingOut: 2, timeout: TIMEOUT });
      const victim = cluster.servers.find((server) => addressOf(server) === nc.getServer());
      if (victim === undefined) throw new Error("connected to a server of the cluster");
      const received: string[] = [];
      nc.subscribe("after", { callback: (_error, msg) => void received.push(msg.string()) });
      await nc.flush();
      const seen = record(nc, "disconnect", "reconnect", "close");
      const reconnected = next(nc, "reconnect");
      await strike(victim);
      onTestFinished(async () => {
        victim.resume();
        await victim.restart();
        await cluster.waitForMesh();
      });
      await reconnected;
      expect(nc.getServer()).not.toBe(addressOf(victim));
      nc.publish("after", "here");
      await nc.flush();
      expect(received).toEqual(["here"]);
      expect(seen.map(({ type }) => type)).toEqual(["disconnect", "reconnect"]);
      expect(seen[0]).toMatchObject({ type: "disconnect", server: addressOf(victim) });
      expect(String("error" in (seen[0] ?? {}) ? (seen[0] as { error?: Error }).error?.message : "")).toMatch(why);
    },
  );

  it("SEED-40: a server that is full (INFO, then -ERR, then close) is skipped, and is what connect reports if all fail", {
    timeout: BOUND,
  }, async () => {
    const full = await RealServer.start({ binary, config: "max_connections: 1" });
    onTestFinished(() => full.stop());
    await open({ servers: full.url });
    const nc = await open({ servers: [full.url, cluster.server(0).url], noRandomize: true });
    expect(nc.getServer()).toBe(addressOf(cluster.server(0)));

    const error = await rejectionOf(connect({ servers: [await deadUrl(), full.url], noRandomize: true }), ConnectError);
    expect(error.cause).toBeInstanceOf(ConnectionLimitError);
    expect(error.message).toMatch(/maximum connections exceeded/i);
    expect(error.code).toBe("MAX_CONNECTIONS");
    expect(error.attempts.map((attempt) => (attempt.error as { code?: string }).code)).toEqual([
      "CONNECTION_REFUSED",
      "MAX_CONNECTIONS",
    ]);
  });

  it("SEED-40: a server that rejects our credentials is skipped, and is what connect reports if all fail", {
    timeout: BOUND,
  }, async () => {
    const locked = await RealServer.start({ binary, config: "authorization { token: sesame }" });
    onTestFinished(() => locked.stop());
    const nc = await open({ servers: [locked.url, cluster.server(0).url], noRandomize: true, token: "wrong" });
    expect(nc.getServer()).toBe(addressOf(cluster.server(0)));
    await until("nothing is left there", async () => (await locked.connz()).num_connections === 0);

    const servers = [locked.url, await deadUrl()];
    const error = await rejectionOf(connect({ servers, noRandomize: true, token: "wrong" }), ConnectError);
    expect(error.cause).toBeInstanceOf(AuthorizationError);
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(error.message).toMatch(/Authorization Violation/);
    expect(error.message).not.toMatch(/wrong/);
  });
});

describe("a pulled cable", () => {
  it("SEED-39: a peer that goes silent is noticed within pingInterval × (maxPingOut + 1), then replaced", {
    timeout: BOUND,
  }, async () => {
    // Its sockets are real, its time is not: how long a machine takes for either is no part of the bound.
    const clock = new VirtualClock();
    const pingInterval = 1_000;
    const maxPingOut = 2;
    const [a, b] = [await fake(), await fake()];
    const options = { servers: [a.url, b.url], noRandomize: true, pingInterval, maxPingOut, reconnectJitter: 0 };
    const nc = await connectWith(options, { transports: [tcpTransport()], clock });
    onTestFinished(() => nc.close());
    await nc.flush();
    const seen = record(nc, "staleConnection", "disconnect", "reconnect", "close");
    const lost = next(nc, "disconnect");
    a.script = { onPing: () => "silence" };
    const begin = clock.now();
    await clock.advance(pingInterval * maxPingOut);
    expect(seen).toEqual([]);
    expect((await clock.until(lost)).server).toBe(addressOf(a));
    expect(clock.now() - begin).toBeLessThanOrEqual(pingInterval * (maxPingOut + 1));
    await until("it is back", async () => {
      await clock.advance(1);
      return nc.state === "connected";
    });
    expect(nc.getServer()).toBe(addressOf(b));
    expect(seen.map(({ type }) => type)).toEqual(["staleConnection", "disconnect", "reconnect"]);
  });

  it("SEED-39: a peer that still sends anything at all is alive", { timeout: BOUND }, async () => {
    // Its sockets are real, its time is not: a machine that stands still is no silence.
    const clock = new VirtualClock();
    const pingInterval = 1_000;
    const bound = 2 * pingInterval;
    const a = await fake();
    const options = { servers: a.url, pingInterval, maxPingOut: 1, reconnect: false };
    const nc = await connectWith(options, { transports: [tcpTransport()], clock });
    onTestFinished(() => nc.close());
    let received = 0;
    nc.subscribe("x", { callback: () => void received++ });
    await nc.flush();
    const seen = record(nc, "ping", "staleConnection", "disconnect");
    a.script = { onPing: () => "silence" };
    const [client] = a.connections;
    // Ten times the silence that ends the link, in pieces that are long enough for a ping each.
    const silence = 0.75 * bound;
    for (let ms = 0, sent = 0; ms < 10 * bound; ms += silence) {
      await clock.advance(silence);
      expect(seen.map(({ type }) => type)).toEqual(Array(++sent).fill("ping"));
      client?.deliver({ subject: "x", sid: "1", reply: undefined, headerBlock: undefined, payload: "" });
      await until(`message ${sent} has arrived`, () => received === sent);
    }
    const pings = seen.length;
    await clock.advance(bound);
    expect(seen.slice(pings).map(({ type }) => type)).toEqual(["ping", "staleConnection", "disconnect"]);
  });
});
