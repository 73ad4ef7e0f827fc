// Several transports in one process and in one pool: none disturbs another, and each comes back on its own. P43.

import { createTestAuthority } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import {
  ConnectError,
  connect,
  InvalidArgumentError,
  type NatsConnection,
  webSocketTransport,
  wsconnect,
} from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { connect as connectInBrowser } from "../src/browser.js";
import { next, record, rejectionOf } from "./conditions.js";
import { type Gateway, tlsGateway, webSocketGateway } from "./gateway.js";
import { deadUrl, fake, open } from "./opened.js";
import { type RecordingTransport, recordingTransport } from "./recording-transport.js";

const KILLS = 20;
const FAST = { reconnectTimeWait: 5, reconnectJitter: 0, reconnectJitterTLS: 0 };

it("P43: one connection over TCP, one over TLS, one over WebSocket: each killed 20 times, each back on its own transport", {
  timeout: 60_000,
}, async () => {
  const authority = await createTestAuthority();
  const certificate = await authority.issue({ commonName: "node", ipAddresses: ["127.0.0.1"] });
  const server = await fake();
  const plain = await fake();
  const secure = await tlsGateway(server, certificate);
  const webSocket = await webSocketGateway(server);
  const dials = (transport = tcpTransport(), schemes?: readonly string[]): RecordingTransport =>
    recordingTransport({ transport, ...(schemes === undefined ? {} : { schemes }) });
  const transports = [dials(), dials(), dials(webSocketTransport(), ["ws", "wss"])] as const;
  const tls = { ca: authority.caPem, handshakeFirst: true };
  const names = ["tcp", "tls", "ws"] as const;
  const tcp = await open({ ...FAST, servers: plain.url, transports: [transports[0]] });
  const overTls = await open({
    ...FAST,
    servers: `tls://127.0.0.1:${secure.port}`,
    tls,
    transports: [transports[1]],
  });
  const overWs = await open({ ...FAST, servers: `ws://127.0.0.1:${webSocket.port}`, transports: [transports[2]] });
  const connections = [tcp, overTls, overWs];
  const received = new Map<NatsConnection, number>();
  for (const nc of connections) {
    nc.subscribe("s", { callback: () => void received.set(nc, (received.get(nc) ?? 0) + 1) });
    await nc.flush();
  }
  const kill = [
    async () => plain.connections.at(-1)?.reset(),
    async () => restart(secure),
    async () => restart(webSocket),
  ];
  for (let round = 0; round < KILLS; round++) {
    for (const [index, nc] of connections.entries()) {
      const others = connections.filter((other) => other !== nc);
      const undisturbed = others.map((other) => record(other, "disconnect"));
      const back = next(nc, "reconnect", 20_000);
      await kill[index]?.();
      await back;
      await nc.flush();
      expect(undisturbed.flat(), `${names[index]} disturbed another`).toEqual([]);
    }
    for (const nc of connections) nc.publish("s");
    for (const nc of connections) await nc.flush();
  }
  expect(connections.map((nc) => nc.stats().reconnects)).toEqual([KILLS, KILLS, KILLS]);
  for (const nc of connections) expect(received.get(nc)).toBeGreaterThanOrEqual(KILLS);
  expect(transports.map(({ dials }) => new Set(dials.map(({ scheme }) => scheme)))).toEqual([
    new Set(["nats"]),
    new Set(["tls"]),
    new Set(["ws"]),
  ]);
  expect(webSocket.requests.length).toBeGreaterThanOrEqual(KILLS + 1);
});

it("P43: wsconnect() beside connect() changes nothing for it", async () => {
  const server = await fake();
  const gateway = await webSocketGateway(server);
  const nc = await open({ ...FAST, servers: server.url });
  const other = await wsconnect({ servers: `ws://127.0.0.1:${gateway.port}` });
  onTestFinished(() => other.close());
  const back = next(nc, "reconnect");
  server.connections[0]?.reset();
  await back;
  expect(gateway.requests).toHaveLength(1);
});

it("one pool holds TCP and WebSocket servers, and goes from one kind to the other", async () => {
  const a = await fake();
  const b = await fake();
  const gateway = await webSocketGateway(b);
  const webSocketUrl = `ws://127.0.0.1:${gateway.port}`;
  const nc = await open({ ...FAST, servers: `${a.url},${webSocketUrl},${await deadUrl()}`, noRandomize: true });
  const scheme = (): string | undefined => nc.getServers().find(({ state }) => state === "connected")?.url.scheme;
  expect(scheme()).toBe("nats");
  let back = next(nc, "reconnect");
  await a.stop();
  await back;
  expect(scheme()).toBe("ws");
  const failed = record(nc, "attemptFailed");
  const again = await fake({}, { port: a.port });
  back = next(nc, "reconnect");
  await gateway.kill();
  await back;
  expect([scheme(), nc.getServer()]).toEqual(["nats", `127.0.0.1:${again.port}`]);
  for (const one of failed) expect(one).toMatchObject({ error: { code: "CONNECTION_REFUSED" } });
});

it("every server of a mixed list has its own attempt, with its own kind of failure", async () => {
  const tcpOnly = await fake();
  const gateway = await webSocketGateway(await fake());
  const dead = (await deadUrl()).replace("nats:", "ws:");
  const servers = [
    dead,
    `ws://127.0.0.1:${tcpOnly.port}`,
    `nats://127.0.0.1:${gateway.port}`,
    `wss://127.0.0.1:${gateway.port}`,
  ];
  const error = await rejectionOf(connect({ servers, noRandomize: true, timeout: 2_000 }), ConnectError);
  expect(error.attempts.map((one) => (one.error as Error & { code?: string }).code)).toEqual([
    "CONNECTION_REFUSED",
    "UPGRADE_REFUSED",
    "TIMEOUT",
    "TLS_FAILED",
  ]);
  const sentences = error.attempts.map((one) => one.error.message);
  expect(sentences[0]).toMatch(/refused the connection: is a server listening there/);
  expect(sentences[1]).toMatch(/did not answer as HTTP does.*a client port is dialled with nats:\/\/, not ws:\/\//);
  expect(sentences[3]).toMatch(/does the port speak wss:\/\//);
});

it.each(["nats://127.0.0.1:4222", "wss://127.0.0.1:443,tls://127.0.0.1:4222", "unix:///run/nats.sock"])(
  "TCP in a browser (%s) is refused before anything is dialled, with what to use instead",
  async (servers) => {
    const error = await rejectionOf(connectInBrowser({ servers }), InvalidArgumentError);
    expect(error.argument).toBe("servers");
    expect(error.message).toMatch(/nothing here dials (nats|tls|unix):\/\/; known are ws, wss/);
    if (!servers.startsWith("unix")) expect(error.message).toContain("websocket port");
  },
);

it("WebSocket where only TCP exists is refused before anything is dialled", async () => {
  const { connect: connectWith } = await import("@myelin/client");
  const runtime = { transports: [tcpTransport()] };
  const error = await rejectionOf(connectWith({ servers: "ws://127.0.0.1:80" }, runtime), InvalidArgumentError);
  expect(error.message).toMatch(/nothing here dials ws:\/\/; known are nats, tls/);
});

async function restart(gateway: Gateway): Promise<void> {
  await gateway.kill();
  await gateway.open();
}
