// Everything a connection tells, each event caused on purpose, and user code that fails in every place it is called.
// Fakes and virtual time. EVENTS-*, D13, D14.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../test/simulated.js";
import { CallbackError, deferred, headers, type Status, type StatusType } from "./index.js";

const last = (server: FakeServer): FakeConnection | undefined => server.connections.at(-1);

// Kept complete by its type.
const EVERY_TYPE: { readonly [type in StatusType]: true } = {
  connect: true,
  disconnect: true,
  reconnecting: true,
  attemptFailed: true,
  reconnect: true,
  handover: true,
  update: true,
  ldm: true,
  error: true,
  ping: true,
  staleConnection: true,
  forceReconnect: true,
  slowConsumer: true,
  dropped: true,
  close: true,
};

describe("events", () => {
  it("EVENTS-2: each one is told when it happens, with the facts it promises", async () => {
    const { clock, connect, serve } = simulate();
    const nc = await connect({
      servers: "a",
      firstConnect: "background",
      pingInterval: 1_000,
      maxPingOut: 1,
      reconnectJitter: 0,
      reconnectTimeWait: 100,
    });
    const told: Status[] = [];
    for (const type of Object.keys(EVERY_TYPE) as StatusType[]) nc.on(type, (status) => void told.push(status));
    const since = (): Status[] => told.splice(0);

    let a = serve("a");
    await clock.until(nc.ready);
    expect(since().at(-1)).toEqual({ type: "connect", epoch: 1, server: "a:4222" });

    last(a)?.sendInfo({ connect_urls: ["a:4222", "b:4222"] });
    await clock.settle();
    expect(since()).toEqual([{ type: "update", added: ["b:4222"], deleted: [] }]);

    last(a)?.sendInfo({ connect_urls: ["a:4222"], ldm: true });
    await clock.settle();
    expect(since()).toEqual([
      { type: "update", added: [], deleted: ["b:4222"] },
      { type: "ldm", epoch: 1, server: "a:4222" },
    ]);

    last(a)?.err('Permissions Violation for Publish to "secret"');
    last(a)?.err("Something Odd");
    await clock.settle();
    expect(since()).toMatchObject([
      { type: "error", error: { code: "PERMISSIONS_VIOLATION", operation: "publish", subject: "secret" } },
      { type: "error", error: { code: "SERVER_ERROR", text: "Something Odd" } },
    ]);

    const sub = nc.subscribe("x", { pending: { messages: 1 } });
    for (let i = 0; i < 3; i++) nc.publish("x");
    await clock.until(nc.flush());
    expect(since()).toEqual([{ type: "slowConsumer", sub, pending: 1, dropped: 1 }]);

    await nc.reconnect();
    await clock.advance(200);
    expect(since()).toMatchObject([
      { type: "forceReconnect", epoch: 1 },
      { type: "disconnect", epoch: 1, server: "a:4222", error: { code: "CONNECTION_ERROR" } },
      { type: "reconnecting", epoch: 1, server: "a:4222", attempt: expect.any(Number) as number },
      { type: "reconnect", epoch: 2, server: "a:4222" },
    ]);

    a.script = { onPing: () => "silence" };
    await clock.advance(2_050);
    expect(since().slice(0, 3)).toMatchObject([
      { type: "ping", epoch: 2, pendingPings: 1 },
      { type: "staleConnection", epoch: 2 },
      { type: "disconnect", epoch: 2, server: "a:4222", error: { code: "STALE_CONNECTION" } },
    ]);
    await a.stop();
    await clock.advance(5_000);
    expect(since()).toContainEqual(
      expect.objectContaining({
        type: "attemptFailed",
        server: "a:4222",
        error: expect.objectContaining({ code: "CONNECTION_REFUSED" }) as Error,
      }),
    );
    nc.publish("x", "for a server without room for it");
    a = serve("a", { info: { max_payload: 4 } });
    await clock.advance(1_000);
    expect(since()).toContainEqual({
      type: "dropped",
      messages: 1,
      bytes: expect.any(Number) as number,
      reason: "max-payload",
    });
    await clock.until(nc.close());
    expect(since()).toEqual([{ type: "close", error: undefined }]);
    await clock.advance(60_000);
    expect(since()).toEqual([]);
  });

  it("EVENTS-2: a move to another server that breaks nothing is told once, as a handover and not as a loss", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const told = recorded(nc, "ldm", "handover", "disconnect", "reconnecting", "reconnect");
    last(a)?.sendInfo({ ldm: true });
    await clock.advance(60_000);
    expect(told).toMatchObject([
      { type: "ldm", epoch: 1, server: "a:4222" },
      { type: "handover", epoch: 2, from: "a:4222", server: "b:4222", reason: expect.any(String) as string },
    ]);
  });

  it("EVENTS-1, EVENTS-4: the state is readable at every step, and disconnect comes before any reconnecting", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const steps: string[] = [];
    const step = (what: string): void => {
      steps.push(`${what}: ${nc.state}, closed ${nc.isClosed()}, draining ${nc.isDraining()}`);
    };
    nc.on("disconnect", () => step("disconnect"));
    nc.on("reconnecting", () => step("reconnecting"));
    nc.on("reconnect", () => step("reconnect"));
    nc.on("close", () => step("close"));
    step("begin");
    last(a)?.reset();
    await clock.advance(1_000);
    const held = deferred<void>();
    nc.subscribe("x", { callback: () => held });
    nc.publish("x");
    await clock.until(nc.flush());
    const drained = nc.drain();
    await clock.settle();
    step("drain");
    held.resolve();
    await clock.until(drained);
    expect(steps).toEqual([
      "begin: connected, closed false, draining false",
      "disconnect: waiting, closed false, draining false",
      "reconnecting: dialing, closed false, draining false",
      "reconnect: connected, closed false, draining false",
      "drain: draining, closed false, draining true",
      "close: closed, closed true, draining false",
    ]);
  });

  it("EVENTS-5: counters have messages, their bytes with headers, and the bytes of the sockets", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("x", { callback: () => {} });
    await clock.until(nc.flush());
    const before = nc.stats();
    const some = headers();
    some.set("Bar", "Baz");
    nc.publish("x", "Hello NATS!", { headers: some });
    await clock.until(nc.flush());
    const after = nc.stats();
    expect([after.outMsgs - before.outMsgs, after.outBytes - before.outBytes]).toEqual([1, 33]);
    expect([after.inMsgs - before.inMsgs, after.inBytes - before.inBytes]).toEqual([1, 33]);
    const frame = "HPUB x 22 33\r\n".length + 33 + 2;
    expect(after.socketOutBytes - before.socketOutBytes).toBe(frame + "PING\r\n".length);
    expect(after.socketInBytes - before.socketInBytes).toBe("HMSG x 1 22 33\r\n".length + 33 + 2 + "PONG\r\n".length);
  });
});

describe("user code", () => {
  it("D13: a listener, a callback, an authenticator and a strategy that throw or reject each are told, and nothing else breaks", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    serve("b");
    let broken = false;
    const nc = await connect({
      servers: "a,b",
      strategy: {
        name: "mine",
        rank: (servers) => {
          if (broken) throw new Error("in the strategy");
          return servers;
        },
      },
      authenticator: async () => {
        if (broken) throw new Error("in the authenticator");
        return undefined;
      },
      reconnectDelayHandler: () => 100,
    });
    const errors = recorded(nc, "error", "attemptFailed");
    nc.on("disconnect", () => {
      throw new Error("in a listener");
    });
    const heard: string[] = [];
    nc.on("disconnect", () => heard.push("the next listener"));
    nc.subscribe("x", {
      callback: () => {
        throw new Error("in a callback");
      },
    });
    const sub = nc.subscribe("x", { callback: () => {} });
    nc.publish("x");
    await clock.until(nc.flush());
    broken = true;
    await nc.reconnect();
    await clock.advance(1_000);
    broken = false;
    await clock.advance(1_000);
    expect(nc.state).toBe("connected");
    expect(heard).toHaveLength(1);
    nc.publish("x");
    await clock.until(nc.flush());
    expect(sub.getReceived()).toBe(2);
    const causes = errors.map((one) => ("error" in one && one.error instanceof CallbackError ? one.error : undefined));
    const said = causes.map((error) => `${error?.callback}: ${error?.message}`);
    for (const where of ["in a callback", "in a listener", "in the authenticator"]) {
      expect(
        said.some((one) => one.includes(where)),
        where,
      ).toBe(true);
    }
    expect(
      causes.some(
        (error) =>
          error?.callback === "server pool" && String((error.cause as Error).cause).includes("in the strategy"),
      ),
    ).toBe(true);
    expect(a.connections.length).toBeGreaterThan(0);
  });

  it("D14: a callback runs as its message is read, in order, and what it returns is not awaited", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const log: string[] = [];
    nc.subscribe("x", {
      callback: async (_, msg) => {
        log.push(`begin ${msg.string()}`);
        await new Promise<void>((resolve) => void clock.after(100, resolve));
        log.push(`end ${msg.string()}`);
      },
    });
    nc.subscribe("y", { callback: (_, msg) => void log.push(`other ${msg.string()}`) });
    await clock.settle();
    last(a)?.send("MSG x 1 1\r\n1\r\nMSG y 2 1\r\n2\r\nMSG x 1 1\r\n3\r\n");
    await clock.settle();
    expect(log).toEqual(["begin 1", "other 2", "begin 3"]);
    await clock.advance(100);
    expect(log.slice(3)).toEqual(["end 1", "end 3"]);
  });
});
