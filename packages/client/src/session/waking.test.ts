// What happens when the runtime believes that the network is back: fakes and virtual time.

import { describe, expect, it } from "vitest";
import { recorded, type Simulation, simulate } from "../../test/simulated.js";
import { StaleConnectionError } from "../index.js";

/** A world whose runtime wakes when told to, and knows who listens. */
function wakeable(): Simulation & { readonly listening: Set<() => void>; wake(): void } {
  const listening = new Set<() => void>();
  const world = simulate(1, {
    wake: (run) => {
      listening.add(run);
      return () => void listening.delete(run);
    },
  });
  return { ...world, listening, wake: () => listening.forEach((run) => void run()) };
}

describe("waking", () => {
  it("P25: cuts the wait short, however long it has grown", async () => {
    const { serve, connect, clock, network, wake } = wakeable();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    await server.stop();
    await clock.advance(300_000);
    expect(nc.state).toBe("waiting");
    serve("a");
    const dials = network.dials.length;
    wake();
    await clock.settle();
    await clock.advance(1);
    expect([nc.state, network.dials.length]).toEqual(["connected", dials + 1]);
    await nc.close();
  });

  it("P25: lets the waits grow from the shortest again: an attempt that came too early costs half a second, not half a minute", async () => {
    const { serve, connect, clock, network, wake } = wakeable();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    await server.stop();
    await clock.advance(600_000);
    wake();
    await clock.settle();
    const dials = network.dials.length;
    // At most 0.5, 1, 2 and 4 s; before they were up to 30 s.
    await clock.advance(7_500);
    expect(network.dials.length - dials).toBeGreaterThanOrEqual(4);
    await nc.close();
  });

  it("P25: makes an attempt that hangs anew at once", async () => {
    const { serve, connect, clock, network, wake } = wakeable();
    const server = serve("a", { info: (index) => (index === 1 ? undefined : {}) });
    const nc = await connect({ servers: "a" });
    server.connections[0]?.reset();
    await clock.advance(200);
    expect([nc.state, network.dials.length]).toEqual(["dialing", 2]);
    wake();
    await clock.settle();
    await clock.advance(1);
    expect([nc.state, network.dials.length]).toEqual(["connected", 3]);
    await nc.close();
  });

  it("leaves a first connect that tries once alone", async () => {
    const { serve, connect, clock, wake, listening } = wakeable();
    serve("a", { onConnect: () => void wake() });
    const nc = await connect({ servers: "a" });
    expect(nc.state).toBe("connected");
    expect(listening.size).toBe(1);
    await clock.until(nc.close());
    expect(listening.size).toBe(0);
  });

  it("P25: pings a link at once, and gives it up when nothing has come within two seconds", async () => {
    const { serve, connect, clock, wake } = wakeable();
    let silent = false;
    const server = serve("a", { onPing: () => (silent ? "silence" : "pong") });
    const nc = await connect({ servers: "a", timeout: 2_000 });
    const events = recorded(nc, "disconnect", "ping", "reconnect");
    await clock.advance(100);
    wake();
    await clock.advance(5_000);
    expect(events).toEqual([{ type: "ping", epoch: 1, pendingPings: 1 }]);
    silent = true;
    wake();
    await clock.advance(1_999);
    expect(nc.state).toBe("connected");
    silent = false;
    await clock.advance(200);
    expect(events.slice(1).map(({ type }) => type)).toEqual(["ping", "disconnect", "reconnect"]);
    expect(events[2]).toMatchObject({ error: expect.any(StaleConnectionError) });
    expect(server.connections).toHaveLength(2);
    await nc.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
