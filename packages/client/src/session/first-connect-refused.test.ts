// A first connect that may go on for long ends when it is refused (P23): fakes, a network in memory and virtual time.

import { TlsMaterialError } from "@myelin/contracts";
import type { FakeScript } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { everyEvent, rejection, type Simulation, simulate } from "../../test/simulated.js";
import type { ConnectError, ConnectionOptions, NatsConnection } from "../index.js";

const sendsAway = (text: string): FakeScript => ({
  onConnect: (connection) => {
    connection.err(text);
    connection.end();
    return "skip";
  },
});
const locked = sendsAway("Authorization Violation");

type Mode = "retry" | "background";

/** Rejects with what `connect()`, or `ready` behind it, rejects with. */
async function connecting(world: Simulation, firstConnect: Mode, options: ConnectionOptions): Promise<NatsConnection> {
  const nc = await world.connect({ noRandomize: true, ...options, firstConnect });
  await world.clock.until(nc.ready);
  return nc;
}

async function refused(world: Simulation, mode: Mode, options: ConnectionOptions): Promise<ConnectError> {
  const error = (await rejection(connecting(world, mode, options))) as ConnectError;
  const dials = world.network.dials.length;
  await world.clock.advance(600_000);
  expect([world.network.dials.length, world.clock.pendingTimers]).toEqual([dials, 0]);
  return error;
}

describe.each(["retry", "background"] as const)("firstConnect %s", (mode) => {
  it("P23: credentials that every server refuses end it when each was tried, with all attempts", async () => {
    const world = simulate();
    for (const name of ["a", "b"]) world.serve(name, locked);
    const error = await refused(world, mode, { servers: "a,b" });
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(error.message).toContain("firstConnectRefused");
    expect(error.attempts.map(({ server }) => server)).toEqual(["nats://a:4222", "nats://b:4222"]);
  });

  it.each(["a,b", "b,a"])(
    "P23: one server down and one that refuses: told when both were tried (%s)",
    async (servers) => {
      const world = simulate();
      world.serve("b", locked);
      const error = await refused(world, mode, { servers });
      expect([error.code, error.attempts.length]).toEqual(["AUTHORIZATION_VIOLATION", 2]);
    },
  );

  it("P23: a server that is silent has its whole time before a refusal of another one ends it", async () => {
    const world = simulate();
    world.serve("a", locked);
    world.network.blackHole("b", 4222);
    const error = await refused(world, mode, { servers: "a,b", timeout: 2_000 });
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(error.attempts.map(({ ms }) => ms)).toEqual([0, 2_000]);
  });

  it.each(["a,b,c", "c,b,a"])("P23: of several servers one that accepts us is enough (%s)", async (servers) => {
    const world = simulate();
    for (const name of ["a", "b"]) world.serve(name, locked);
    world.serve("c");
    const nc = await connecting(world, mode, { servers });
    expect(nc.getServer()).toBe("c:4222");
    await nc.close();
  });

  it("P23: a server that only the refusing one tells of has its turn before", async () => {
    const world = simulate();
    world.serve("a", { ...locked, info: { connect_urls: ["a:4222", "b:4222"] } });
    world.serve("b");
    const nc = await connecting(world, mode, { servers: "a" });
    expect(nc.getServer()).toBe("b:4222");
    await nc.close();
  });

  it("P23: credentials that change from server to server: the one that has the new ones is found, without an end", async () => {
    const world = simulate();
    const rolled = new Set<string>();
    for (const name of ["a", "b", "c"]) {
      world.serve(name, {
        onConnect: (connection, options) => (rolled.has(name) ? undefined : locked.onConnect?.(connection, options)),
      });
      // Down when we begin, and refusing us for a while when they are back.
      world.network.refuse(name, 4222);
    }
    rolled.add("c");
    world.clock.after(20_500, () => {
      for (const name of ["a", "b", "c"]) world.network.heal(name, 4222);
    });
    const nc = await connecting(world, mode, { servers: "a,b,c", reconnectTimeWait: 1_000, reconnectJitter: 0 });
    // The last of its round: what the others said in earlier ones counts no more.
    const dialled = world.network.dials.filter(({ at }) => at > 20_500).map(({ hostname }) => hostname);
    expect([nc.getServer(), dialled]).toEqual(["c:4222", ["a", "b", "c"]]);
    await nc.close();
  });

  it("P23: servers that come up late and refuse us end it then, in the round in which all were tried again", async () => {
    const world = simulate();
    world.clock.after(30_000, () => void world.serve("a", locked));
    const error = (await rejection(connecting(world, mode, { servers: "a,b" }))) as ConnectError;
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(world.clock.now()).toBeGreaterThanOrEqual(30_000);
    expect(world.clock.now()).toBeLessThan(90_000);
  });

  it("P23: a handler that always names the same server is told when that one refuses us", async () => {
    const world = simulate();
    world.serve("a", locked);
    const reconnectToServer: ConnectionOptions["reconnectToServer"] = (servers) =>
      servers.find(({ hostname }) => hostname === "a");
    const error = await refused(world, mode, { servers: "a,b", reconnectToServer });
    expect(error.attempts.map(({ server }) => server)).toEqual(["nats://a:4222"]);
  });

  it("P23: servers dialled at the same time count as one after the other do", async () => {
    const world = simulate();
    world.serve("a", locked);
    world.network.blackHole("b", 4222);
    const error = await refused(world, mode, { servers: "a,b,c", dialPlan: "race", timeout: 3_000 });
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(new Set(error.attempts.map(({ server }) => server)).size).toBe(3);
  });

  it.each([
    ["a handshake that fails", "TLS_FAILED", { tls: true }, (world: Simulation) => world.network.failTls("a", 4222)],
    ["TLS that is required and forbidden", "TLS_MISMATCH", { tls: null }, undefined],
    [
      "a key that is none",
      "TLS_MATERIAL_UNUSABLE",
      { tls: { key: "x", cert: "x" } },
      new TlsMaterialError(["tls.key"], "a: tls.key holds no complete private key"),
    ],
  ] as const)("P23: TLS that cannot work ends it: %s is %s", async (_, code, options, fault) => {
    const world = simulate();
    world.serve("a", { info: { tls_required: true } });
    if (typeof fault === "function") fault(world);
    const failing = { schemes: ["nats", "tls"], connect: () => Promise.reject(fault) };
    const transports = fault instanceof Error ? [failing] : [world.network.transport];
    const error = await refused(world, mode, { ...options, servers: "a", transports });
    expect(error).toMatchObject({ code, attempts: [{ phase: "tls" }] });
  });

  it.each([
    ["Authentication Timeout", sendsAway("Authentication Timeout"), {}],
    ["a server that is full", sendsAway("maximum connections exceeded"), {}],
    ["a server that throttles", sendsAway("Connection throttling is active. Please try again later."), {}],
    ["a server that speaks something else", { info: () => undefined }, { timeout: 500 }],
    ["an authenticator that throws", {}, { authenticator: () => Promise.reject(new Error("no token yet")) }],
  ] satisfies [string, FakeScript, ConnectionOptions][])(
    "P23: what may pass by itself does not end it: %s",
    async (_, script, options) => {
      const world = simulate();
      world.serve("a", script);
      const nc = await world.connect({ servers: "a", ...options, firstConnect: "background" });
      await world.clock.advance(60_000);
      expect(nc.state).not.toBe("closed");
      await world.clock.until(nc.close());
    },
  );

  it("P23: a function for TLS material that fails is asked again", async () => {
    const world = simulate();
    world.serve("a");
    let asked = 0;
    const connect: typeof world.network.transport.connect = (target, sink, signal) => {
      asked++;
      if (asked > 3) return world.network.transport.connect(target, sink, signal);
      return Promise.reject(new TlsMaterialError(["tls"], "a: the vault is sealed", { transient: true }));
    };
    const nc = await connecting(world, mode, { servers: "a", transports: [{ schemes: ["nats", "tls"], connect }] });
    expect(asked).toBe(4);
    await nc.close();
  });

  it("P23: after the first connection a refusal ends nothing", async () => {
    const world = simulate();
    const a = world.serve("a");
    const nc = await connecting(world, mode, { servers: "a" });
    a.script = locked;
    world.network.drop("a", 4222);
    await world.clock.advance(300_000);
    expect(nc.isClosed()).toBe(false);
    a.script = {};
    await world.clock.until(nc.flush());
    await nc.close();
  });
});

it("P23: in the background everything that waits settles, close is the last event, and closed() tells the error", async () => {
  const world = simulate();
  world.serve("a", locked);
  const nc = await world.connect({ servers: "a", firstConnect: "background" });
  const events = everyEvent(nc);
  const outcomes = [nc.request("a", "", { timeout: 60_000 }), nc.flush(), nc.rtt(), nc.writable()].map((pending) =>
    rejection(pending),
  );
  const confirmed = rejection(nc.publishConfirmed("a"));
  const messages = rejection(
    (async () => {
      for await (const _ of nc.subscribe("a"));
    })(),
  );
  const error = (await rejection(world.clock.until(nc.ready))) as ConnectError;
  expect(error.code).toBe("AUTHORIZATION_VIOLATION");
  expect(await world.clock.until(nc.closed())).toBe(error);
  await world.clock.until(Promise.all([...outcomes, confirmed, messages]));
  expect(events.map(({ type }) => type)).toEqual(["attemptFailed", "dropped", "close"]);
  expect(events.at(-1)).toEqual({ type: "close", error });
  expect(() => nc.publish("a")).toThrow(expect.objectContaining({ code: "CONNECTION_CLOSED" }));
});
