// When a peer counts as dead: the keep-alive's counts, its defaults, and what it takes for life. Fakes and virtual time. D16.

import type { FakeScript, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { last, lines } from "../../test/one-server.js";
import { recorded, simulate } from "../../test/simulated.js";

const pings = (server: FakeServer): number => lines(server).filter((line) => line === "PING").length;
const mute: FakeScript = { onPing: () => "silence", onPub: () => "skip" };

describe("the count of pings", () => {
  it("CONN-PING-8: begins at 1 on every new link, whatever was outstanding on the last, a whole interval after its first PONG", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000, maxPingOut: 4, reconnectJitter: 0 });
    const pings = recorded(nc, "ping");
    const counts = (): number[] => pings.map((one) => ("pendingPings" in one ? one.pendingPings : 0));
    a.script = mute;
    await clock.advance(3_500);
    expect(counts()).toEqual([1, 2, 3]);
    last(a)?.reset();
    a.script = {};
    await clock.advance(10);
    expect([nc.state, a.connections.length]).toEqual(["connected", 2]);
    a.script = mute;
    pings.length = 0;
    await clock.advance(900);
    expect(counts()).toEqual([]);
    await clock.advance(350);
    expect(counts()).toEqual([1]);
    await clock.advance(1_000);
    expect(counts()).toEqual([1, 2]);
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("CONN-PING-1: is cleared by a PONG, so that pings lost now and then never add up", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000, maxPingOut: 2 });
    const lost = recorded(nc, "staleConnection", "disconnect");
    const pings = recorded(nc, "ping");
    for (let i = 0; i < 10; i++) {
      a.script = mute;
      await clock.advance(1_500);
      a.script = {};
      last(a)?.pong();
      await clock.advance(10);
    }
    expect(lost).toEqual([]);
    expect(pings.length).toBeGreaterThanOrEqual(9);
    expect(pings.every((one) => "pendingPings" in one && one.pendingPings === 1)).toBe(true);
  });
});

describe("the answer to a ping of the connection's own", () => {
  it("SEND-FLUSH-2: is not taken for that of a flush behind it", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000, maxPingOut: 5 });
    const pings = recorded(nc, "ping");
    a.script = mute;
    await clock.advance(1_100);
    expect(pings).toHaveLength(1);
    let flushed = false;
    const flush = nc.flush().then(() => {
      flushed = true;
    });
    await clock.settle();
    last(a)?.pong();
    await clock.settle();
    expect(flushed).toBe(false);
    last(a)?.pong();
    await clock.until(flush);
  });
});

describe("by default", () => {
  it("D16: a silent peer is given up within 60 s, and not before a third of it", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const stale = recorded(nc, "staleConnection");
    a.script = mute;
    await clock.advance(40_000);
    expect(stale).toEqual([]);
    await clock.advance(20_000);
    expect(stale).toHaveLength(1);
  });

  it("D16: with writes it does not answer within 20 s, however steadily more is written", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", whileDisconnected: "drop" });
    const stale = recorded(nc, "staleConnection");
    a.script = mute;
    await clock.advance(1_000);
    for (let ms = 0; ms < 20_000; ms += 50) {
      nc.publish("x", "on and on");
      await clock.advance(50);
    }
    expect(stale).toHaveLength(1);
  });

  it("D16: a peer that answers nothing but sends anything is alive; a peer that talks is never pinged", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const told = recorded(nc, "staleConnection", "ping");
    nc.subscribe("news");
    a.script = mute;
    for (let ms = 0; ms < 300_000; ms += 2_000) {
      last(a)?.send("MSG news 1 2\r\nhi\r\n");
      await clock.advance(2_000);
    }
    expect(told).toEqual([]);
  });
});

describe("silence", () => {
  it("ADR40-28, CONN-PING-1: a silent server is pinged every pingInterval, a PONG clears the count, and a new link begins anew", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000, maxPingOut: 2 });
    const told = recorded(nc, "ping");
    await clock.advance(10_000);
    expect(pings(server)).toBeGreaterThanOrEqual(7);
    expect(told.every((one) => "pendingPings" in one && one.pendingPings === 1)).toBe(true);
    await nc.reconnect();
    await clock.advance(1_500);
    expect(told.at(-1)).toMatchObject({ pendingPings: 1 });
    await nc.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("CONN-PING-6: any bytes of the server are life, so that no ping goes out", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000 });
    const told = recorded(nc, "ping");
    for (let i = 0; i < 50; i++) {
      last(server)?.ping();
      await clock.advance(200);
    }
    expect(told).toEqual([]);
  });

  it("ADR40-29, CONN-PING-4, PROTO-39: a PING of the server is answered at once, in the middle of messages too", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("a", { callback: () => {} });
    await clock.until(nc.flush());
    const before = lines(server).filter((line) => line === "PONG").length;
    last(server)?.send("MSG a 1 1\r\nx\r\nPING\r\nMSG a 1 1\r\nx\r\n");
    await clock.advance(1);
    expect(lines(server).filter((line) => line === "PONG").length).toBe(before + 1);
  });

  it("CONN-PING-5, SEND-FLUSH-3: pings of flush() do not count as unanswered", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000, maxPingOut: 2 });
    const told = recorded(nc, "ping", "staleConnection");
    server.script = { onPing: () => "silence" };
    const flushes = Array.from({ length: 10 }, () => nc.flush().catch(() => {}));
    // Behind the first look at the silence (a quarter of pingInterval), before the last one (all of it): of eleven pings
    // without a PONG, only that of the connection itself is counted.
    await clock.advance(600);
    expect(told).toMatchObject([{ type: "ping", pendingPings: 1 }]);
    server.script = {};
    for (let i = 0; i < 11; i++) last(server)?.pong();
    await clock.until(Promise.all(flushes));
    await clock.advance(5_000);
    expect(told.filter(({ type }) => type === "staleConnection")).toEqual([]);
  });

  it("CONN-PING-3: after a stale link the other servers are tried next", async () => {
    const { serve, connect, clock } = simulate();
    const mute = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true, pingInterval: 100 });
    mute.script = { onPing: () => "silence" };
    await clock.advance(2_000);
    expect(nc.getServer()).toBe("b:4222");
  });
});
