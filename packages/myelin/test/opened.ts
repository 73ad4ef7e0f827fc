// Connections and fake servers that end with the test that opened them, however it ends.

import {
  type FakeScript,
  FakeServer,
  type FakeServerOptions,
  type PortReservation,
  reservePorts,
  seededRandom,
} from "@myelin/testing";
import { type ConnectionOptions, connect, type NatsConnection } from "myelin";
import { onTestFinished, vi } from "vitest";
import { type BlackHole, openBlackHole } from "../../transport-node/test/black-hole.js";

/** `connect()`, closed when the test is over. */
export async function open(options: ConnectionOptions): Promise<NatsConnection> {
  const nc = await connect(options);
  onTestFinished(() => nc.close());
  return nc;
}

/** A fake server on loopback. */
export async function fake(script: FakeScript = {}, options: FakeServerOptions = {}): Promise<FakeServer> {
  const server = await FakeServer.listen(script, options);
  onTestFinished(() => server.stop());
  return server;
}

/** The URL of a port that refuses connections. */
export async function deadUrl(): Promise<string> {
  const reservation: PortReservation = await reservePorts(1);
  onTestFinished(() => reservation.release());
  return `nats://127.0.0.1:${reservation.ports[0] ?? 0}`;
}

/** The URL of a port whose SYNs nobody answers. */
export async function blackHoleUrl(): Promise<string> {
  const hole: BlackHole = await openBlackHole();
  onTestFinished(() => hole.stop());
  return `nats://127.0.0.1:${hole.port}`;
}

/**
 * Makes chance repeatable for one test, so that a statement about a distribution cannot fail by bad luck. Each seed given
 * has been seen to pass; the generator's quality is its own test's business.
 */
export function seedChance(seed: number): void {
  const spy = vi.spyOn(Math, "random").mockImplementation(seededRandom(seed));
  onTestFinished(() => void spy.mockRestore());
}

/** `host:port` of a URL. */
export function addressOf(server: { readonly url: string }): string {
  return server.url.replace(/^[a-z]+:\/\//, "");
}

/** `host:port` of every server in the pool. */
export function poolOf(nc: NatsConnection): string[] {
  return nc.getServers().map((server) => server.url.key);
}
