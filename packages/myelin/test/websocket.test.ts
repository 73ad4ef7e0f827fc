// NATS over WebSocket: the same client, the same servers, another listener. PROTO-65, SEED-27, P43, P50.

import { createTestAuthority, RealCluster, RealServer } from "@myelin/testing";
import { ConnectError, connect, type NatsConnection, webSocketTransport, wsconnect } from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { next, record, rejectionOf, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { forEachWebSocketServer, typesOn } from "./every-websocket.js";
import { webSocketGateway } from "./gateway.js";
import { addressOf, fake, open, poolOf } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

const schemes = (nc: NatsConnection): string[] =>
  nc.getServers().map(({ url: { scheme, key } }) => `${scheme}://${key.replace(/\/$/, "")}`);

/** One of each call, and a payload of the largest size. */
async function exchange(nc: NatsConnection): Promise<void> {
  const sub = nc.subscribe("echo.*", { callback: (_error, msg) => void msg.respond(msg.data) });
  const large = new Uint8Array(1_048_576).map((_, i) => i % 251);
  expect((await nc.request("echo.small", "hello")).string()).toBe("hello");
  const answer = await nc.request("echo.large", large, { timeout: 10_000 });
  expect(Buffer.compare(answer.data, large)).toBe(0);
  sub.unsubscribe();
  await nc.flush();
}

forEachWebSocketServer((servers) => {
  it("PROTO-65: a websocket listener serves pub, sub and requests, also after a restart", {
    timeout: BOUND,
  }, async () => {
    const server = await servers.one();
    const nc = await open({ servers: server.websocketUrl, reconnectTimeWait: 50 });
    expect(nc.getServer()).toBe(`127.0.0.1:${server.websocketPort}`);
    await exchange(nc);
    expect(await typesOn(server)).toEqual(["websocket"]);
    const reconnected = next(nc, "reconnect", 20_000);
    await server.kill();
    await server.restart();
    await reconnected;
    await exchange(nc);
    await nc.drain();
    await until("the server has forgotten it", async () => (await typesOn(server)).length === 0);
  });

  it("SEED-27: servers teach a websocket connection their websocket listeners, and one over TCP the others", {
    timeout: BOUND,
  }, async () => {
    const cluster = await servers.cluster(3);
    const [a] = cluster.servers;
    const listeners = cluster.servers.map(({ websocketUrl }) => websocketUrl);
    const nc = await open({ servers: a?.websocketUrl ?? "" });
    await until("all are known", () => poolOf(nc).length === 3);
    expect(schemes(nc).sort()).toEqual([...listeners].sort());
    const overTcp = await open({ servers: a?.url ?? "" });
    await until("all are known", () => poolOf(overTcp).length === 3);
    expect(schemes(overTcp).sort()).toEqual([...cluster.urls].sort());
    const reconnected = next(nc, "reconnect");
    await a?.kill();
    await reconnected;
    expect(listeners.slice(1)).toContain(`ws://${nc.getServer()}`);
    await exchange(nc);
  });

  it("SEED-27: a pool of both kinds keeps what each kind taught, whichever it is connected by", {
    timeout: BOUND,
  }, async () => {
    const cluster = await servers.cluster(2);
    const [a, b] = [cluster.server(0), cluster.server(1)];
    const nc = await open({ servers: [a.url, b.websocketUrl], noRandomize: true });
    const both = [a.url, b.url, b.websocketUrl];
    await until("B's TCP listener is known", () => poolOf(nc).length === 3);
    expect(schemes(nc).sort()).toEqual([...both].sort());
    const reconnected = next(nc, "reconnect");
    // The seeds come first: the next one is B by WebSocket.
    await a.kill();
    expect((await reconnected).server).toBe(addressOf({ url: b.websocketUrl }));
    await until("B tells of nobody else", () => (nc.info?.connect_urls ?? []).length <= 1);
    await nc.flush();
    for (const url of both) expect(schemes(nc)).toContain(url);
    await exchange(nc);
  });
});

forEachServer((binary) => {
  it("PROTO-65: wss:// is TLS, verified as over TCP: by name, by authority, and with a certificate of ours", {
    timeout: BOUND,
  }, async () => {
    const authority = await createTestAuthority();
    const files = await tlsFiles(
      authority,
      await authority.issue({ commonName: "node", dnsNames: ["localhost"] }),
      ", verify: true",
    );
    onTestFinished(files.remove);
    const server = await RealServer.start({ binary, websocket: files.config });
    onTestFinished(() => server.stop());
    expect(server.websocketUrl).toMatch(/^wss:/);
    const own = await authority.issue({ commonName: "client", client: true });
    const tls = { ca: authority.caPem, cert: own.certPem, key: own.keyPem };
    const servers = `wss://localhost:${server.websocketPort}`;
    const nc = await open({ servers, tls });
    await exchange(nc);

    const codeOf = async (options: object): Promise<string> =>
      (await rejectionOf(connect({ servers, ...options }), ConnectError)).code;
    expect(await codeOf({})).toBe("TLS_CERTIFICATE_REJECTED");
    expect(await codeOf({ tls, servers: server.websocketUrl })).toBe("TLS_CERTIFICATE_REJECTED");
    const without = await rejectionOf(connect({ servers, tls: { ca: authority.caPem } }), ConnectError);
    expect(without.code).toMatch(/^(TLS_FAILED|CONNECTION_RESET)$/);
    if (without.code === "TLS_FAILED")
      expect(without.message).toMatch(/: the server wants .*, set tls\.cert and tls\.key$/);
    // ws:// at a port of wss://, and the other way round.
    expect(await codeOf({ servers: servers.replace("wss", "ws") })).toMatch(/^(UPGRADE_REFUSED|CONNECTION_RESET)$/);
    const plain = await RealServer.start({ binary, websocket: true });
    onTestFinished(() => plain.stop());
    expect(await codeOf({ tls, servers: `wss://localhost:${plain.websocketPort}` })).toMatch(/^TLS_FAILED$/);
  });
});

forEachServer((binary) => {
  it("SEED-26: under wss:// an advertised IP address is verified against the name first connected to", {
    timeout: BOUND,
  }, async () => {
    const authority = await createTestAuthority();
    const files = await tlsFiles(authority, await authority.issue({ commonName: "node", dnsNames: ["localhost"] }));
    onTestFinished(files.remove);
    const cluster = await RealCluster.start({ binary, size: 2, websocket: files.config });
    onTestFinished(() => cluster.stop());
    const [a, b] = [cluster.server(0), cluster.server(1)];
    const nc = await open({ servers: `wss://localhost:${a.websocketPort}`, tls: { ca: authority.caPem } });
    await until("B is known", () => schemes(nc).includes(b.websocketUrl));
    const failed = record(nc, "attemptFailed");
    const reconnected = next(nc, "reconnect", 20_000);
    await a.kill();
    expect((await reconnected).server).toBe(`127.0.0.1:${b.websocketPort}`);
    await nc.flush();
    for (const one of failed) expect(one).toMatchObject({ error: { code: "CONNECTION_REFUSED" } });
  });
});

describe("against a scripted server behind a websocket", () => {
  it("PROTO-65: what we send is binary and masked, in frames whose borders mean nothing", async () => {
    const server = await fake();
    const gateway = await webSocketGateway(server);
    const nc = await open({ servers: `ws://127.0.0.1:${gateway.port}` });
    const received: string[] = [];
    nc.subscribe("s", { callback: (_error, msg) => void received.push(text(msg.data)) });
    for (let i = 0; i < 100; i++) nc.publish("s", `message ${i}`);
    nc.publish("s", "x".repeat(200_000));
    await nc.flush();
    await until("all came back", () => received.length === 101);
    expect(gateway.frames.length).toBeGreaterThan(2);
    // Over a hundred operations in far fewer frames.
    expect(gateway.frames.length).toBeLessThan(20);
    for (const frame of gateway.frames) expect(frame).toEqual({ opcode: 2, masked: true });
  });

  it.each<[how: string, cut: (bytes: Buffer) => Buffer[]]>([
    ["a byte each", (bytes) => Array.from(bytes, (byte) => Buffer.from([byte]))],
    [
      "seven bytes each",
      (bytes) => Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(7 * i, 7 * i + 7)),
    ],
    ["many operations each", (bytes) => [bytes]],
    ["empty ones between", (bytes) => [Buffer.alloc(0), bytes, Buffer.alloc(0)]],
  ])("PROTO-65: the same parser reads messages of %s", async (_how, cut) => {
    const server = await fake();
    const gateway = await webSocketGateway(server, { cut });
    const nc = await open({ servers: `ws://127.0.0.1:${gateway.port}` });
    const received: string[] = [];
    nc.subscribe("s.>", { callback: (_error, msg) => void received.push(text(msg.data)) });
    await nc.flush();
    const expected = Array.from({ length: 50 }, (_, i) => `PING\r\nMSG ${i} Zürich`);
    for (const one of expected) nc.publish(`s.${one.length}`, one);
    await nc.flush();
    await until("all came", () => received.length === expected.length);
    expect(received).toEqual(expected);
    expect(nc.stats().reconnects).toBe(0);
  });

  it("PROTO-65: what a server behind a proxy says of TLS does not matter to ws://, and a tls option does", async () => {
    const server = await fake({ info: { tls_required: true } });
    const gateway = await webSocketGateway(server);
    const servers = `ws://127.0.0.1:${gateway.port}`;
    const nc = await open({ servers });
    await nc.flush();
    expect((await rejectionOf(connect({ servers, tls: true }), ConnectError)).message).toContain("use wss://");
    expect(server.connections.filter(({ options }) => options !== undefined)).toHaveLength(1);
    const error = await rejectionOf(connect({ servers, tls: { ca: "x" } }), ConnectError);
    expect([error.code, error.attempts[0]?.phase]).toEqual(["UNSUPPORTED_TARGET", "tls"]);
  });

  it("P50: path, query and headers go with every dial of their server, and not with those it teaches", async () => {
    const b = await fake();
    const second = await webSocketGateway(b);
    const a = await fake({ info: { ws_connect_urls: [`127.0.0.1:${second.port}`] } });
    const first = await webSocketGateway(a);
    let asked = 0;
    const transport = webSocketTransport({ headers: () => ({ authorization: `Bearer ${++asked}` }) });
    const nc = await open({
      servers: `ws://127.0.0.1:${first.port}/nats/edge?region=eu&x=1`,
      transports: [transport],
      reconnectTimeWait: 10,
      maxReconnectAttempts: -1,
      reconnectJitter: 0,
    });
    expect(first.requests.map(({ url, headers }) => [url, headers["authorization"]])).toEqual([
      ["/nats/edge?region=eu&x=1", "Bearer 1"],
    ]);
    expect(first.requests[0]?.headers["sec-websocket-extensions"]).toBeUndefined();
    let reconnected = next(nc, "reconnect");
    await first.kill();
    await reconnected;
    expect(second.requests.map(({ url }) => url)).toEqual(["/"]);
    await first.open();
    reconnected = next(nc, "reconnect");
    await second.kill();
    await reconnected;
    expect(first.requests.at(-1)?.url).toBe("/nats/edge?region=eu&x=1");
    expect(new Set(first.requests.map(({ headers }) => headers["authorization"])).size).toBe(2);
  });

  it("reads addresses as nats.js does for wsconnect: wss:// by default, nats:// as ws://, and makes sockets by wsFactory", async () => {
    const server = await fake();
    const gateway = await webSocketGateway(server);
    const made: [string, string | undefined][] = [];
    const nc = await wsconnect({
      servers: [`nats://127.0.0.1:${gateway.port}`],
      name: "shop",
      wsFactory: async (url, { name }) => {
        made.push([url, name]);
        return { socket: new WebSocket(url), encrypted: false };
      },
    });
    onTestFinished(() => nc.close());
    await nc.flush();
    expect(made).toEqual([[`ws://127.0.0.1:${gateway.port}`, "shop"]]);
    const tried: string[] = [];
    const spy = recordingTransport({ schemes: ["ws", "wss"], redirect: (target) => ({ ...target, scheme: "nats" }) });
    for (const servers of [undefined, "h", "tls://h:1, nats://[::1]", ["https://h", "ws://h/p"]] as const) {
      const failing = wsconnect({ servers, transports: [spy], timeout: 50, noRandomize: true });
      tried.push(...(await rejectionOf(failing, ConnectError)).attempts.map((one) => one.server));
    }
    expect(tried).toEqual([
      "wss://127.0.0.1:443",
      "wss://h:443",
      "wss://h:1",
      "ws://[::1]:80",
      "wss://h:443",
      "ws://h:80/p",
    ]);
  });

  it("a proxy that cuts idle sockets costs a reconnect that says so, and nothing once pings keep the link busy", {
    timeout: BOUND,
  }, async () => {
    const server = await fake();
    const gateway = await webSocketGateway(server, { idleLooks: 10 });
    const servers = `ws://127.0.0.1:${gateway.port}`;
    const nc = await open({ servers, reconnectTimeWait: 10 });
    const lost = next(nc, "disconnect");
    const back = next(nc, "reconnect");
    const { error } = await lost;
    expect(error).toMatchObject({ code: "CONNECTION_RESET", phase: "stream" });
    expect(error?.message).toMatch(/without a close frame.*pingInterval below the proxy's idle time/);
    await back;
    await nc.close();
    const busy = await open({ servers, pingInterval: 40, maxPingOut: 1_000 });
    const seen = record(busy, "disconnect");
    await within(
      "many pings",
      until("many pings", () => pingsOf(server) > 30, 20_000),
      20_000,
    );
    expect(seen).toEqual([]);
  });
});

function pingsOf(server: Awaited<ReturnType<typeof fake>>): number {
  return server.connections.at(-1)?.received.filter(({ text: line }) => line.startsWith("PING")).length ?? 0;
}
