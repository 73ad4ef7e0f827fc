// What a connection says to its server, what it does about time, and what it tells of itself: fakes and virtual time. Silence is
// silence.test.ts, loss lost-links.test.ts.

import { describe, expect, it } from "vitest";
import { last, lines } from "../../test/one-server.js";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { ConnectError, type NatsConnection, TimeoutError } from "../index.js";

describe("CONNECT", () => {
  it("CONN-NAME-2, CONN-MISC-3, CONN-MISC-6: a field nobody asked for is absent, and verbose and pedantic are false", async () => {
    const { serve, connect } = simulate();
    const server = serve("a");
    await connect({ servers: "a" });
    const options = last(server)?.options;
    expect(options).toMatchObject({ verbose: false, pedantic: false });
    expect(Object.keys(options ?? {})).not.toContain("name");
    expect(JSON.stringify(options)).not.toMatch(/undefined|null/);
  });

  it("CONN-NAME-1, CONN-NAME-3, CONN-ECHO-5: name and echo are the same after a reconnect, whatever the name holds", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const name = 'Zürich "1" \\ \r\n 🙂';
    const nc = await connect({ servers: "a", name, noEcho: true });
    await nc.reconnect();
    await clock.advance(5_000);
    expect(server.connections.map(({ options }) => [options?.name, options?.echo])).toEqual([
      [name, false],
      [name, false],
    ]);
  });

  it("ADR40-5, CONN-ECHO-4: a server too old for echo is refused with a sentence", async () => {
    const { serve, connect, clock } = simulate();
    serve("a", { info: { proto: 0 } });
    const error = await rejection(connect({ servers: "a", noEcho: true }));
    expect(error.message).toContain("noEcho");
    expect(clock.pendingTimers).toBe(0);
  });

  it("PROTO-24: CONNECT is sent once for each link, also when the server's INFO comes again", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    last(server)?.sendInfo({ nonce: "again" });
    await clock.advance(100);
    await clock.until(nc.flush());
    expect(lines(server).filter((line) => line.startsWith("CONNECT"))).toHaveLength(1);
  });

  it("CONN-MISC-5, PROTO-19: +OK is consumed silently, and every flush still meets its own PONG", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", verbose: true });
    expect(last(server)?.options?.verbose).toBe(true);
    const errors = recorded(nc, "error", "disconnect");
    const sub = nc.subscribe("a");
    for (let i = 0; i < 20; i++) {
      nc.publish("a", String(i));
      last(server)?.send("+OK\r\n+ok\r\n");
      await clock.until(nc.flush());
      expect(sub.getReceived()).toBe(i + 1);
    }
    expect(errors).toEqual([]);
  });

  it("CONN-MISC-1: max_payload is that of the server we are on, after each INFO", async () => {
    const { serve, connect, clock } = simulate();
    serve("a", { info: { max_payload: 100 } });
    const nc = await connect({ servers: "a,b", noRandomize: true });
    expect(nc.info?.max_payload).toBe(100);
    expect(() => nc.publish("a", "x".repeat(101))).toThrow("101");
    const second = serve("b", { info: { max_payload: 10 } });
    await nc.reconnect();
    await clock.advance(10_000);
    if (nc.getServer() === "b:4222") {
      expect(nc.info?.max_payload).toBe(10);
      last(second)?.sendInfo({ max_payload: 20 });
      await clock.advance(10);
      expect(() => nc.publish("a", "x".repeat(21))).toThrow("21");
      nc.publish("a", "x".repeat(20));
    }
    expect(nc.getServer()).toBe("b:4222");
  });

  it("PROTO-14, PROTO-23: sids are numbers that are never used twice on a connection, also over reconnects", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const sids = new Set<number>();
    for (let i = 0; i < 50; i++) {
      const sub = nc.subscribe("a");
      sids.add(sub.getID());
      sub.unsubscribe();
    }
    await nc.reconnect();
    await clock.advance(5_000);
    for (let i = 0; i < 50; i++) sids.add(nc.subscribe("a").getID());
    await clock.until(nc.flush());
    expect(sids.size).toBe(100);
    for (const line of lines(server).filter((one) => one.startsWith("SUB"))) expect(line).toMatch(/^SUB a \d+$/);
  });
});

describe("time", () => {
  it("CONN-TIMEOUT-1, CONN-TIMEOUT-3: each step up to the PONG counts, and its end is a TimeoutError, not a refusal", async () => {
    for (const script of [{ info: () => undefined }, { onPing: () => "silence" as const }]) {
      const { serve, connect, clock } = simulate();
      const server = serve("a", script);
      const begin = clock.now();
      const error = await rejection(connect({ servers: "a", timeout: 700 }));
      expect(error).toBeInstanceOf(ConnectError);
      expect(error.code).toBe("TIMEOUT");
      expect(error.cause).toBeInstanceOf(TimeoutError);
      expect(clock.now() - begin).toBe(700);
      await clock.settle();
      expect(server.connections.every((one) => !one.isOpen)).toBe(true);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("CONN-TIMEOUT-4: the same bound holds for every attempt of a reconnect", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", timeout: 300, reconnectTimeWait: 10, reconnectJitter: 0 });
    const failed = recorded(nc, "attemptFailed");
    server.script = { info: () => undefined };
    last(server)?.reset();
    await clock.advance(1_000);
    expect(failed.length).toBeGreaterThanOrEqual(2);
    expect(failed.every((one) => "error" in one && one.error instanceof TimeoutError)).toBe(true);
  });

  it("CONN-TIMEOUT-5, CONN-PING-7: a bound that is no positive number is refused before anything is dialled", async () => {
    const { connect, network } = simulate();
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const name of ["timeout", "deadline", "pingInterval", "drainTimeout"]) {
        expect((await rejection(connect({ servers: "a", [name]: bad }))).message).toContain(name);
      }
    }
    expect(network.dials).toHaveLength(0);
  });

  it("RECONN-WAIT-5: close() during the wait ends it at once, and leaves no timer", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", reconnectTimeWait: 60_000 });
    void server.stop();
    await clock.advance(1_000);
    expect(nc.state).toBe("waiting");
    const begin = clock.now();
    await nc.close();
    expect(clock.now()).toBe(begin);
    expect([nc.isClosed(), clock.pendingTimers]).toEqual([true, 0]);
  });
});

describe("what a connection tells", () => {
  it("ADR40-26, EVENTS-1, EVENTS-4: states and events through a whole life, in order", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc: NatsConnection = await connect({ servers: "a" });
    const types: string[] = [];
    (async () => {
      for await (const { type } of nc.status()) types.push(type);
    })().catch(() => types.push("failed"));
    const states = [nc.state];
    last(server)?.sendInfo({ connect_urls: ["b:4222"] });
    last(server)?.sendInfo({ connect_urls: ["b:4222"], ldm: true });
    last(server)?.err("Something Odd");
    await clock.advance(10);
    void server.stop();
    await clock.advance(200);
    states.push(nc.state);
    serve("a");
    await clock.advance(60_000);
    states.push(nc.state);
    await clock.until(nc.drain());
    states.push(nc.state);
    await clock.settle();
    expect(states).toEqual(["connected", expect.stringMatching(/dialing|waiting/), "connected", "closed"]);
    const order = types.filter((type) => !["attemptFailed", "reconnecting", "ping"].includes(type));
    expect(order).toEqual(["update", "ldm", "error", "disconnect", "reconnect", "close"]);
    expect(types.indexOf("reconnecting")).toBeGreaterThan(types.indexOf("disconnect"));
    expect([nc.isClosed(), nc.isDraining()]).toEqual([true, false]);
  });

  it("EVENTS-ERR-4: newly advertised servers are told", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const updates = recorded(nc, "update");
    last(server)?.sendInfo({ connect_urls: ["b:4222", "c:4222"] });
    await clock.advance(10);
    expect(updates).toMatchObject([{ added: ["b:4222", "c:4222"], deleted: [] }]);
  });

  it("ADR40-39, EVENTS-5: counters go on over links", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("a", { callback: () => {} });
    for (let i = 1; i <= 2; i++) {
      nc.publish("a", "12345");
      await clock.until(nc.flush());
      expect(nc.stats()).toMatchObject({
        inMsgs: i,
        outMsgs: i,
        inBytes: 5 * i,
        outBytes: 5 * i,
        connects: i,
        reconnects: i - 1,
      });
      if (i === 1) {
        last(server)?.reset();
        await clock.advance(5_000);
      }
    }
    expect(nc.stats().socketOutBytes).toBeGreaterThan(nc.stats().outBytes);
  });

  it("PROTO-20, EVENTS-ERR-1: an -ERR is told without its quotes, and one that closes nothing closes nothing", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const errors = recorded(nc, "error");
    last(server)?.send("-ERR 'Some New Thing'\r\n-err 'Invalid Subject'\r\n");
    await clock.until(nc.flush());
    expect(errors.map((one) => ("error" in one ? (one.error as { text?: string }).text : ""))).toEqual([
      "Some New Thing",
      "Invalid Subject",
    ]);
    expect(nc.state).toBe("connected");
  });
});
