// What the runs of every call under every fault once found, each as a sentence of its own: promises nobody awaits, timers left by
// a listener that closes, user code that answers promises, and ends that never came.

import type { Transport, TransportConnection } from "@myelin/contracts";
import type { FakeServer } from "@myelin/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { trap } from "../test/escape/traps.js";
import { recorded, rejection, simulate } from "../test/simulated.js";
import {
  ClosedConnectionError,
  type ConnectionOptions,
  connect,
  DrainError,
  errors,
  InvalidOperationError,
} from "./index.js";

/** What would have ended the process, from now on. */
function escapes(): string[] {
  const caught: string[] = [];
  onTestFinished(trap((what) => caught.push(what)));
  return caught;
}

async function connected(options: ConnectionOptions = {}) {
  const world = simulate();
  const server = world.serve("a");
  const nc = await world.connect({ servers: "a", timeout: 300, ...options });
  return { ...world, server, nc };
}

/** A transport whose connections do some things in their own way. */
function altered(transport: Transport, own: (inner: TransportConnection) => Partial<TransportConnection>): Transport {
  return {
    schemes: transport.schemes,
    async connect(target, sink, signal) {
      const inner = await transport.connect(target, sink, signal);
      const mine = own(inner);
      return new Proxy(inner, {
        get(_, name) {
          const value: unknown = Reflect.get(Object.hasOwn(mine, name) ? mine : inner, name);
          return typeof value === "function" ? value.bind(inner) : value;
        },
      });
    },
  };
}

describe("a promise nobody awaits yet", () => {
  it("P6: any call that rejects before it is awaited, or is never awaited, does not end the process", async () => {
    const caught = escapes();
    const { clock, nc, server } = await connected();
    const sub = nc.subscribe("x", { pending: { messages: 1, overflow: "error" } });
    const handled = sub.process(() => new Promise(() => {}));
    const late: Promise<unknown>[] = [
      nc.flush(),
      nc.rtt(),
      nc.publishConfirmed("x"),
      nc.request("x"),
      nc.requestMany("a b"),
      sub.drain(),
    ];
    server.connections[0]?.reset();
    await clock.advance(1);
    late.push(nc.flush({ timeout: -1 }), nc.publishConfirmed("a b"), nc.drain({ timeout: 0 }), nc.writable());
    await nc.close();
    late.push(nc.drain(), nc.reconnect(), nc.request("x"));
    await clock.settle();
    for (const one of late.slice(0, 3)) expect(await rejection(one)).toHaveProperty("code", "DISCONNECTED");
    expect(caught).toEqual([]);
    void handled;
  });
});

describe("a listener that calls back", () => {
  it("P6: closing on a ping leaves no timer", async () => {
    const { clock, nc, server } = await connected({ pingInterval: 100 });
    server.script = { onPing: () => "silence" };
    nc.on("ping", () => nc.close());
    await clock.advance(150);
    expect([nc.state, clock.pendingTimers]).toEqual(["closed", 0]);
  });

  it("P6: closing on an error of the strategy, or on forceReconnect, ends a wait", async () => {
    const rank = (): never => {
      throw new Error("mine");
    };
    for (const type of ["error", "forceReconnect"] as const) {
      const caught = escapes();
      const { clock, nc, server } = await connected({ strategy: { name: "bad", rank } });
      nc.on(type, () => nc.close());
      await server.stop();
      await clock.advance(1);
      if (type === "forceReconnect") await nc.reconnect();
      await clock.advance(1_000);
      expect([nc.state, clock.pendingTimers, caught]).toEqual(["closed", 0, []]);
    }
  });

  it("P6: closing on an update, in the middle of a handshake, writes nothing more", async () => {
    const { clock, network, serve } = simulate();
    const server = serve("a");
    const written: string[] = [];
    let over = false;
    const transport = altered(network.transport, (inner) => ({
      write: (chunk: Uint8Array) => {
        if (over) written.push(new TextDecoder().decode(chunk));
        return inner.write(chunk);
      },
    }));
    const nc = await clock.until(connect({ servers: "a" }, { transports: [transport], clock, random: () => 0.5 }));
    nc.on("update", () => {
      over = true;
      return nc.close();
    });
    await server.stop();
    serve("a", { info: { connect_urls: ["b:4222"] } });
    await clock.advance(2_000);
    expect([over, nc.state, written]).toEqual([true, "closed", []]);
  });

  it("P6: closing when the link is found stale, publishing throws afterwards", async () => {
    const { clock, nc, server } = await connected({ pingInterval: 100, maxPingOut: 1 });
    server.script = { onPing: () => "silence" };
    const events = recorded(nc, "staleConnection", "close");
    nc.on("staleConnection", () => nc.close());
    await clock.advance(1_000);
    expect(events.map(({ type }) => type)).toEqual(["staleConnection", "close"]);
    expect(() => nc.publish("x")).toThrow(ClosedConnectionError);
    expect([nc.bufferedBytes, clock.pendingTimers]).toEqual([0, 0]);
  });
});

describe("user code that answers a promise", () => {
  it("P9, D13: an async listener, sentinel, key and reconnectDelayHandler that reject are told, and nothing else", async () => {
    const caught = escapes();
    const fails = async (): Promise<never> => {
      throw new Error("mine");
    };
    const { clock, nc, server } = await connected({ reconnectDelayHandler: fails as never, gossip: fails as never });
    const told = recorded(nc, "error");
    nc.subscribe("echo", { callback: (_, msg) => void msg.respond("a") });
    nc.on("disconnect", fails);
    const many = await nc.requestMany("echo", "", { sentinel: fails as never });
    await clock.settle();
    const loop = async (): Promise<void> => {
      for await (const _ of many);
    };
    expect(await rejection(clock.until(loop()))).toMatchObject({ code: "CALLBACK_FAILED", callback: "sentinel" });
    void nc.subscribe("x", { max: 1 }).process(() => {}, { key: fails });
    nc.publish("x");
    server.sendInfo({ connect_urls: ["b:4222"] });
    await clock.advance(1);
    await server.stop();
    await clock.advance(5_000);
    await nc.close();
    await clock.settle();
    const kinds = new Set(told.flatMap((status) => ("error" in status ? [status.error?.message] : [])));
    expect([...kinds].filter((message) => message?.includes("listener callback failed: mine"))).toHaveLength(1);
    expect([...kinds].filter((message) => message?.includes('subscription callback on "x" failed: mine'))).toHaveLength(
      1,
    );
    expect([...kinds].filter((message) => message?.includes("server pool")).length).toBeGreaterThan(0);
    expect(caught).toEqual([]);
  });

  it("P9, D13: a callback may answer any thenable, and throw what cannot be printed", async () => {
    const caught = escapes();
    const { clock, nc } = await connected();
    const told = recorded(nc, "error");
    const answers = [
      // biome-ignore lint/suspicious/noThenProperty: a thenable
      () => ({ then: (_: unknown, reject: (cause: Error) => void) => reject(new Error("mine")) }),
      () => {
        throw Object.create(null);
      },
      async () => {
        throw Object.create(null);
      },
    ];
    for (const callback of answers) nc.subscribe("x", { callback });
    nc.publish("x");
    await clock.settle();
    expect(told.map((status) => status.type === "error" && status.error.message).sort()).toEqual([
      'a subscription callback on "x" failed: mine',
      'a subscription callback on "x" failed: something that cannot be printed',
      'a subscription callback on "x" failed: something that cannot be printed',
    ]);
    expect(caught).toEqual([]);
  });
});

describe("ends that come", () => {
  it("P6: close() ends a drain that waits for a handler, and its timer", async () => {
    const { clock, nc } = await connected();
    const sub = nc.subscribe("x");
    void sub.process(() => new Promise(() => {}));
    nc.publish("x");
    await clock.settle();
    const drain = nc.drain();
    await clock.advance(10);
    await nc.close();
    expect(await rejection(drain)).toBeInstanceOf(DrainError);
    expect(clock.pendingTimers).toBe(0);
  });

  it("P6: close() ends the drain of a subscription whose consumer reads no more", async () => {
    const { clock, nc } = await connected();
    const sub = nc.subscribe("x");
    const iterator = sub[Symbol.asyncIterator]();
    nc.publish("x");
    nc.publish("x");
    await clock.settle();
    await iterator.next();
    const drain = sub.drain();
    await clock.advance(10);
    await nc.close();
    expect(await rejection(drain)).toBeInstanceOf(ClosedConnectionError);
  });

  it("P6: a consumer that asks again before it is answered gets one message for each, or the end", async () => {
    const { clock, nc } = await connected();
    const iterator = nc.subscribe("x", { max: 2 })[Symbol.asyncIterator]();
    const asked = [iterator.next(), iterator.next(), iterator.next()];
    nc.publish("x", "1");
    nc.publish("x", "2");
    const answers = await clock.until(Promise.all(asked));
    expect(answers.map((one) => (one.done === true ? "end" : one.value.string()))).toEqual(["1", "2", "end"]);
  });

  it("P6: events asked for after the end have ended", async () => {
    const { nc } = await connected();
    await nc.close();
    expect(await nc.status().next()).toEqual({ done: true, value: undefined });
  });

  it("P6: a request with an inbox of its own ends like any other when the connection drains", async () => {
    const { clock, nc } = await connected();
    nc.subscribe("quiet", { callback: () => {} });
    const asked = nc.request("quiet", "", { noMux: true, timeout: 5_000 });
    await clock.settle();
    await clock.until(nc.drain());
    expect(await rejection(asked)).toBeInstanceOf(ClosedConnectionError);
  });

  it("P6: a transport that throws on write or rejects on close does not keep it from ending", async () => {
    const caught = escapes();
    const { clock, network, serve } = simulate();
    serve("a");
    let hostile = "";
    const fail = (): never => {
      throw new Error("no write");
    };
    const transport = altered(network.transport, (inner) => ({
      write: (chunk: Uint8Array) => (hostile === "write" ? fail() : inner.write(chunk)),
      close: () => (hostile === "close" ? Promise.reject(new Error("no")) : inner.close()),
    }));
    const nc = await clock.until(connect({ servers: "a" }, { transports: [transport], clock, random: () => 0.5 }));
    hostile = "write";
    nc.publish("x");
    await clock.advance(1);
    expect(nc.state).not.toBe("connected");
    hostile = "";
    await clock.advance(1_000);
    expect(nc.state).toBe("connected");
    hostile = "close";
    await nc.close();
    expect([await nc.closed(), clock.pendingTimers, caught]).toEqual([undefined, 0, []]);
  });
});

describe("a link lost right after a move", () => {
  it("RECONN-1: the next link brings messages from its first moment on", async () => {
    const { clock, connect: open, serve } = simulate();
    const servers = new Map<string, FakeServer>(["a", "b"].map((name) => [`${name}:4222`, serve(name)]));
    const nc = await open({ servers: "a,b", reconnectJitter: 1 });
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
    await clock.until(nc.reconnect({ graceful: true }));
    servers.get(nc.getServer())?.connections.at(-1)?.reset();
    await clock.advance(50);
    expect(nc.state).toBe("connected");
    nc.publish("x", "on the third link");
    await clock.settle();
    expect(got).toEqual(["on the third link"]);
    await nc.close();
  });
});

describe("a limit set during a move that fails", () => {
  it("RECV-UNSUB-AFTER-2: holds, and the server that stays does not end it early", async () => {
    const { clock, connect: open, serve } = simulate();
    const servers = new Map<string, FakeServer>(["a", "b"].map((name) => [`${name}:4222`, serve(name)]));
    const nc = await open({ servers: "a,b" });
    const got: string[] = [];
    const sub = nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
    for (const text of ["1", "2"]) nc.publish("x", text);
    await clock.settle();
    const moved = nc.reconnect({ graceful: true });
    await clock.advance(50);
    sub.unsubscribe(4);
    for (const [name, server] of servers) if (name !== nc.getServer()) server.connections.at(-1)?.reset();
    await clock.advance(50);
    expect(await rejection(moved)).toHaveProperty("code");
    for (const text of ["3", "4", "5"]) nc.publish("x", text);
    await clock.settle();
    expect([got, sub.isClosed()]).toEqual([["1", "2", "3", "4"], true]);
    await nc.close();
  });

  it("P6: closing when its attempt has failed leaves no timer", async () => {
    const { clock, connect: open, serve } = simulate();
    const [a] = [serve("a"), serve("b", { info: () => undefined })];
    const nc = await open({ servers: "a,b", noRandomize: true, timeout: 100 });
    nc.on("attemptFailed", () => nc.close());
    a?.sendInfo({ ldm: true });
    await clock.advance(3_000);
    expect([nc.state, clock.pendingTimers]).toEqual(["closed", 0]);
  });
});

describe("bad arguments", () => {
  it("P6: a signal that is none is refused before anything is done, and leaves no timer", async () => {
    const { clock, nc } = await connected();
    const timers = clock.pendingTimers;
    const signal = {} as AbortSignal;
    const refused: Promise<unknown>[] = [
      nc.flush({ timeout: 50, signal }),
      nc.rtt({ timeout: 50, signal }),
      nc.request("x", "", { signal }),
    ];
    refused.push(nc.publishConfirmed("x", "", { timeout: 50, signal }), nc.requestMany("x", "", { signal }));
    for (const one of refused)
      expect(await rejection(one)).toMatchObject({ code: "INVALID_ARGUMENT", argument: "signal" });
    for (const options of [
      { signal, timeout: 50 },
      { callback: 42 as never, timeout: 50 },
    ]) {
      expect(() => nc.subscribe("x", options)).toThrow(errors.InvalidArgumentError);
    }
    const sub = nc.subscribe("x");
    expect(() => sub.process(() => {}, { signal })).toThrow(errors.InvalidArgumentError);
    expect(() => sub.process(42 as never)).toThrow(errors.InvalidArgumentError);
    // It was not taken as consumed.
    void sub.process(() => {});
    expect(() => sub.process(() => {})).toThrow(InvalidOperationError);
    expect(() => nc.on("error", undefined as never)).toThrow(errors.InvalidArgumentError);
    expect(clock.pendingTimers).toBe(timers);
  });
});
