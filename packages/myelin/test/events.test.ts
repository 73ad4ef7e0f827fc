// What a connection tells about itself while real servers are killed, paused and restarted under it, to the program and to
// whoever listens to its process.

import { channel, subscribe, unsubscribe } from "node:diagnostics_channel";
import { eventViolation, RealCluster, RealServer } from "@myelin/testing";
import type { DiagnosticsMessages, NatsConnection, Status } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { everyChannel, next, until } from "./conditions.js";
import { addressOf, open } from "./opened.js";

async function readAll(events: AsyncIterable<Status>): Promise<Status[]> {
  const all: Status[] = [];
  for await (const event of events) all.push(event);
  return all;
}

it("P21: kills, pauses, forced reconnects and a restart of a real cluster are told in the words of the grammar", {
  timeout: 60_000,
}, async () => {
  const cluster = await RealCluster.start();
  onTestFinished(() => cluster.stop());
  const nc: NatsConnection = await open({ servers: cluster.urls, firstConnect: "background", pingInterval: 500 });
  const reading = readAll(nc.status());
  await nc.ready;
  // A loaded machine may lose the link by itself; then the one behind it counts.
  const current = async (): Promise<number> => {
    await until("there is a link", () => nc.getServer() !== "");
    return cluster.servers.findIndex((server) => addressOf(server) === nc.getServer());
  };

  const killed = await current();
  let back = next(nc, "reconnect");
  await cluster.server(killed).kill();
  expect((await back).epoch).toBeGreaterThan(1);

  back = next(nc, "reconnect");
  const paused = await current();
  cluster.server(paused).pause();
  await back;
  cluster.server(paused).resume();
  await cluster.server(killed).restart();

  back = next(nc, "reconnect");
  await nc.reconnect();
  await back;

  // Nobody is left: attempts fail until one of them is there again.
  const failed = next(nc, "attemptFailed");
  back = next(nc, "reconnect", 30_000);
  for (const server of cluster.servers) await server.kill();
  await failed;
  await cluster.server(0).restart();
  await back;
  await until("it is steady", () => nc.state === "connected");
  await nc.close();

  const told = await reading;
  expect(eventViolation(told)).toBeUndefined();
  const links = told.flatMap((one) => (one.type === "connect" || one.type === "reconnect" ? [one.epoch] : []));
  expect(links.length).toBeGreaterThanOrEqual(5);
  for (const type of ["ping", "staleConnection", "forceReconnect", "attemptFailed", "close"]) {
    expect(told.map((event) => event.type)).toContain(type);
  }
});

it("D18: whoever subscribes to node:diagnostics_channel hears of every connection of the process, without touching it", {
  timeout: 30_000,
}, async () => {
  const server = await RealServer.start();
  onTestFinished(() => server.stop());
  const heard: { readonly name: string; readonly message: DiagnosticsMessages[keyof DiagnosticsMessages] }[] = [];
  const hear = (message: unknown, name: string | symbol): void =>
    void heard.push({ name: String(name), message: message as DiagnosticsMessages["myelin:link:up"] });
  for (const name of everyChannel) {
    expect(channel(name).hasSubscribers).toBe(false);
    subscribe(name, hear);
    onTestFinished(() => void unsubscribe(name, hear));
  }
  const nc = await open({ servers: server.url, name: "watched" });
  await nc.request("nobody").catch(() => {});
  const back = next(nc, "reconnect");
  await nc.reconnect();
  await back;
  await nc.close();
  expect(new Set(heard.map(({ name }) => name))).toEqual(new Set(everyChannel));
  for (const { message } of heard) expect(message).toMatchObject({ connection: nc, name: "watched" });
  const links = heard.filter(({ name }) => name.startsWith("myelin:link:"));
  const address = addressOf(server);
  expect(links).toMatchObject([
    { name: "myelin:link:up", message: { epoch: 1, server: address, address } },
    { name: "myelin:link:down", message: { epoch: 1, server: address } },
    { name: "myelin:link:up", message: { epoch: 2, server: address } },
    { name: "myelin:link:down", message: { epoch: 2, error: undefined } },
  ]);
  const count = heard.length;
  for (const name of everyChannel) unsubscribe(name, hear);
  await (await open({ servers: server.url })).close();
  expect(heard).toHaveLength(count);
});
