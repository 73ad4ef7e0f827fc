// The dial plan: how many servers at once, and what becomes of those that were not needed. Fakes and virtual time.

import type { Transport } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import type { ConnectError } from "../index.js";

describe("an attempt", () => {
  const strange: { readonly [what: string]: Transport["connect"] } = {
    throws: () => {
      throw new Error("strange");
    },
    "answers no promise": () => undefined as never,
  };
  for (const [what, dial] of Object.entries(strange)) {
    it(`P6: by a transport that ${what} has failed like any other`, async () => {
      const { connect, clock } = simulate();
      const error = await rejection(connect({ transports: [{ schemes: ["odd"], connect: dial }], servers: "odd://a" }));
      expect((error as ConnectError).attempts.map(({ phase, server }) => [phase, server])).toEqual([
        ["tcp", "odd://a:4222"],
      ]);
      expect(clock.pendingTimers).toBe(0);
    });
  }

  it("P24: ends at its time-out, also by a transport that does not heed its signal, and keeps no stream that comes later", async () => {
    const { connect, clock, serve, network } = simulate();
    const server = serve("a");
    let begin = (): void => {};
    const late: Transport = {
      schemes: ["nats"],
      connect: async (target, sink) => {
        await new Promise<void>((resolve) => {
          begin = resolve;
        });
        return network.transport.connect(target, sink, new AbortController().signal);
      },
    };
    const error = await rejection(connect({ transports: [late], servers: "a", timeout: 1_000 }));
    expect((error as ConnectError).attempts.map((one) => one.error.message)).toEqual([
      "connecting to nats://a:4222 timed out after 1000 ms",
    ]);
    begin();
    await clock.advance(10);
    expect(server.connections.map(({ isOpen }) => isOpen)).toEqual([false]);
  });
});

describe("dialPlan", () => {
  it("one-by-one: a silent server holds up the next for its whole time-out", async () => {
    const { serve, connect, clock, network } = simulate();
    network.blackHole("a", 4222);
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true, timeout: 2_000 });
    expect(nc.getServer()).toBe("b:4222");
    expect(clock.now()).toBeGreaterThanOrEqual(2_000);
  });

  it("race: the next one begins 250 ms behind, the first PONG wins, the others leave no socket and no failure", async () => {
    const { serve, connect, clock, network } = simulate();
    network.blackHole("a", 4222);
    const c = serve("c", { onPing: () => "silence" });
    const b = serve("b");
    const nc = await connect({ servers: "a,c,b", noRandomize: true, dialPlan: "race" });
    expect(nc.getServer()).toBe("b:4222");
    expect(clock.now()).toBeGreaterThanOrEqual(500);
    expect(clock.now()).toBeLessThan(600);
    await clock.advance(10);
    expect(c.connections.map(({ isOpen }) => isOpen)).toEqual([false]);
    expect(b.connections.map(({ isOpen }) => isOpen)).toEqual([true]);
    expect(nc.getServers().map(({ consecutiveFailures, state }) => [consecutiveFailures, state])).toEqual([
      [0, "idle"],
      [0, "idle"],
      [0, "connected"],
    ]);
    await clock.until(nc.close());
    await clock.advance(10_000);
    expect(clock.pendingTimers).toBe(0);
    expect(network.dials).toHaveLength(3);
  });

  it("race: a failure begins the next at once, and no more than atOnce are under way", async () => {
    const { connect, serve, clock, network } = simulate();
    network.refuse("a", 4222);
    for (const host of ["b", "c"]) network.blackHole(host, 4222);
    serve("d");
    const nc = await connect({
      servers: "a,b,c,d",
      noRandomize: true,
      timeout: 1_000,
      dialPlan: { atOnce: 2, stagger: 100 },
    });
    const at = network.dials.map(({ at: when, hostname }) => [hostname, Math.round(when / 50) * 50]);
    expect(at).toEqual([
      ["a", 0],
      ["b", 0],
      ["c", 100],
      ["d", 1_000],
    ]);
    expect(nc.getServer()).toBe("d:4222");
    await clock.until(nc.close());
  });

  it("race: when all fail, one error lists every attempt, and each is dialled once", async () => {
    const { connect, clock, network } = simulate();
    for (const host of ["a", "b", "c"]) network.blackHole(host, 4222);
    const error = (await rejection(
      connect({ servers: "a,b,c", noRandomize: true, timeout: 1_000, dialPlan: "race" }),
    )) as ConnectError;
    expect(error.attempts.map(({ server }) => server)).toEqual(["nats://a:4222", "nats://b:4222", "nats://c:4222"]);
    expect(clock.now()).toBeLessThan(1_600);
    expect(clock.pendingTimers).toBe(0);
  });

  it("race: reconnects race too, and each attempt is told", async () => {
    const { connect, serve, clock, network } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a,b,c", noRandomize: true, dialPlan: "race" });
    const events = recorded(nc, "disconnect", "reconnecting", "attemptFailed", "reconnect");
    network.blackHole("b", 4222);
    serve("c");
    a.connections.at(-1)?.reset();
    await clock.advance(1_000);
    expect(events.map((event) => [event.type, "server" in event ? event.server : ""])).toEqual([
      ["disconnect", "a:4222"],
      ["reconnecting", "b:4222"],
      ["reconnecting", "c:4222"],
      ["reconnect", "c:4222"],
    ]);
  });

  it("refuses what makes no sense, before anything is dialled", async () => {
    const { connect, network } = simulate();
    expect((await rejection(connect({ dialPlan: "both" as never }))).message).toContain("dialPlan");
    expect((await rejection(connect({ dialPlan: { atOnce: 0 } }))).message).toContain("dialPlan.atOnce");
    expect((await rejection(connect({ dialPlan: { stagger: -1 } }))).message).toContain("dialPlan.stagger");
    expect(network.dials).toEqual([]);
  });
});
