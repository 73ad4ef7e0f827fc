// The whole client through an outage, against fake servers over a memory network, under virtual time.

import { describe, expect, it } from "vitest";
import { texts } from "../test/sent-texts.js";
import { recorded, rejection, simulate } from "../test/simulated.js";
import { ConnectError, DisconnectedError, ReconnectBufferFullError, TimeoutError } from "./index.js";

describe("an outage", () => {
  it("ADR40-26, RECONN-EVENTS-1: tells disconnect, reconnecting and reconnect in this order", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc, "connect", "disconnect", "reconnecting", "attemptFailed", "reconnect", "close");
    await a.stop();
    await clock.advance(1_000);
    expect(events.map((event) => event.type)).toEqual(["disconnect", "reconnecting", "reconnect"]);
    expect(nc.getServer()).toBe("b:4222");
  });

  it("ADR40-22, SEED-36: replays subscriptions with queue and remaining count, then what was published meanwhile, in order", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const limited = nc.subscribe("jobs", { queue: "workers", max: 3, callback: () => {} });
    nc.publish("jobs", "1");
    await clock.settle();
    expect(limited.getReceived()).toBe(1);
    await a.stop();
    await clock.settle();
    nc.publish("out", "first");
    nc.publish("out", "second");
    const b = serve("b");
    await clock.advance(5_000);
    expect(texts(b.connections[0]?.received ?? []).slice(2)).toEqual([
      "SUB jobs workers 1",
      "UNSUB 1 2",
      "PUB out 5",
      "PUB out 6",
    ]);
  });

  it("ADR40-24, D7: refuses what does not fit the reconnect buffer and keeps the rest", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnectBufferSize: 64 });
    await a.stop();
    await clock.settle();
    nc.publish("x", "0123456789");
    expect(() => nc.publish("x", "y".repeat(100))).toThrow(ReconnectBufferFullError);
    expect(nc.bufferedBytes).toBeGreaterThan(0);
    const again = serve("a");
    await clock.advance(5_000);
    expect(texts(again.connections[0]?.received ?? [])).toContain("PUB x 10");
    expect(nc.bufferedBytes).toBe(0);
  });

  it("RECONN-BUFFER-4: what the socket had not taken when the link was lost is sent whole and in order on the next", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a,b", noRandomize: true, reconnectBufferSize: 64 * 1024 * 1024 });
    const [stuck] = a.connections;
    stuck?.pause();
    const payload = "y".repeat(10_000);
    let waiting = false;
    for (let i = 0; i < 1_000; i++) waiting = !nc.publish(`n.${i}`, payload) || waiting;
    const request = nc.request("q", "", { timeout: 60_000 });
    await clock.settle();
    expect(waiting).toBe(true);
    expect(nc.bufferedBytes).toBeGreaterThan(1_000_000);
    await a.stop();
    const b = serve("b");
    nc.publish("after", "");
    await clock.advance(5_000);
    const sent = texts(b.connections[0]?.received ?? []).filter((text) => text.startsWith("PUB"));
    const first = Number(/n\.(\d+)/.exec(sent[0] ?? "")?.[1]);
    expect(first).toBeLessThan(900);
    const kept = Array.from({ length: 1_000 - first }, (_, index) => `PUB n.${first + index} 10000`);
    expect(sent).toEqual([...kept, "PUB after 0"]);
    expect(await rejection(request)).toBeInstanceOf(DisconnectedError);
    expect(nc.stats().droppedMsgs).toBe(0);
  });

  it("D7: of such a backlog only what fits the reconnect buffer is kept, and the rest is told", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnectBufferSize: 100_000 });
    const events = recorded(nc, "dropped");
    a.connections[0]?.pause();
    for (let i = 0; i < 1_000; i++) nc.publish("x", "y".repeat(10_000));
    await clock.settle();
    await a.stop();
    await clock.settle();
    expect(events).toEqual([expect.objectContaining({ reason: "buffer-full" })]);
    expect(nc.bufferedBytes).toBeLessThanOrEqual(100_000);
    expect(nc.bufferedBytes).toBeGreaterThan(80_000);
  });

  it("P39: drops with an event what the next server would refuse as too large, and stays connected", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "dropped");
    await a.stop();
    await clock.settle();
    nc.publish("x", "y".repeat(100));
    nc.publish("x", "small");
    const b = serve("a", { info: { max_payload: 50 } });
    await clock.advance(5_000);
    expect(events).toEqual([expect.objectContaining({ messages: 1, reason: "max-payload" })]);
    expect(texts(b.connections[0]?.received ?? [])).toContain("PUB x 5");
    expect(nc.state).toBe("connected");
  });

  it.each(["reject", "drop"] as const)(
    "P5: whileDisconnected %s keeps nothing and says so",
    async (whileDisconnected) => {
      const { connect, clock, serve } = simulate();
      const a = serve("a");
      const nc = await connect({ servers: "a", whileDisconnected });
      const events = recorded(nc, "dropped");
      await a.stop();
      await clock.settle();
      if (whileDisconnected === "reject") expect(() => nc.publish("x", "1")).toThrow(DisconnectedError);
      else {
        nc.publish("x", "1");
        expect(events).toHaveLength(1);
        expect(nc.stats().droppedMsgs).toBe(1);
      }
      expect((await rejection(nc.request("x"))).code).toBe("DISCONNECTED");
    },
  );

  it("D9: rejects requests and flushes in flight as soon as the link is lost", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a", { onPub: () => "skip" });
    const nc = await connect({ servers: "a" });
    const request = nc.request("x", "", { timeout: 60_000 });
    await clock.settle();
    a.script = { onPing: () => "silence" };
    const flush = nc.flush();
    await clock.settle();
    const lostAt = clock.now();
    await a.stop();
    const error = await rejection(request);
    expect(error).toBeInstanceOf(DisconnectedError);
    expect((error as DisconnectedError).sent).toBe(true);
    expect(await rejection(flush)).toBeInstanceOf(DisconnectedError);
    expect(clock.now() - lostAt).toBeLessThanOrEqual(50);
  });

  it("P14: a request made during the outage is sent with the next link and can succeed", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("x", { callback: (_, message) => void message.respond("pong") });
    await a.stop();
    await clock.settle();
    const request = nc.request("x", "ping", { timeout: 20_000 });
    clock.after(2_000, () => void serve("a"));
    expect((await clock.until(request)).string()).toBe("pong");
  });

  it("a request that times out during the outage is not sent afterwards", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    await a.stop();
    await clock.settle();
    expect(await rejection(clock.until(nc.request("x", "stale", { timeout: 500 })))).toBeInstanceOf(TimeoutError);
    nc.publish("y", "kept");
    const b = serve("a");
    await clock.advance(5_000);
    const sent = texts(b.connections[0]?.received ?? []).filter((text) => text.startsWith("PUB"));
    expect(sent).toEqual(["PUB y 4"]);
  });

  it("RECONN-DISABLE-1: without reconnect the first loss closes, with the cause", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnect: false });
    const events = recorded(nc, "disconnect", "reconnecting", "close");
    await a.stop();
    expect(await clock.until(nc.closed())).toBeInstanceOf(Error);
    expect(events.map((event) => event.type)).toEqual(["disconnect", "close"]);
  });

  it("D6: never closes by itself, however long it lasts", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a,b" });
    await a.stop();
    await clock.advance(3_600_000);
    expect(["dialing", "waiting"]).toContain(nc.state);
    serve("a");
    await clock.advance(60_000);
    expect(nc.state).toBe("connected");
  });

  it("RECONN-MAX-7: with a limit of 3 it dials 3 times, then closes with every attempt in the error", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", maxReconnectAttempts: 3 });
    const events = recorded(nc, "disconnect", "reconnecting", "close");
    await a.stop();
    const reason = await clock.until(nc.closed());
    expect(reason).toBeInstanceOf(ConnectError);
    expect((reason as ConnectError).attempts).toHaveLength(3);
    expect(events.map((event) => event.type)).toEqual([
      "disconnect",
      "reconnecting",
      "reconnecting",
      "reconnecting",
      "close",
    ]);
  });

  it("ADR40-17, CONN-PING-2: gives a silent peer up within pingInterval * (maxPingOut + 1)", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true, pingInterval: 50, maxPingOut: 2 });
    const events = recorded(nc, "ping", "staleConnection", "disconnect");
    a.script = { onPing: () => "silence" };
    await clock.advance(150);
    expect(events.map((event) => event.type)).toEqual(["ping", "ping", "staleConnection", "disconnect"]);
    await clock.advance(200);
    expect(nc.getServer()).toBe("b:4222");
  });

  it("D16: with writes the peer does not answer it is given up within one pingInterval", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 20_000 });
    const events = recorded(nc, "staleConnection");
    a.script = { onPing: () => "silence", onPub: () => "skip" };
    await clock.advance(3_000);
    nc.publish("x", "1");
    await clock.advance(20_000);
    expect(events).toHaveLength(1);
  });

  it("PROTO-21: garbage from the server tears the link down and reconnects; nothing of it is delivered", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, message) => void got.push(message.string()) });
    await clock.settle();
    const events = recorded(nc, "disconnect", "reconnect");
    a.connections[0]?.send("MSG x 1 5\r\nhelloXX\r\n");
    await clock.advance(1_000);
    expect(events.map((event) => event.type)).toEqual(["disconnect", "reconnect"]);
    expect(events[0]).toMatchObject({ error: { code: "PROTOCOL_ERROR" } });
    expect(got).toEqual([]);
  });
});
