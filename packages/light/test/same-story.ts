// What the same small program tells with this client and with the full one, each in a world of its own that is the same.

import type { FakeConnection, FakeScript, FakeServer } from "@myelin/testing";
import { expect } from "vitest";
import type { LightConnection, Subscription } from "../src/index.js";
import { type Client, EVERY_TYPE, type Simulation, simulate } from "./simulated.js";

export type Story = (world: Simulation) => Promise<unknown>;

export const last = (server: FakeServer): FakeConnection => server.connections.at(-1) as FakeConnection;
export const codeOf = (error: unknown): string => (error as { code?: string })?.code ?? String(error);
export const settled = (promise: Promise<unknown>): Promise<string> => promise.then(() => "fulfilled", codeOf);
export const thrown = (call: () => unknown): string => {
  try {
    call();
    return "nothing";
  } catch (error) {
    return codeOf(error);
  }
};

/** Types of events, with what tells more of them; pings are chance's, and attempts while a server is away. */
export function told(nc: LightConnection): string[] {
  const events: string[] = [];
  for (const type of EVERY_TYPE) {
    if (type === "ping" || type === "reconnecting" || type === "attemptFailed") continue;
    nc.on(type, (event) => {
      const { added, deleted, dropped, epoch, error, messages, reason } = event as unknown as Record<string, unknown>;
      const facts = { added, deleted, dropped, epoch, error: error && codeOf(error), messages, reason };
      events.push(`${type} ${JSON.stringify(facts)}`);
    });
  }
  return events;
}

export async function read(sub: Subscription, most: number = Number.POSITIVE_INFINITY): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const msg of sub) if (found.push(msg.string()) >= most) break;
  } catch (error) {
    found.push(codeOf(error));
  }
  return found;
}

export const counts = (sub: Subscription): unknown => [
  sub.getReceived(),
  sub.getProcessed(),
  sub.getPending(),
  sub.getDropped(),
  sub.isClosed(),
  sub.isDraining(),
];

export const refusing: FakeScript = {
  onConnect: (connection) => {
    connection.err("Authorization Violation");
    connection.end();
    return "skip";
  },
};

/** The story as this client has it, as JSON; nothing is left behind. */
export async function play(story: Story, client: Client): Promise<unknown> {
  const opened: LightConnection[] = [];
  const world = simulate(1, { wake: () => () => {} }, async (options, runtime) => {
    const nc = await client(options, runtime);
    opened.push(nc);
    return nc;
  });
  const result = await story(world);
  const { clock } = world;
  for (const nc of opened) await clock.until(nc.close());
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
  return JSON.parse(JSON.stringify(result));
}
