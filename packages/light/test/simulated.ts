// A client, its servers, its network and its time inside one test: nothing real, everything replayable.

import {
  type FakeScript,
  FakeServer,
  type MemoryNetwork,
  memoryNetwork,
  seededRandom,
  VirtualClock,
} from "@myelin/testing";
import {
  connect,
  type LightConnection,
  type LightOptions,
  type LightRuntime,
  type StatusEvent,
  type StatusType,
} from "../src/index.js";

/** What {@link simulate} hands to a test. */
export interface Simulation {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** Starts a fake server at `name:4222`. */
  serve(name: string, script?: FakeScript): FakeServer;
  /** Connects over the simulated network while virtual time passes. */
  connect(options?: LightOptions): Promise<LightConnection>;
  /** The same without waiting. */
  begin(options?: LightOptions): Promise<LightConnection>;
}

/** What connects: this client, or one that has the same calls. */
export type Client = (options: LightOptions, runtime: object) => Promise<LightConnection>;

/** An empty world. */
export function simulate(seed = 1, parts: Pick<LightRuntime, "wake"> = {}, client: Client = connect): Simulation {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const begin = (options: LightOptions = {}): Promise<LightConnection> => {
    // The full client wants a list of the runtime's own transports.
    const runtime = { transports: [], clock, random: seededRandom(seed), ...parts };
    return client({ transports: [network.transport], ...options }, runtime);
  };
  return {
    clock,
    network,
    serve: (name, script) => FakeServer.onMemory(network, { host: name, port: 4222 }, script),
    begin,
    connect: (options) => clock.until(begin(options)),
  };
}

export const EVERY_TYPE: readonly StatusType[] = [
  "connect",
  "disconnect",
  "reconnecting",
  "attemptFailed",
  "reconnect",
  "update",
  "ldm",
  "error",
  "ping",
  "staleConnection",
  "slowConsumer",
  "dropped",
  "close",
];

/** Every event of the given types from now on, in order; of all when none is given. */
export function recorded(nc: LightConnection, ...types: StatusType[]): StatusEvent[] {
  const events: StatusEvent[] = [];
  for (const type of types.length === 0 ? EVERY_TYPE : types) {
    nc.on(type, (status) => events.push(status as StatusEvent));
  }
  return events;
}

/** The error a promise rejects with; fails when it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not reject");
}

/** What a call throws; fails when it does not. */
export function thrown(call: () => unknown): Error & { readonly code?: string } {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it did not throw");
}
