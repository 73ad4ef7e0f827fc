// A client on one of two fake servers, what it tells of its links, and what a server heard of it.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import type { NatsConnection, StatusType } from "../src/index.js";
import { recorded, type Simulation, simulate } from "./simulated.js";

const TOLD: readonly StatusType[] = [
  "disconnect",
  "reconnect",
  "handover",
  "attemptFailed",
  "error",
  "ldm",
  "close",
  "dropped",
];

/** What a connection tells of its links from now on: the types of its events so far. */
export const told = (nc: NatsConnection): (() => string[]) => {
  const events = recorded(nc, ...TOLD);
  return () => events.map(({ type }) => type);
};

/** The newest client of a server. */
export const last = (server: FakeServer): FakeConnection => {
  const connection = server.connections.at(-1);
  if (connection === undefined) throw new Error("nobody has connected");
  return connection;
};

/** What that client sent: the first line of each operation. */
export const lines = (server: FakeServer): string[] =>
  last(server).received.map(({ text }) => text.split("\r\n")[0] ?? "");

/** A client on `a`, with `b` in its pool. */
export async function onA(
  options: Parameters<Simulation["connect"]>[0] = {},
): Promise<Simulation & { a: FakeServer; b: FakeServer; nc: NatsConnection }> {
  const world = simulate();
  const a = world.serve("a");
  const b = world.serve("b");
  const nc = await world.connect({ servers: "a,b", noRandomize: true, ...options });
  return { ...world, a, b, nc };
}

/** The server announces its leaving. */
export const lameDuck = (server: FakeServer): void => server.sendInfo({ ldm: true });
