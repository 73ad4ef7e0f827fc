// Losing servers and finding others, as the documentation counts it: attempts, order, waits, and what is kept meanwhile.
// Fakes and virtual time.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, type Simulation, simulate } from "../../test/simulated.js";
import {
  ConnectError,
  DisconnectedError,
  type NatsConnection,
  ReconnectBufferFullError,
  TimeoutError,
} from "../index.js";

const last = (server: FakeServer): FakeConnection | undefined => server.connections.at(-1);
const MIB = 1_024 * 1_024;
const refusing = {
  onConnect: (connection: FakeConnection) => {
    connection.err("Authorization Violation");
    connection.end();
    return "skip" as const;
  },
};

/** A client of `a`, which it lists first, that has just lost it; where it went and in which order. */
async function fled(
  seed: number,
  others: readonly string[],
): Promise<{ dials: string[]; nc: NatsConnection; world: Simulation }> {
  const world = simulate(seed);
  const a = world.serve("a");
  const nc = await world.connect({ servers: "a", reconnectJitter: 0, reconnectTimeWait: 3_600_000 });
  last(a)?.sendInfo({ connect_urls: ["a:4222", ...others.map((name) => `${name}:4222`)] });
  await world.clock.settle();
  const before = world.network.dials.length;
  await a.stop();
  await world.clock.advance(1_000);
  return { dials: world.network.dials.slice(before).map(({ hostname }) => hostname), nc, world };
}

describe("the number of attempts", () => {
  it("RECONN-MAX-7: one server and 10 attempts are exactly 10 reconnecting events, one disconnect, then close", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", maxReconnectAttempts: 10 });
    const events = recorded(nc, "disconnect", "reconnecting", "reconnect", "close");
    await a.stop();
    const reason = await clock.until(nc.closed());
    expect(reason).toBeInstanceOf(ConnectError);
    expect((reason as ConnectError).attempts).toHaveLength(10);
    expect(events.map(({ type }) => type)).toEqual(["disconnect", ...Array<string>(10).fill("reconnecting"), "close"]);
  });

  it("RECONN-MAX-1, RECONN-MAX-3, RECONN-MAX-6, RECONN-MAX-7: two servers killed in turn are two disconnects and 20 failed attempts", async () => {
    const { clock, connect, network, serve } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    const nc = await connect({ servers: "a,b", noRandomize: true, maxReconnectAttempts: 10 });
    const events = recorded(nc, "disconnect", "attemptFailed", "reconnect", "close");
    await a.stop();
    await clock.advance(1_000);
    expect(nc.getServer()).toBe("b:4222");
    const before = network.dials.length;
    await b.stop();
    await clock.until(nc.closed());
    const dialled = network.dials.slice(before).map(({ hostname }) => hostname);
    expect([dialled.filter((name) => name === "a").length, dialled.filter((name) => name === "b").length]).toEqual([
      10, 10,
    ]);
    const count = (type: string): number => events.filter((one) => one.type === type).length;
    expect([count("disconnect"), count("reconnect"), count("attemptFailed"), count("close")]).toEqual([2, 1, 20, 1]);
  });

  it("RECONN-DISABLE-1: with reconnect: false the one loss is told once, nothing is dialled, and closed() tells its cause", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true, reconnect: false });
    const events = recorded(nc, "disconnect", "reconnecting", "attemptFailed", "close");
    last(a)?.reset();
    const reason = await clock.until(nc.closed());
    expect(reason).toMatchObject({ code: "CONNECTION_RESET" });
    expect(events).toEqual([
      { type: "disconnect", epoch: 1, server: "a:4222", error: reason },
      { type: "close", error: reason },
    ]);
    await clock.advance(60_000);
    expect(network.dials).toHaveLength(1);
  });
});

describe("the order", () => {
  it("RECONN-RANDOM-1: of a reconnect is random: every order of the other servers occurs, each about as often", async () => {
    const orders = new Map<string, number>();
    for (let seed = 0; seed < 120; seed++) {
      const { dials } = await fled(seed, ["b", "c", "d"]);
      const order = dials.filter((name) => name !== "a").join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect([...orders.keys()].sort()).toEqual(["bcd", "bdc", "cbd", "cdb", "dbc", "dcb"]);
    const chiSquare = [...orders.values()].reduce((sum, n) => sum + (n - 20) ** 2 / 20, 0);
    expect(chiSquare).toBeLessThan(20.5); // p > 0.001 at 5 degrees of freedom
  });

  it("RECONN-RANDOM-2: with noRandomize is that of the list, for the first connect and for every reconnect", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { clock, connect, network, serve } = simulate(seed);
      const options = { servers: "a,b,c,d", noRandomize: true, reconnectJitter: 0, reconnectTimeWait: 3_600_000 };
      const d = serve("d");
      await connect(options);
      last(d)?.reset();
      await clock.advance(3_600_000);
      void d.stop();
      await clock.advance(7_200_000);
      const dialled = network.dials.map(({ hostname }) => hostname).join("");
      expect(dialled).toMatch(/^abcdabc[abcd]*$/);
      expect(dialled.slice(4).replaceAll("d", "")).toMatch(/^(abc)+(ab?)?$/);
    }
  });

  it("RECONN-RANDOM-3: of 200 clients of a server that dies each of the two others gets 80 to 120", async () => {
    const arrived: Record<string, number> = { b: 0, c: 0 };
    for (let seed = 0; seed < 200; seed++) {
      const { dials } = await fled(seed, ["b", "c"]);
      const [first = ""] = dials;
      arrived[first] = (arrived[first] ?? 0) + 1;
    }
    expect(Object.keys(arrived).sort()).toEqual(["b", "c"]);
    for (const n of Object.values(arrived)) expect(n).toSatisfy((count: number) => count >= 80 && count <= 120);
  });
});

describe("the waits", () => {
  it("ADR40-19, RECONN-WAIT-1, RECONN-WAIT-2: between two dials of one server are the wait and up to the jitter; another is dialled at once", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    await connect({ servers: "a,b", noRandomize: true, reconnectTimeWait: 500, reconnectJitter: 100 });
    await clock.advance(10_000);
    const lostAt = clock.now();
    await a.stop();
    await clock.advance(60_000);
    const after = network.dials.filter(({ at }) => at > 0);
    for (const name of ["a", "b"]) {
      const times = after.filter(({ hostname }) => hostname === name).map(({ at }) => at);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(gaps.length).toBeGreaterThan(80);
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(600);
      expect(Math.max(...gaps) - Math.min(...gaps)).toBeGreaterThan(80);
    }
    // The first two dials are of two servers, and no wait lies between them.
    expect((after[0]?.at ?? 0) - lostAt).toBeLessThanOrEqual(100);
    expect(after[1]?.at).toBe(after[0]?.at);
  });

  it.each([
    ["tls", { tls: true }],
    ["a URL of the list", { servers: "a, tls://b" }],
  ])(
    "RECONN-WAIT-3: where TLS is asked for by %s the jitter is that for TLS, 1 000 ms by default",
    async (_by, options) => {
      const { clock, connect, network } = simulate();
      const nc = await connect({ servers: "a", firstConnect: "background", reconnectTimeWait: 500, ...options });
      await clock.advance(120_000);
      const times = network.dials.filter(({ hostname }) => hostname === "a").map(({ at }) => at);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(500);
      expect(Math.max(...gaps)).toBeGreaterThan(1_200);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(1_500);
      await nc.close();
    },
  );

  it("ADR40-18, D15: by default they grow with full jitter up to 30 s, and begin anew after a success", async () => {
    const { clock, connect, network, serve } = simulate(3);
    let server = serve("a");
    const nc = await connect({ servers: "a" });
    for (let outage = 0; outage < 2; outage++) {
      await clock.advance(60_000);
      expect(nc.state).toBe("connected");
      const lostAt = clock.now();
      await server.stop();
      await clock.advance(3_600_000);
      const times = network.dials.filter(({ at }) => at >= lostAt).map(({ at }) => at - lostAt);
      expect(times[0]).toBeLessThanOrEqual(100);
      const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      for (const [index, gap] of gaps.entries()) expect(gap).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** index));
      expect(Math.max(...gaps)).toBeGreaterThan(25_000);
      // Full jitter: not only the bound grows, short waits go on to occur.
      expect(Math.min(...gaps.slice(8))).toBeLessThan(5_000);
      server = serve("a");
    }
  });

  it("D11: refused credentials are tried again and never close it; the limit counts only what follows each other without success", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const patient = await connect({ servers: "a" });
    const strict = await connect({ servers: "a", ignoreAuthErrorAbort: false });
    for (let round = 0; round < 3; round++) {
      // One refusal for each, then a success: never two in a row.
      const refused = new Set<number>();
      a.script = {
        onConnect: (connection) => {
          if (refused.size >= 2) return undefined;
          refused.add(connection.index);
          return refusing.onConnect(connection);
        },
      };
      for (const connection of a.connections) if (connection.isOpen) connection.reset();
      await clock.advance(90_000);
      expect([patient.state, strict.state]).toEqual(["connected", "connected"]);
    }
    a.script = refusing;
    for (const connection of a.connections) if (connection.isOpen) connection.reset();
    expect(await clock.until(strict.closed())).toMatchObject({ code: "AUTHORIZATION_VIOLATION" });
    await clock.advance(3_600_000);
    expect(patient.isClosed()).toBe(false);
    a.script = {};
    await clock.advance(60_000);
    expect(patient.state).toBe("connected");
  });
});

describe("what is kept", () => {
  it("P5, D7: outlives any number of failed dials, and is sent whole, in order, once, behind the subscriptions", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnectTimeWait: 100, reconnectJitter: 0 });
    const dropped = recorded(nc, "dropped");
    nc.subscribe("x");
    await clock.settle();
    await a.stop();
    await clock.settle();
    const before = network.dials.length;
    for (let i = 0; i < 10; i++) {
      nc.publish("x", `message ${i}`);
      await clock.advance(1_000);
    }
    expect(network.dials.length - before).toBeGreaterThan(50);
    // A server that takes the link and refuses it must get none of it either.
    const refused = serve("a", refusing);
    await clock.advance(1_000);
    expect(refused.connections.flatMap(({ received }) => received.filter(({ op }) => op === "PUB"))).toEqual([]);
    await refused.stop();
    const b = serve("a");
    await clock.advance(1_000);
    const sent = last(b)
      ?.received.map(({ text }) => text)
      .slice(2);
    expect(sent).toEqual(["SUB x 1", ...Array.from({ length: 10 }, (_, i) => `PUB x 9\r\nmessage ${i}`)]);
    expect([dropped, nc.stats().droppedMsgs]).toEqual([[], 0]);
  });

  it("D7: is 8 MiB by default, after which publish throws and what was accepted stays", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    await a.stop();
    await clock.settle();
    const payload = new Uint8Array(MIB - 64);
    for (let i = 0; i < 8; i++) nc.publish("x", payload);
    expect(() => nc.publish("x", payload)).toThrow(ReconnectBufferFullError);
    expect(nc.bufferedBytes).toBeLessThanOrEqual(8 * MIB);
    const b = serve("a");
    await clock.advance(5_000);
    await clock.until(nc.flush());
    expect(last(b)?.received.filter(({ op }) => op === "PUB")).toHaveLength(8);
  });

  it("RECONN-BUFFER-6: is told as dropped, before the close, when the connection gives up", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", maxReconnectAttempts: 3 });
    const events = recorded(nc, "dropped", "close");
    await a.stop();
    await clock.settle();
    nc.publish("x", "1");
    nc.publish("x", "2");
    await clock.until(nc.closed());
    expect(events).toMatchObject([{ type: "dropped", messages: 2, reason: "closed" }, { type: "close" }]);
    expect(nc.stats().droppedMsgs).toBe(2);
  });

  it("P14, D9: a request in flight rejects with sent true, one that is refused here with sent false, and neither waits", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a", { onPub: () => "skip" });
    const nc = await connect({ servers: "a" });
    const requests = [false, true].map((noMux) => rejection(nc.request("x", "", { timeout: 60_000, noMux })));
    await clock.settle();
    const lostAt = clock.now();
    last(a)?.reset();
    for (const error of await Promise.all(requests)) {
      expect(error).toBeInstanceOf(DisconnectedError);
      expect(error).toMatchObject({ sent: true, subject: "x" });
    }
    expect(clock.now() - lostAt).toBeLessThanOrEqual(50);
    await a.stop();
    await clock.settle();
    const begin = clock.now();
    const late = await rejection(clock.until(nc.request("x", "", { timeout: 700 })));
    expect(late).toBeInstanceOf(TimeoutError);
    expect(clock.now() - begin).toBe(700);
  });
});

describe("a first connect", () => {
  it.each([0, 1, 2, -1])(
    "SEED-42: goes through the whole list whatever the limit of attempts is (%i)",
    async (limit) => {
      const { connect, network, serve } = simulate();
      serve("c");
      const nc = await connect({ servers: "a,b,c", noRandomize: true, maxReconnectAttempts: limit });
      expect(nc.getServer()).toBe("c:4222");
      expect(network.dials.map(({ hostname }) => hostname)).toEqual(["a", "b", "c"]);
    },
  );

  it("ADR40-7, D5, CONN-TIMEOUT-1: is bounded by 5 s a server from the name to the PONG, all steps together, and by nothing else", async () => {
    const { clock, connect, network, serve } = simulate();
    network.blackHole("a", 4222);
    // Each step alone is well within the bound; together they are not.
    serve("b", {
      info: () => undefined,
      onAccept: (connection) => void clock.after(2_000, () => connection.sendInfo()),
      onPing: (connection) => {
        clock.after(4_000, () => connection.pong());
        return "silence";
      },
    });
    const error = (await rejection(connect({ servers: "a,b", noRandomize: true }))) as ConnectError;
    expect(error.attempts.map(({ ms, phase, server }) => [server, phase, ms])).toEqual([
      ["nats://a:4222", "tcp", 5_000],
      ["nats://b:4222", "ping", 5_000],
    ]);
    const begin = clock.now();
    const nc = await connect({ servers: "a", firstConnect: "background" });
    await clock.advance(3_600_000);
    expect([nc.isClosed(), clock.now() - begin]).toEqual([false, 3_600_000]);
    await nc.close();
  });
});
