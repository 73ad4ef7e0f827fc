// The whole client against fake servers over a memory network, under virtual time: how a connection begins, learns
// of its cluster and ends. An outage is through-an-outage.test.ts, messages are messages.test.ts.

import { type Transport, TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { texts } from "../test/sent-texts.js";
import { recorded, rejection, simulate } from "../test/simulated.js";
import {
  AuthorizationError,
  ClosedConnectionError,
  ConnectError,
  DrainError,
  DrainingConnectionError,
} from "./index.js";

describe("connecting", () => {
  it("ADR40-4, PROTO-11: sends CONNECT and PING once after INFO, with what was asked and nothing else", async () => {
    const { serve, connect } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", name: "orders", user: "u", pass: "p" });
    const [connection] = server.connections;
    expect(texts(connection?.received ?? [])).toEqual([expect.stringMatching(/^CONNECT /), "PING"]);
    expect(connection?.options).toMatchObject({ name: "orders", user: "u", pass: "p", protocol: 1, verbose: false });
    expect(Object.keys(connection?.options ?? {})).not.toContain("echo");
    expect(nc.state).toBe("connected");
  });

  it("SEED-42: rejects when every server was tried once, naming each with its error", async () => {
    const { connect, clock, network } = simulate();
    const error = await rejection(connect({ servers: "a,b,c" }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.code).toBe("CONNECTION_REFUSED");
    expect((error as ConnectError).attempts.map((one) => one.server).sort()).toEqual([
      "nats://a:4222",
      "nats://b:4222",
      "nats://c:4222",
    ]);
    expect(network.dials.length).toBe(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it("SEED-42, P53: tells apart two servers that differ in the values of their query alone, and shows neither value", async () => {
    const { connect } = simulate();
    const refused = (): Promise<never> =>
      Promise.reject(new TransportError("CONNECTION_REFUSED", "tcp", "refused", "gate:443"));
    const transport: Transport = { schemes: ["wss"], connect: refused };
    const servers = ["wss://gate/nats?node=hunter2", "wss://gate/nats?node=s3cret"];
    const error = await rejection(connect({ servers, noRandomize: true, transports: [transport] }));
    expect((error as ConnectError).attempts.map((one) => one.server)).toEqual([
      "wss://gate:443/nats?node=***",
      "wss://gate:443/nats?node=*** #2",
    ]);
    expect(error.message).toContain("node=*** #2");
    expect(error.message).not.toMatch(/hunter2|s3cret/);
  });

  it("D1: names the authorization error although another server was refused later", async () => {
    const { connect, serve } = simulate();
    serve("a", {
      onConnect: (connection) => {
        connection.err("Authorization Violation");
        connection.end();
        return "skip";
      },
    });
    const error = await rejection(connect({ servers: "a,b", noRandomize: true }));
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(error.cause).toBeInstanceOf(AuthorizationError);
    expect(error.message).toContain("nats://b:4222");
  });

  it("CONN-TIMEOUT-2: gives each server its own time-out and goes on to the next", async () => {
    const { connect, clock, network, serve } = simulate();
    network.blackHole("a", 4222);
    serve("b", { info: () => undefined });
    serve("c");
    const nc = await connect({ servers: "a,b,c", noRandomize: true, timeout: 300 });
    expect(nc.getServer()).toBe("c:4222");
    expect(clock.now()).toBe(600);
  });

  it("CUSTOM-DIALER-2: rejects with the signal's reason and leaves nothing behind", async () => {
    const { connect, clock, network } = simulate();
    network.blackHole("a", 4222);
    const abort = new AbortController();
    clock.after(1_000, () => abort.abort(new Error("shutting down")));
    const error = await rejection(connect({ servers: "a", signal: abort.signal }));
    expect([error.message, clock.now()]).toEqual(["shutting down", 1_000]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("D5: a deadline bounds the whole of connect(), also while retrying", async () => {
    const { connect, clock } = simulate();
    const error = await rejection(connect({ servers: "a", firstConnect: "retry", deadline: 5_000 }));
    expect(error.message).toContain("not connected within 5000 ms");
    expect(clock.now()).toBe(5_000);
    expect(clock.pendingTimers).toBe(0);
  });

  it("SEED-45: firstConnect retry goes on until a server is there", async () => {
    const { connect, clock, serve } = simulate();
    clock.after(10_000, () => void serve("a"));
    const nc = await connect({ servers: "a", firstConnect: "retry" });
    expect(nc.state).toBe("connected");
  });

  it("firstConnect background returns at once, keeps publishes and subscriptions, and connects behind", async () => {
    const { connect, clock, serve } = simulate();
    const nc = await connect({ servers: "a", firstConnect: "background" });
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, message) => void got.push(message.string()) });
    nc.publish("x", "early");
    clock.after(3_000, () => void serve("a"));
    await clock.until(nc.ready);
    await clock.settle();
    expect(got).toEqual(["early"]);
  });

  it.each([
    [{ servers: [] }, "servers"],
    [{ servers: "" }, "servers"],
    [{ servers: "gopher://x" }, "servers"],
    [{ servers: "a:99999" }, "servers"],
    [{ server: "a" } as never, "did you mean servers"],
    [{ timeout: 0 }, "timeout"],
    [{ timeout: Number.NaN }, "timeout"],
    [{ token: "t", user: "u" }, "token"],
    [{ servers: "a", port: 4222 }, "port"],
    [{ inboxPrefix: "a.*" }, "inboxPrefix"],
    [{ firstConnect: "maybe" as never }, "firstConnect"],
  ])("SEED-6: refuses %j before anything is dialled", async (options, said) => {
    const { connect, network } = simulate();
    const error = await rejection(connect(options));
    expect(error.code).toBe("INVALID_ARGUMENT");
    expect(error.message).toContain(said);
    expect(network.dials.length).toBe(0);
  });
});

describe("gossip", () => {
  it("SEED-24: tells what was added and deleted once, and nothing when the set is the same", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a", { info: { connect_urls: ["a:4222", "b:4222"] } });
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "update");
    const [connection] = a.connections;
    connection?.sendInfo({ connect_urls: ["a:4222", "b:4222"] });
    connection?.sendInfo({ connect_urls: ["a:4222", "c:4222"] });
    await clock.settle();
    expect(events).toEqual([{ type: "update", added: ["c:4222"], deleted: ["b:4222"] }]);
    expect(nc.getServers().map((one) => one.url.href)).toEqual(["nats://a:4222", "nats://c:4222"]);
  });

  it("ADR40-27, PROTO-64: a lame duck is told once and left for another server when it closes", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    serve("b");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const events = recorded(nc, "ldm");
    const [connection] = a.connections;
    connection?.sendInfo({ ldm: true });
    connection?.sendInfo({ ldm: true });
    await clock.settle();
    connection?.end();
    await clock.advance(1_000);
    expect(events).toEqual([{ type: "ldm", epoch: 1, server: "a:4222" }]);
    expect(nc.getServer()).toBe("b:4222");
  });
});

describe("ending", () => {
  it("close() settles at once in every state and leaves no timer", async () => {
    const { connect, clock, serve, network } = simulate();
    const a = serve("a");
    const connected = await connect({ servers: "a" });
    const waiting = await connect({ servers: "a" });
    network.blackHole("hole", 4222);
    const dialing = await connect({ servers: "hole", firstConnect: "background" });
    await clock.until(connected.close());
    await a.stop();
    await clock.settle();
    expect([waiting.state, dialing.state]).toEqual(["waiting", "dialing"]);
    const begin = clock.now();
    await waiting.close();
    await dialing.close();
    expect(clock.now() - begin).toBeLessThan(100);
    expect(clock.pendingTimers).toBe(0);
    expect([connected.state, waiting.state, dialing.state]).toEqual(["closed", "closed", "closed"]);
    expect(() => connected.publish("x")).toThrow(ClosedConnectionError);
    expect(await rejection(connected.request("x"))).toBeInstanceOf(ClosedConnectionError);
    expect(await rejection(connected.flush())).toBeInstanceOf(ClosedConnectionError);
  });

  it("close() sends what was published before it", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.publish("x", "last words");
    await clock.until(nc.close());
    expect(texts(a.connections[0]?.received ?? [])).toContain("PUB x 10");
  });

  it("RECONN-BUFFER-6: close() during an outage tells what is dropped, then closes once", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "dropped", "close");
    await a.stop();
    await clock.settle();
    nc.publish("x", "1");
    await clock.until(nc.close());
    await nc.close();
    expect(events.map((event) => event.type)).toEqual(["dropped", "close"]);
  });

  it("RECV-DRAIN-1: drain handles what has arrived, lets handlers answer, sends everything, then closes", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const got: string[] = [];
    nc.subscribe("x", {
      callback: (_, message) => {
        got.push(message.string());
        nc.publish("done", message.string());
      },
    });
    const iterated: string[] = [];
    const sub = nc.subscribe("x");
    const loop = (async () => {
      for await (const message of sub) iterated.push(message.string());
    })();
    for (const text of ["1", "2", "3"]) nc.publish("x", text);
    const drained = nc.drain();
    expect(nc.state).toBe("draining");
    expect(() => nc.subscribe("y")).toThrow(DrainingConnectionError);
    await clock.until(drained);
    await loop;
    expect(got).toEqual(["1", "2", "3"]);
    expect(iterated).toEqual(["1", "2", "3"]);
    expect(texts(a.connections[0]?.received ?? []).filter((text) => text === "PUB done 1")).toHaveLength(3);
    expect(nc.state).toBe("closed");
    expect(clock.pendingTimers).toBe(0);
  });

  it("D10: drain settles by its time-out although the server is silent, and ends closed", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("x", { callback: () => {} });
    a.script = { onPing: () => "silence" };
    expect(await rejection(clock.until(nc.drain({ timeout: 2_000 })))).toBeInstanceOf(DrainError);
    expect(clock.now()).toBeLessThanOrEqual(2_100);
    expect(nc.state).toBe("closed");
  });

  it("D10: drain without a link ends closed and says what was not sent", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    await a.stop();
    await clock.settle();
    nc.publish("x", "1");
    const error = await rejection(nc.drain());
    expect(error).toMatchObject({ code: "DRAIN_INCOMPLETE", unsent: 1 });
    expect(nc.state).toBe("closed");
  });

  it("RECV-DRAIN-6: draining one subscription leaves the connection and the others alone", async () => {
    const { connect, clock, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const got: string[] = [];
    const sub = nc.subscribe("x", { callback: (_, message) => void got.push(message.string()) });
    nc.publish("x", "1");
    await clock.until(sub.drain());
    nc.publish("x", "2");
    await clock.until(nc.flush());
    expect(got).toEqual(["1"]);
    expect(sub.isClosed()).toBe(true);
    expect(nc.state).toBe("connected");
  });
});
