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
  type ClientRuntime,
  type ConnectionOptions,
  connect,
  type NatsConnection,
  type Status,
  type StatusType,
} from "../src/index.js";

/** What {@link simulate} hands to a test. */
export interface Simulation {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  /** Starts a fake server at `name:4222`. */
  serve(name: string, script?: FakeScript): FakeServer;
  /** Connects over the simulated network while virtual time passes. */
  connect(options?: ConnectionOptions): Promise<NatsConnection>;
}

/** Parts of the runtime a test may replace. */
export type SimulatedRuntime = Pick<ClientRuntime, "diagnostics" | "wake">;

/** An empty world. */
export function simulate(seed = 1, parts: SimulatedRuntime = {}): Simulation {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const runtime = { transports: [network.transport], clock, random: seededRandom(seed), ...parts };
  return {
    clock,
    network,
    serve: (name, script) => FakeServer.onMemory(network, { host: name, port: 4222 }, script),
    // In the background it needs no time, so that nothing has happened yet when the test goes on.
    connect: (options = {}) => {
      const connected = connect(options, runtime);
      return options.firstConnect === "background" ? connected : clock.until(connected);
    },
  };
}

/** Every event of the given types from now on, in order. */
export function recorded(nc: NatsConnection, ...types: StatusType[]): Status[] {
  const events: Status[] = [];
  for (const type of types) nc.on(type, (status: Status) => events.push(status));
  return events;
}

const EVERY_TYPE: { readonly [type in StatusType]: true } = {
  connect: true,
  disconnect: true,
  reconnecting: true,
  attemptFailed: true,
  reconnect: true,
  handover: true,
  update: true,
  ldm: true,
  error: true,
  ping: true,
  staleConnection: true,
  forceReconnect: true,
  slowConsumer: true,
  dropped: true,
  close: true,
};

/** Every event from now on, in the order listeners hear them. */
export function everyEvent(nc: NatsConnection): Status[] {
  return recorded(nc, ...(Object.keys(EVERY_TYPE) as StatusType[]));
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
