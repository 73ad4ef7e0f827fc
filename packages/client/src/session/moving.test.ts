// Where a working connection belongs, by its strategy and by the load of the cluster: fakes and virtual time. How it gets there is
// tested in handover.test.ts, how the pool decides in server-pool.

import { latency, orderedWithFailback, zones } from "@myelin/server-pool";
import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../../test/simulated.js";

const MINUTE = 60_000;

describe("P26: a connection that works", () => {
  it("goes back to the preferred server when that has been in peace for a while, and not before", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", strategy: orderedWithFailback({ settle: 2 * MINUTE }) });
    const events = recorded(nc, "handover", "disconnect", "reconnect");
    await a.stop();
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("b:4222");
    serve("a");
    await clock.advance(MINUTE);
    expect(nc.getServer()).toBe("b:4222");
    await clock.advance(5 * MINUTE);
    expect(nc.getServer()).toBe("a:4222");
    expect(events.map(({ type }) => type)).toEqual(["disconnect", "reconnect", "handover"]);
    expect(events.at(-1)).toMatchObject({ from: "b:4222", server: "a:4222", reason: "better" });
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("stays when the preferred server refuses, and tries again with growing waits", async () => {
    const { serve, connect, clock, network } = simulate();
    const a = serve("a");
    const b = serve("b");
    const nc = await connect({ servers: "a,b", strategy: orderedWithFailback({ settle: MINUTE }) });
    await a.stop();
    await clock.advance(60 * MINUTE);
    expect(nc.getServer()).toBe("b:4222");
    expect(b.dials).toBe(1);
    const toA = network.dials.filter(({ hostname }) => hostname === "a").length - 1;
    expect(toA).toBeGreaterThan(1);
    expect(toA).toBeLessThan(12);
    await clock.until(nc.close());
  });

  it("returns to its zone", async () => {
    const { serve, connect, clock } = simulate();
    const near = serve("near");
    serve("far");
    const nc = await connect({
      servers: ["nats://far:4222#zone=us", "nats://near:4222#zone=eu"],
      strategy: zones({ prefer: ["eu", "us"], settle: MINUTE }),
    });
    expect(nc.getServer()).toBe("near:4222");
    await near.stop();
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("far:4222");
    serve("near");
    await clock.advance(6 * MINUTE);
    expect(nc.getServer()).toBe("near:4222");
    await clock.until(nc.close());
  });

  it("measures the round trips of its server, for the latency strategy and for getServers()", async () => {
    const { serve, connect, clock } = simulate();
    let slow = false;
    serve("a", {
      onPing: (connection) => {
        if (!slow) return "pong";
        clock.after(40, () => connection.pong());
        return "silence";
      },
    });
    const nc = await connect({ servers: "a", strategy: latency() });
    slow = true;
    await clock.until(nc.flush());
    expect(nc.getServers()[0]?.rtt).toBeGreaterThan(0);
    await clock.until(nc.close());
  });

  it("with rebalance moves to a server that came back, each with the probability that evens out the load", async () => {
    let moved = 0;
    const clients = 60;
    for (let seed = 1; seed <= clients; seed++) {
      const { serve, connect, clock } = simulate(seed);
      const a = serve("a", { info: { connect_urls: ["a:4222", "b:4222"] } });
      serve("b");
      const nc = await connect({ servers: "a", noRandomize: false, rebalance: { interval: 1_000 } });
      serve("c");
      a.sendInfo({ connect_urls: ["a:4222", "b:4222", "c:4222"] });
      await clock.advance(10_000);
      if (nc.getServer() === "c:4222") moved++;
      await clock.until(nc.close());
      expect(clock.pendingTimers).toBe(0);
    }
    // A third of them, by chance.
    expect(moved).toBeGreaterThan(clients / 6);
    expect(moved).toBeLessThan(clients / 2);
  });

  it("without it stays where it is", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a", { info: { connect_urls: ["a:4222"] } });
    const nc = await connect({ servers: "a" });
    serve("c");
    a.sendInfo({ connect_urls: ["a:4222", "c:4222"] });
    await clock.advance(10 * MINUTE);
    expect(nc.getServer()).toBe("a:4222");
    await clock.until(nc.close());
  });
});

it("a connection drops its link when reconnect() says so, also when a listener of that begins a move", async () => {
  const { serve, connect, clock } = simulate();
  serve("a");
  serve("b");
  const nc = await connect({ servers: "a,b", noRandomize: true });
  const events = recorded(nc, "forceReconnect", "disconnect", "reconnect", "handover");
  const moves: Promise<unknown>[] = [];
  nc.on("forceReconnect", () => void moves.push(nc.reconnect({ graceful: true }).catch((error: unknown) => error)));
  void nc.reconnect();
  await clock.advance(5_000);
  expect(events.map(({ type }) => type)).toEqual(["forceReconnect", "disconnect", "reconnect"]);
  expect(await moves[0]).toBeInstanceOf(Error);
  await clock.until(nc.close());
  expect(clock.pendingTimers).toBe(0);
});
