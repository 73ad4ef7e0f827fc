// P52: what a jump of the clock is taken for. Silence without one is silence.test.ts.

import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../../test/simulated.js";

describe("a jump of the clock", () => {
  it("P52: after the machine slept the peer is asked at once, and a dead one is left within two seconds more", async () => {
    const { serve, connect, clock, network } = simulate();
    serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc, "ping", "staleConnection", "reconnect");
    network.blackHole("a", 4222);
    clock.sleep(10 * 60_000);
    // The next tick comes within a quarter of pingInterval.
    await clock.advance(5_000);
    expect(events.map(({ type }) => type)).toEqual(["ping"]);
    await clock.advance(2_200);
    expect(events.map(({ type }) => type)).toEqual(["ping", "staleConnection", "reconnect"]);
    expect(nc.getServer()).toBe("b:4222");
  });

  it("P52: a peer that answers is kept, however long the silence was", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "ping", "staleConnection", "disconnect");
    clock.sleep(8 * 3_600_000);
    await clock.advance(30_000);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(["ping"]));
    expect(nc.state).toBe("connected");
  });

  it("P52: a process that stood still concludes nothing from a silence it did not hear", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "staleConnection", "disconnect");
    await clock.stall(10 * 60_000);
    await clock.advance(10_000);
    expect(events).toEqual([]);
    expect(nc.state).toBe("connected");
  });

  it("a wall clock that is set back means nothing", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const pings = recorded(nc, "ping");
    clock.sleep(-3_600_000);
    await clock.advance(15_000);
    expect(pings).toEqual([]);
    expect(nc.state).toBe("connected");
  });
});
