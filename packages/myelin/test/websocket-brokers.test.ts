// The client over WebSocket on brokers: what a test of a user's browser program would do with them.

import { Broker, BrokerCluster } from "@myelin/testing";
import { ConnectError, connect, errors, type NatsConnection } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until } from "./conditions.js";
import { open } from "./opened.js";

const FAST = { reconnectTimeWait: 10, reconnectJitter: 0 };

const addresses = (nc: NatsConnection): string[] => nc.getServers().map(({ url }) => url.href);

function nodeOf(cluster: BrokerCluster, nc: NatsConnection): Broker {
  const found = cluster.servers.find(({ websocketPort }) => nc.getServer() === `127.0.0.1:${websocketPort}`);
  if (found === undefined) throw new Error(`no node listens at ${nc.getServer()}`);
  return found;
}

it("a cluster of brokers is rolled under a client over WebSocket: it moves with every node, by WebSocket, and loses nothing", async () => {
  const cluster = await BrokerCluster.listen({ websocket: true, routeRetry: 20 });
  onTestFinished(() => cluster.stop());
  const nc = await open({ ...FAST, servers: cluster.server(0).websocketUrl });
  const sender = await open({ ...FAST, servers: cluster.server(1).url });
  const received: number[] = [];
  nc.subscribe("n", { callback: (_error, msg) => void received.push(Number(msg.string())) });
  await nc.flush();
  const lost = [record(nc, "disconnect", "error"), record(sender, "disconnect", "error")];
  let sent = 0;
  for (const node of cluster.servers) {
    node.lameDuck();
    // Until then both have what must arrive.
    await until("its clients have moved", () => {
      sender.publish("n", String(++sent));
      return node.connections.length === 0;
    });
    await node.restart();
    await cluster.waitForMesh();
    await until("it is told of again", () => new Set(nc.info?.connect_urls).size === 3);
  }
  await sender.flush();
  await until("all has arrived", () => received.length >= sent);
  expect(received).toEqual(Array.from({ length: sent }, (_, index) => index + 1));
  expect(lost).toEqual([[], []]);
  expect(addresses(nc).sort()).toEqual(cluster.servers.map(({ websocketUrl }) => websocketUrl).sort());
  expect(cluster.servers.flatMap(({ connections }) => connections.map(({ type }) => type)).sort()).toEqual([
    "nats",
    "websocket",
  ]);
});

it("a node that is killed, reset or falls silent is left for another one, by WebSocket", async () => {
  const cluster = await BrokerCluster.listen({ websocket: true, routeRetry: 20 });
  onTestFinished(() => cluster.stop());
  const nc = await open({ ...FAST, servers: cluster.server(0).websocketUrl, pingInterval: 50, maxPingOut: 2 });
  for (const strike of [
    async (node: Broker) => node.kill(),
    async (node: Broker) => node.faults.reset(),
    async (node: Broker) => node.pause(),
  ]) {
    await until("all are known", () => addresses(nc).length === 3);
    const node = nodeOf(cluster, nc);
    const reconnected = next(nc, "reconnect");
    await strike(node);
    await reconnected;
    expect((await nc.request("nobody").catch((error: unknown) => error)) as Error).toBeInstanceOf(
      errors.NoRespondersError,
    );
    if (!node.running) await node.restart();
    node.resume();
    await cluster.waitForMesh();
  }
  expect(nc.getServers().map(({ url }) => url.scheme)).toEqual(["ws", "ws", "ws"]);
});

it("credentials, limits and faults hold over WebSocket", async () => {
  const broker = await Broker.listen({ websocket: true, users: [{ user: "ann", pass: "sesame" }], maxPayload: 1_000 });
  onTestFinished(() => broker.stop());
  const servers = broker.websocketUrl;
  expect((await rejectionOf(connect({ servers, user: "ann", pass: "wrong" }), ConnectError)).code).toBe(
    "AUTHORIZATION_VIOLATION",
  );
  const nc = await open({ ...FAST, servers, user: "ann", pass: "sesame" });
  expect(() => nc.publish("a", new Uint8Array(1_001))).toThrow(errors.MaxPayloadError);
  const received: string[] = [];
  nc.subscribe("a", { callback: (_error, msg) => void received.push(msg.string()) });
  broker.faults.split(1);
  nc.publish("a", "Zürich");
  await nc.flush();
  expect(received).toEqual(["Zürich"]);
  broker.faults.heal();
  broker.faults.blackHole();
  const dead = rejectionOf(connect({ servers, user: "ann", pass: "sesame", timeout: 200 }), ConnectError);
  expect((await dead).attempts.map(({ phase }) => phase)).toEqual(["tcp"]);
  broker.faults.heal();
  await nc.flush();
});
