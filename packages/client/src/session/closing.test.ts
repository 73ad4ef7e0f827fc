// close() and drain() from every state a connection can be in, with whatever hangs there. Fakes and virtual time. P18, D10.

import type { FakeScript } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, type Simulation, simulate } from "../../test/simulated.js";
import {
  type ConnectionOptions,
  type ConnectionState,
  DrainError,
  type NatsConnection,
  transitions,
} from "../index.js";

interface Case {
  readonly state: ConnectionState;
  readonly lead: (world: Simulation) => Promise<NatsConnection>;
}

const background = (world: Simulation, options: ConnectionOptions): Promise<NatsConnection> =>
  world.connect({ firstConnect: "background", timeout: 3_600_000, servers: "a", ...options });

async function dialing(
  world: Simulation,
  script: FakeScript,
  options: ConnectionOptions = {},
): Promise<NatsConnection> {
  world.serve("a", script);
  const nc = await background(world, options);
  await world.clock.advance(10);
  return nc;
}

async function connected(world: Simulation, options: ConnectionOptions = {}): Promise<NatsConnection> {
  world.serve("a");
  return world.connect({ servers: "a", ...options });
}

const cases: Readonly<Record<string, Case>> = {
  "a dial into a black hole": {
    state: "dialing",
    lead: async (world) => {
      world.network.blackHole("a", 4222);
      const nc = await background(world, {});
      await world.clock.advance(10);
      return nc;
    },
  },
  "a server that sends no INFO": { state: "dialing", lead: (world) => dialing(world, { info: () => undefined }) },
  "a server that answers no PING": { state: "dialing", lead: (world) => dialing(world, { onPing: () => "silence" }) },
  "an authenticator that hangs before the dial": {
    state: "dialing",
    lead: (world) => dialing(world, {}, { authenticator: () => new Promise<void>(() => {}) }),
  },
  "an authenticator that hangs over the nonce": {
    state: "dialing",
    lead: (world) =>
      dialing(world, { info: { nonce: "n" } }, { authenticator: (_nonce) => new Promise<void>(() => {}) }),
  },
  "the wait between two attempts": {
    state: "waiting",
    lead: async (world) => {
      const nc = await background(world, { reconnectTimeWait: 60_000 });
      await world.clock.advance(1_000);
      return nc;
    },
  },
  "the wait after a loss": {
    state: "waiting",
    lead: async (world) => {
      const server = world.serve("a");
      const nc = await world.connect({ servers: "a", reconnectTimeWait: 60_000 });
      await server.stop();
      await world.clock.advance(1_000);
      nc.publish("kept");
      return nc;
    },
  },
  "a link": { state: "connected", lead: (world) => connected(world) },
  "a link with everything in flight": {
    state: "connected",
    lead: async (world) => {
      const server = world.serve("a", { onPub: () => "skip" });
      const nc = await world.connect({ servers: "a" });
      server.script = { onPing: () => "silence", onPub: () => "skip" };
      for (const work of [
        nc.request("x"),
        nc.request("x", "", { noMux: true }),
        nc.flush(),
        nc.publishConfirmed("x"),
      ]) {
        work.catch(() => {});
      }
      nc.subscribe("x");
      await world.clock.settle();
      return nc;
    },
  },
  "a link whose peer reads nothing": {
    state: "connected",
    lead: async (world) => {
      const server = world.serve("a");
      const nc = await world.connect({ servers: "a" });
      server.connections[0]?.pause();
      for (let i = 0; i < 300; i++) nc.publish("x", "y".repeat(10_000));
      await world.clock.settle();
      return nc;
    },
  },
  "a drain that a handler holds up": {
    state: "draining",
    lead: async (world) => {
      const nc = await connected(world);
      nc.subscribe("x", { callback: () => new Promise<void>(() => {}) });
      nc.publish("x");
      await world.clock.until(nc.flush());
      nc.drain().catch(() => {});
      await world.clock.settle();
      return nc;
    },
  },
  "a drain that the server holds up": {
    state: "draining",
    lead: async (world) => {
      const server = world.serve("a");
      const nc = await world.connect({ servers: "a" });
      server.script = { onPing: () => "silence" };
      nc.drain().catch(() => {});
      await world.clock.settle();
      return nc;
    },
  },
  "the end": {
    state: "closed",
    lead: async (world) => {
      const nc = await connected(world);
      await world.clock.until(nc.close());
      return nc;
    },
  },
};

describe("close()", () => {
  it("P18: is tried from every state there is", () => {
    // A connection leaves "idle" before anybody holds it.
    const states = Object.keys(transitions).filter((state) => state !== "idle");
    expect(new Set(Object.values(cases).map(({ state }) => state))).toEqual(new Set(states));
  });

  it.each(Object.entries(cases))(
    "P18: settles within 100 ms from %s, and leaves nothing",
    async (_what, { lead, state }) => {
      const world = simulate();
      const nc = await lead(world);
      expect(nc.state).toBe(state);
      const events = recorded(nc, "close", "connect", "reconnect", "reconnecting");
      const dials = world.network.dials.length;
      const begin = world.clock.now();
      await world.clock.until(Promise.all([nc.close(), nc.close(), nc.closed()]));
      expect(world.clock.now() - begin).toBeLessThan(100);
      expect([nc.state, nc.getServer(), nc.bufferedBytes]).toEqual(["closed", "", 0]);
      expect(world.clock.pendingTimers).toBe(0);
      await world.clock.advance(3_600_000);
      expect(world.network.dials).toHaveLength(dials);
      expect(events.map(({ type }) => type)).toEqual(state === "closed" ? [] : ["close"]);
    },
  );
});

describe("drain()", () => {
  it("P18: that close() overtakes ends with it, at once, and tells what was left", async () => {
    const world = simulate();
    const nc = await connected(world);
    void nc.subscribe("x").process(() => new Promise<void>(() => {}));
    for (let i = 0; i < 3; i++) nc.publish("x");
    await world.clock.until(nc.flush());
    const drained = rejection(nc.drain());
    await world.clock.settle();
    const begin = world.clock.now();
    await world.clock.until(nc.close());
    expect(await drained).toMatchObject({
      code: "DRAIN_INCOMPLETE",
      abandoned: 2,
      cause: { code: "CONNECTION_CLOSED" },
    });
    expect(world.clock.now() - begin).toBeLessThan(100);
  });

  it.each(Object.entries(cases).filter(([, { state }]) => state !== "closed"))(
    "P18, D10: settles by its time-out from %s, and ends closed",
    async (_what, { lead }) => {
      const world = simulate();
      const nc = await lead(world);
      const begin = world.clock.now();
      const bound = nc.isDraining() ? 30_000 : 2_000;
      const outcomeOf = (drained: Promise<unknown>): Promise<unknown> => drained.catch((error: unknown) => error);
      const outcome = await world.clock.until(outcomeOf(nc.drain({ timeout: 2_000 })));
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DrainError);
      else expect(outcome).toMatchObject({ abandoned: 0, unsent: 0 });
      expect(world.clock.now() - begin).toBeLessThanOrEqual(bound + 100);
      expect([nc.state, world.clock.pendingTimers]).toEqual(["closed", 0]);
      expect(await outcomeOf(nc.drain())).toBe(outcome);
    },
  );
});
