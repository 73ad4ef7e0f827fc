// Moving to a new link before the certificate or the credentials of the present one end (P2, P31): fakes and virtual time. What a
// move does to subscriptions and messages is handover.test.ts.

import type { Transport } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { recorded, rejection, type Simulation, simulate } from "../../test/simulated.js";
import { last, told } from "../../test/two-servers.js";
import type { ConnectionOptions } from "../index.js";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** A transport whose certificate ends when `ends` says, as read at each dial. */
function dialling(world: Simulation, ends: () => number | undefined): Transport {
  const { transport } = world.network;
  return {
    schemes: transport.schemes,
    connect: async (target, sink, signal) => {
      const certificateExpiresAt = ends();
      const connection = await transport.connect(target, sink, signal);
      return Object.defineProperty(connection, "certificateExpiresAt", { value: certificateExpiresAt });
    },
  };
}

/** A client on `a`, whose certificate lives for `life` from each dial on. */
async function connected(life: number | undefined, options: ConnectionOptions = {}) {
  const world = simulate();
  const after = world.clock.after.bind(world.clock);
  // As of the runtime: no timer is longer than 24 days.
  world.clock.after = (ms, run) => after(Math.min(ms, 0x7fffffff), run);
  const a = world.serve("a");
  const held = { life, fixed: undefined as number | undefined };
  const ends = (): number | undefined =>
    held.fixed ?? (held.life === undefined ? undefined : world.clock.wallTime() + held.life);
  const nc = await world.connect({ servers: "a", transports: [dialling(world, ends)], ...options });
  const events = recorded(nc, "handover", "disconnect", "reconnect", "attemptFailed", "error");
  return { ...world, a, held, nc, told: () => events.map(({ type }) => type), events };
}

describe("P31: a certificate that is about to end", () => {
  it("is renewed by a move to a new link a minute before, on the same server, without a disconnect", async () => {
    const { a, clock, events, nc, told } = await connected(15 * MINUTE);
    nc.subscribe("x");
    await clock.advance(13.9 * MINUTE);
    expect(told()).toEqual([]);
    await clock.advance(0.3 * MINUTE);
    expect(events).toMatchObject([{ type: "handover", reason: "credentials", from: "a:4222", server: "a:4222" }]);
    expect(a.subscriptions.map(({ subject }) => subject)).toContain("x");
    await clock.advance(60 * MINUTE);
    expect(told()).toEqual(Array(5).fill("handover"));
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("moves once where the one that is read again is still the old one, also after a lost link, and again for a newer one", async () => {
    const { a, clock, held, network, nc, told } = await connected(undefined);
    held.fixed = clock.wallTime() + 10 * MINUTE;
    await nc.reconnect();
    await clock.until(nc.flush());
    await clock.advance(30 * MINUTE);
    expect(told().filter((type) => type === "handover")).toHaveLength(1);
    network.drop("a", 4222);
    await clock.advance(30 * MINUTE);
    const dials = a.dials;
    expect(told().filter((type) => type === "handover")).toHaveLength(1);
    held.fixed = clock.wallTime() + 10 * MINUTE;
    await nc.reconnect();
    await clock.advance(30 * MINUTE);
    expect(told().filter((type) => type === "handover")).toHaveLength(2);
    expect(a.dials).toBe(dials + 2);
  });

  it("that lives for a year is left in peace until then, though no timer is as long", async () => {
    const { clock, nc, told } = await connected(365 * DAY, { pingInterval: 400 * DAY });
    await clock.advance(364 * DAY);
    expect(told()).toEqual([]);
    await clock.advance(DAY);
    expect(told()).toEqual(["handover"]);
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("is not renewed by refreshBefore: -1, nor where the transport knows none", async () => {
    for (const [life, refreshBefore] of [
      [10 * MINUTE, -1],
      [undefined, MINUTE],
    ] as const) {
      const { a, clock } = await connected(life, { refreshBefore });
      await clock.advance(60 * MINUTE);
      expect(a.dials).toBe(1);
    }
  });

  it("that is not replaced in time does not keep credentials from being renewed", async () => {
    const given: string[] = [];
    const start = simulate().clock.wallTime();
    const world = await connected(undefined, {
      authenticator: () => {
        given.push("t");
        return { auth_token: "t", expiresAt: given.length * 12 * MINUTE + start };
      },
    });
    world.held.fixed = start + 10 * MINUTE;
    await world.nc.reconnect();
    await world.clock.advance(70 * MINUTE);
    expect(world.told().filter((type) => type === "handover").length).toBeGreaterThanOrEqual(3);
  });
});

describe("P2: credentials that are about to end", () => {
  /** A token service: each token lives for `life`. */
  const tokens = (clock: { wallTime(): number }, life: number) => {
    const given: string[] = [];
    const authenticator = async (): Promise<{ auth_token: string; expiresAt: number }> => {
      given.push(`t${given.length + 1}`);
      return { auth_token: `t${given.length}`, expiresAt: clock.wallTime() + life };
    };
    return { given, authenticator };
  };

  it("are renewed by a move to a new link, a minute before, and nothing of the date is sent", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const { authenticator, given } = tokens(clock, 15 * 60_000);
    const nc = await connect({ servers: "a", authenticator });
    const events = told(nc);
    await clock.advance(13.9 * 60_000);
    expect(given).toEqual(["t1"]);
    await clock.advance(20_000);
    expect(events()).toEqual(["handover"]);
    expect(a.connections.map(({ options }) => options)).toMatchObject([{ auth_token: "t1" }, { auth_token: "t2" }]);
    expect(JSON.stringify(last(a).options)).not.toContain("expires");
  });

  it("thirty times over, without a lost subscription or a disconnect, also when they live for seconds", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const { authenticator, given } = tokens(clock, 2_000);
    const nc = await connect({ servers: "a", authenticator });
    nc.subscribe("x");
    const events = told(nc);
    await clock.advance(60_000);
    expect(given.length).toBeGreaterThanOrEqual(30);
    expect(new Set(events())).toEqual(new Set(["handover"]));
    expect(a.subscriptions.map(({ subject }) => subject)).toContain("x");
  });

  it("are not renewed by refreshBefore: -1, and only once when the new ones end no later", async () => {
    for (const [refreshBefore, dials] of [
      [-1, 1],
      [60_000, 2],
    ] as const) {
      const { serve, connect, clock } = simulate();
      const a = serve("a");
      const expiresAt = clock.wallTime() + 100_000;
      await connect({ servers: "a", refreshBefore, authenticator: () => ({ auth_token: "t", expiresAt }) });
      await clock.advance(300_000);
      expect(a.dials).toBe(dials);
    }
  });

  it("that have ended already are told as such when a server refuses them, and are not blamed for a full server", async () => {
    for (const [refusal, words] of [
      [
        "Authorization Violation",
        /^could not connect: .*; the credentials ended on .* GMT: renew them, or check the clock/,
      ],
      ["maximum connections exceeded", /no more connections/],
    ] as const) {
      const { serve, connect, clock } = simulate();
      serve("a", {
        onConnect: (connection) => {
          connection.err(refusal);
          return "skip";
        },
      });
      const ended = { auth_token: "secret", expiresAt: clock.wallTime() - 1_000 };
      const { message } = await rejection(connect({ servers: "a", authenticator: () => ended }));
      expect(message).toMatch(words);
      expect(message).not.toMatch(refusal.startsWith("max") ? /ended on/ : /secret/);
    }
  });

  it("are asked for again when the first try fails; the present link stays", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    let broken = false;
    const nc = await connect({
      servers: "a",
      authenticator: () => {
        if (broken) throw new Error("the token service is down");
        return { auth_token: "t", expiresAt: clock.wallTime() + 120_000 };
      },
    });
    const events = told(nc);
    broken = true;
    await clock.advance(65_000);
    expect(nc.state).toBe("connected");
    expect(new Set(events())).toEqual(new Set(["attemptFailed"]));
    broken = false;
    await clock.advance(10_000);
    expect(events().at(-1)).toBe("handover");
    expect(a.connections.filter(({ isOpen }) => isOpen)).toHaveLength(1);
  });
});

describe("P2, P31: credentials and a certificate", () => {
  it("P2, P17: are not renewed at a server that announced its leaving: the move goes to another one", async () => {
    const { a, clock, events, serve } = await connected(15 * MINUTE, { lameDuck: "notify" });
    const b = serve("b");
    a.sendInfo({ ldm: true, connect_urls: ["b:4222"] });
    await clock.advance(13 * MINUTE);
    expect(events).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(events).toMatchObject([{ type: "handover", reason: "credentials", from: "a:4222", server: "b:4222" }]);
    expect([a.dials, b.dials]).toEqual([1, 1]);
  });

  it("have their ends apart: a short certificate is renewed also where credentials of a later end were renewed before", async () => {
    const start = simulate().clock.wallTime();
    let given = 0;
    const authenticator = () => ({ auth_token: "t", expiresAt: start + (++given < 2 ? 30 : 300) * MINUTE });
    const { clock, held, told } = await connected(undefined, { authenticator });
    held.fixed = start + 29.5 * MINUTE;
    await clock.advance(29.1 * MINUTE);
    expect(told()).toEqual(["handover"]);
    await clock.advance(0.3 * MINUTE);
    expect(told()).toEqual(["handover", "handover"]);
  });
});

describe("P2: what ends is renewed", () => {
  it("also when the link it was planned for is lost before", async () => {
    const { clock, held, network, told } = await connected(undefined);
    expect(told()).toEqual([]);
    held.fixed = clock.wallTime() + 60 * MINUTE;
    network.drop("a", 4222);
    await clock.advance(10 * MINUTE);
    network.drop("a", 4222);
    await clock.advance(48 * MINUTE);
    expect(told()).toEqual(["disconnect", "reconnect", "disconnect", "reconnect"]);
    await clock.advance(2 * MINUTE);
    expect(told().at(-1)).toBe("handover");
  });

  it("also when a move somebody asked for fails at that very time", async () => {
    const world = await connected(10 * MINUTE, { servers: "a,b", noRandomize: true, refreshBefore: MINUTE });
    await world.clock.advance(9 * MINUTE - 100);
    world.network.blackHole("b", 4222);
    const asked = world.nc.reconnect({ graceful: true }).catch(() => {});
    await world.clock.advance(10_000);
    await world.clock.until(asked);
    await world.clock.advance(10_000);
    expect(world.told()).toEqual(["attemptFailed", "handover"]);
  });

  it("also after a link that took over because the old one broke in the midst of a move", async () => {
    const world = await connected(10 * MINUTE);
    await world.clock.advance(9 * MINUTE + 20);
    const [first] = world.a.connections;
    expect(world.a.connections).toHaveLength(2);
    first?.reset();
    await world.clock.advance(8 * MINUTE);
    expect(world.told()).toEqual(["disconnect", "reconnect"]);
    await world.clock.advance(2 * MINUTE);
    expect(world.told().at(-1)).toBe("handover");
  });
});
