// What the same small program tells with this client and with the full one, each in a world of its own that is the same.

import {
  type FakeConnection,
  type FakeScript,
  FakeServer,
  type MemoryNetwork,
  memoryNetwork,
  seededRandom,
  VirtualClock,
} from "@myelin/testing";
import { expect } from "vitest";
import type { LightConnection, LightOptions, Subscription } from "../src/index.js";
import { EVERY_TYPE } from "./simulated.js";

export interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  serve(name: string, script?: FakeScript): FakeServer;
  /** Not awaited. */
  begin(options?: LightOptions): Promise<LightConnection>;
  connect(options?: LightOptions): Promise<LightConnection>;
}

export type Story = (world: World) => Promise<unknown>;

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
export async function play(
  story: Story,
  client: (options: LightOptions, runtime: object) => Promise<LightConnection>,
): Promise<unknown> {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const opened: LightConnection[] = [];
  const begin = async (options: LightOptions = {}): Promise<LightConnection> => {
    const nc = await client(
      { transports: [network.transport], ...options },
      { transports: [], clock, random: seededRandom(1), wake: () => () => {} },
    );
    opened.push(nc);
    return nc;
  };
  const result = await story({
    clock,
    network,
    serve: (host, script) => FakeServer.onMemory(network, { host, port: 4222 }, script),
    begin,
    connect: (options) => clock.until(begin(options)),
  });
  for (const nc of opened) await clock.until(nc.close());
  await clock.settle();
  expect(clock.pendingTimers).toBe(0);
  return JSON.parse(JSON.stringify(result));
}
