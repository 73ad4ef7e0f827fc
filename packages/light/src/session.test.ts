// Losing servers and finding others. Fakes and virtual time.

import type { Transport } from "@myelin/contracts";
import { eventViolation, type FakeConnection, type FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate, thrown } from "../test/simulated.js";
import type { ConnectError } from "./index.js";
import { resolveOptions } from "./options.js";
import { serverList } from "./server-list.js";

const last = (server: FakeServer): FakeConnection => server.connections.at(-1) as FakeConnection;
describe("a lost link", () => {
  it("is replaced by another server; subscriptions, kept publishes and kept requests go on, sent requests end", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const b = serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc);
    const seen: string[] = [];
    nc.subscribe("s", { queue: "q", callback: (_, msg) => seen.push(msg.string()) });
    const sent = rejection(nc.request("s", "asked", { timeout: 9_000 }));
    await clock.settle();
    await a.stop();
    await clock.settle();
    expect((await sent) as unknown).toMatchObject({ code: "DISCONNECTED", sent: true, subject: "s" });
    expect(nc.publish("s", "kept")).toBe(true);
    const kept = nc.request("s", "kept request", { timeout: 9_000 });
    const flushed = nc.flush();
    nc.subscribe("late", { callback: () => {} });
    await clock.advance(200);
    expect(nc.getServer()).toBe("b:4222");
    await clock.until(flushed);
    expect(seen).toEqual(["asked", "kept", "kept request"]);
    expect(last(b).received.flatMap((op) => (op.op === "SUB" ? [op.subject] : []))).toEqual([
      expect.stringMatching(/^_INBOX\./),
      "s",
      "late",
    ]);
    expect((await clock.until(rejection(kept))).code).toBe("TIMEOUT");
    expect(events.map(({ type }) => type)).toEqual(["disconnect", "reconnecting", "reconnect"]);
    expect(eventViolation(events, 1)).toBeUndefined();
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("never makes it give up, and waits longer and longer for one server, within 30 s", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    await a.stop();
    await clock.advance(3_600_000);
    expect(nc.isClosed()).toBe(false);
    const times = network.dials.length;
    expect(times).toBeGreaterThan(200);
    expect(times).toBeLessThan(400);
    serve("a");
    await clock.advance(30_000);
    expect(nc.state).toBe("connected");
    await clock.until(nc.close());
  });

  it("RECONN-MAX-7: one server and 10 attempts are exactly 10 reconnecting events, one disconnect, then close", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", maxReconnectAttempts: 10 });
    const events = recorded(nc, "disconnect", "reconnecting", "reconnect", "close");
    await a.stop();
    const reason = await clock.until(nc.closed());
    expect((reason as ConnectError).attempts).toHaveLength(10);
    expect(events.map(({ type }) => type)).toEqual(["disconnect", ...Array<string>(10).fill("reconnecting"), "close"]);
  });

  it("with reconnect: false closes it, with the cause", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnect: false });
    const sub = nc.subscribe("s");
    last(a).reset();
    const reason = await clock.until(nc.closed());
    expect(reason).toBeInstanceOf(Error);
    expect(await sub.closed).toBe(reason);
  });

  it("with reconnectTimeWait waits as long as that before the same server", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnectTimeWait: 10_000, reconnectJitter: 0 });
    await a.stop();
    await clock.advance(35_000);
    expect(network.dials.length).toBe(4);
    await clock.until(nc.close());
  });

  it("with something in its queue hands that to the next one: a request once, subscriptions once, and no write above 1 MiB", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    const b = serve("b");
    const writes: number[] = [];
    const recording: Transport = {
      schemes: ["nats"],
      async connect(target, sink, signal) {
        const stream = await network.transport.connect(target, sink, signal);
        const { write } = stream;
        stream.write = (chunk) => {
          writes.push(chunk.length);
          return write.call(stream, chunk);
        };
        return stream;
      },
    };
    const nc = await connect({ servers: "a,b", noRandomize: true, transports: [recording] });
    nc.subscribe("echo", { callback: (_, msg) => msg.respond("y") });
    const asked: Promise<unknown>[] = [];
    nc.subscribe("s", {
      max: 9,
      callback: () => {
        asked.push(nc.request("echo", "x", { timeout: 9_000 }));
      },
    });
    await clock.until(nc.flush());
    // The link ends in the turn in which the request was made.
    last(a).send("MSG s 2 0\r\n\r\nNONSENSE\r\n");
    await clock.settle();
    for (let i = 0; i < 3; i++) nc.publish("big", new Uint8Array(700_000));
    expect(await clock.until(Promise.all(asked))).toMatchObject([{ subject: expect.stringMatching(/^_INBOX/) }]);
    const subscribed = last(b).received.flatMap((op) => (op.op === "SUB" ? [op.subject] : []));
    expect(subscribed).toEqual([expect.stringMatching(/^_INBOX/), "echo", "s"]);
    expect(Math.max(...writes)).toBeLessThanOrEqual(1024 * 1024);
    expect(Math.max(...writes)).toBeGreaterThan(700_000);
    await clock.until(nc.close());
  });

  it("that ends again and again within seconds is waited for longer and longer", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.on("reconnect", () => last(a).end());
    last(a).end();
    await clock.advance(60_000);
    expect(a.dials).toBeGreaterThan(3);
    expect(a.dials).toBeLessThan(40);
    await clock.until(nc.close());
  });

  it("may be answered by a listener with close(), and nothing is dialled then", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.on("staleConnection", () => void nc.close());
    a.script = { onPing: () => "silence" };
    await clock.until(nc.closed());
    await clock.advance(60_000);
    expect(network.dials).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("bounds what is kept, in bytes and in messages", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a", reconnectBuffer: { messages: 3, bytes: 60 } });
    await a.stop();
    await clock.settle();
    expect([1, 2, 3].map((n) => nc.publish("s", String(n)))).toEqual([true, false, false]);
    expect(thrown(() => nc.publish("s")).code).toBe("RECONNECT_BUFFER_FULL");
    const events = recorded(nc, "dropped", "close");
    await clock.until(nc.close());
    expect(events).toMatchObject([{ type: "dropped", messages: 3, reason: "closed" }, { type: "close" }]);
  });

  it("drops what the next server does not take, and tells", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const b = serve("b", { info: { max_payload: 5, headers: false } });
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc, "dropped");
    await a.stop();
    await clock.settle();
    nc.publish("big", "123456");
    const big = rejection(nc.request("big", "123456", { timeout: 9_000 }));
    nc.publish("small", "1");
    await clock.advance(200);
    expect(events).toMatchObject([{ messages: 2, reason: "max-payload" }]);
    expect((await big).code).toBe("INVALID_OPERATION");
    expect(last(b).received.flatMap((op) => (op.op === "PUB" ? [op.subject] : []))).toEqual(["small"]);
    await clock.until(nc.close());
  });

  it("by bad bytes, a text nobody knows and an -ERR is a link lost, never the process", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc);
    last(a).send("MSG a b\r\n");
    await clock.advance(200);
    last(a).err("Slow Consumer");
    last(a).end();
    await clock.advance(10_000);
    expect(nc.state).toBe("connected");
    expect(
      events.flatMap((event) => (event.type === "disconnect" ? [(event.error as { code?: string }).code] : [])),
    ).toEqual(["PROTOCOL_ERROR", "SERVER_ERROR"]);
    expect(eventViolation(events, 1)).toBeUndefined();
    await clock.until(nc.close());
  });
});

describe("a silent peer", () => {
  it("is pinged, and given up after a minute of silence, or after 20 s with something unanswered", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc);
    a.script = { onPing: () => "silence" };
    await clock.advance(60_000);
    expect(events.map(({ type }) => type).slice(0, 4)).toEqual(["ping", "ping", "staleConnection", "disconnect"]);
    const begin = clock.now();
    a.script = {};
    await clock.advance(10_000);
    expect(nc.state).toBe("connected");
    a.script = { onPing: () => "silence" };
    nc.publish("s");
    const lost = new Promise<number>((resolve) => nc.on("disconnect", () => resolve(clock.now())));
    expect((await clock.until(lost)) - begin - 10_000).toBeLessThanOrEqual(20_000);
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("is not concluded from a clock that jumped: it is asked first", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "disconnect", "ping");
    await clock.stall(600_000);
    await clock.advance(3_000);
    expect(events.map(({ type }) => type)).toEqual(["ping"]);
    await clock.until(nc.close());
  });
});

describe("the cluster", () => {
  it("is learned, forgotten when it shrinks, and dialled with the scheme and credentials of the teacher", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a", { info: { connect_urls: ["a:4222", "b:4222", "c:4222"] } });
    const b = serve("b");
    const nc = await connect({ servers: "nats://u:p@a" });
    const events = recorded(nc, "update");
    last(a).sendInfo({ connect_urls: ["a:4222", "b:4222", "d:4222"] });
    await clock.settle();
    expect(events).toMatchObject([{ added: ["d:4222"], deleted: ["c:4222"] }]);
    last(a).sendInfo({ connect_urls: ["a:4222", "b:4222"] });
    // No list says nothing.
    last(a).sendInfo({ connect_urls: undefined as never });
    await clock.settle();
    const before = network.dials.length;
    await a.stop();
    await clock.advance(200);
    expect(network.dials.slice(before).map(({ hostname }) => hostname)).toEqual(["b"]);
    expect(last(b).options).toMatchObject({ user: "u", pass: "p" });
    await clock.until(nc.close());
  });

  it("is left alone with ignoreClusterUpdates", async () => {
    const { clock, connect, network, serve } = simulate();
    const a = serve("a", { info: { connect_urls: ["b:4222"] } });
    const nc = await connect({ servers: "a", ignoreClusterUpdates: true });
    await a.stop();
    await clock.advance(5_000);
    expect(new Set(network.dials.map(({ hostname }) => hostname))).toEqual(new Set(["a"]));
    await clock.until(nc.close());
  });

  it("tells once of a server that leaves, and is left when it closes", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc);
    last(a).sendInfo({ ldm: true });
    last(a).sendInfo({ ldm: true });
    await clock.advance(5_000);
    expect(events).toMatchObject([{ type: "ldm", server: "a:4222", epoch: 1 }]);
    await a.stop();
    await clock.advance(500);
    expect(nc.getServer()).toBe("b:4222");
    await clock.until(nc.close());
  });
});

describe("a page that wakes", () => {
  it("dials at once where it waited, and asks its link for a sign of life", async () => {
    let wake = (): void => {};
    let stopped = false;
    const world = simulate(1, {
      wake: (run) => {
        wake = run;
        return () => {
          stopped = true;
        };
      },
    });
    const a = world.serve("a");
    const nc = await world.connect({ servers: "a", reconnectTimeWait: 3_600_000 });
    const events = recorded(nc, "ping", "staleConnection");
    wake();
    await world.clock.advance(2_500);
    expect(events.map(({ type }) => type)).toEqual(["ping"]);
    a.script = { onPing: () => "silence" };
    wake();
    await world.clock.advance(2_500);
    expect(events.map(({ type }) => type)).toEqual(["ping", "ping", "staleConnection"]);
    expect(nc.state).toBe("waiting");
    a.script = {};
    wake();
    await world.clock.settle();
    await world.clock.advance(1);
    expect(nc.state).toBe("connected");
    await world.clock.until(nc.close());
    expect(stopped).toBe(true);
  });

  it.each([
    ["one server", "a", 7_500, 4],
    ["a pool", "a,b,c", 10_000, 4],
  ])("P25: lets the waits of %s grow from the shortest again", async (_what, servers, ms, least) => {
    let wake = (): void => {};
    const world = simulate(1, {
      wake: (run) => {
        wake = run;
        return () => {};
      },
    });
    const a = world.serve("a");
    const nc = await world.connect({ servers });
    await a.stop();
    await world.clock.advance(600_000);
    wake();
    await world.clock.settle();
    const dials = world.network.dials.length;
    await world.clock.advance(ms);
    expect(world.network.dials.length - dials).toBeGreaterThanOrEqual(least);
    await nc.close();
  });

  it("P25: is not held back by links that were short before", () => {
    const list = serverList(resolveOptions({ servers: "a", reconnectJitter: 0 }), ["nats"], () => 0.999);
    const [a] = list.all();
    if (a === undefined) throw new Error("no server");
    const shortLink = (now: number): number => {
      list.connected(a, now);
      list.lost(a, now);
      const decision = list.decide(now);
      return decision !== undefined && "waitUntil" in decision ? decision.waitUntil - now : 0;
    };
    const waits = [0, 1, 2, 3, 4, 5, 6, 7].map((minute) => shortLink(minute * 60_000));
    expect(waits.slice(0, 2)).toEqual([0, 499.5]);
    expect(waits.at(-1)).toBe(0.999 * 30_000);
    list.wake();
    expect([8, 9].map((minute) => shortLink(minute * 60_000))).toEqual(waits.slice(0, 2));
  });
});
