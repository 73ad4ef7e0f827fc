// A client on a fake server that routes, and what the server heard of it.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import type { ConnectionOptions, NatsConnection } from "../src/index.js";
import { type Simulation, simulate } from "./simulated.js";

/** A world with one fake server and a client on it. */
export interface Scene extends Simulation {
  readonly nc: NatsConnection;
  readonly server: FakeServer;
}

/** Such a world. */
export async function scene(options: ConnectionOptions = {}): Promise<Scene> {
  const simulation = simulate();
  const server = simulation.serve("a");
  return { ...simulation, server, nc: await simulation.connect({ servers: "a", ...options }) };
}

/** The newest client of a server. */
export const last = (server: FakeServer): FakeConnection | undefined => server.connections.at(-1);

/** What that client sent: the first line of each operation. */
export const lines = (server: FakeServer): string[] =>
  last(server)?.received.map(({ text }) => text.split("\r\n")[0] ?? "") ?? [];

/** Publishes `1` … `count` on `subject` and lets them arrive. */
export async function send({ nc, clock }: Scene, subject: string, count: number): Promise<void> {
  for (let i = 1; i <= count; i++) nc.publish(subject, String(i));
  await clock.advance(10);
}
