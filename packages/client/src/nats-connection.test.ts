// The whole client against fake servers over a memory network, under virtual time.

import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../test/simulated.js";
import {
  AuthorizationError,
  ClosedConnectionError,
  ConnectError,
  DisconnectedError,
  DrainError,
  DrainingConnectionError,
  headers,
  NoRespondersError,
  PermissionViolationError,
  ReconnectBufferFullError,
  TimeoutError,
} from "./index.js";

const texts = (received: readonly { text: string }[]): string[] => received.map((op) => op.text.split("\r\n")[0] ?? "");

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

describe("messages", () => {
  it("D13: a throwing callback is reported and stops neither others nor the connection", async () => {
    const { connect, clock, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "error");
    const got: string[] = [];
    nc.subscribe("x", {
      callback: () => {
        throw new Error("mine");
      },
    });
    nc.subscribe("x", { callback: () => Promise.reject(new Error("mine too")) });
    nc.subscribe("x", { callback: (_, message) => void got.push(message.string()) });
    for (const text of ["1", "2", "3"]) nc.publish("x", text);
    await clock.until(nc.flush());
    await clock.settle();
    expect(got).toEqual(["1", "2", "3"]);
    expect(events).toHaveLength(6);
    expect(events[0]).toMatchObject({ error: { code: "CALLBACK_FAILED", subject: "x" } });
    expect(nc.state).toBe("connected");
  });

  it("RECV-UNSUB-AFTER-3: delivers exactly max messages although more arrive", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a", { onUnsub: () => "skip" });
    const nc = await connect({ servers: "a" });
    const got: string[] = [];
    const sub = nc.subscribe("x", { max: 2, callback: (_, message) => void got.push(message.string()) });
    for (const text of ["1", "2", "3"]) nc.publish("x", text);
    await clock.until(nc.flush());
    expect(got).toEqual(["1", "2"]);
    expect(sub.isClosed()).toBe(true);
    expect(texts(a.connections[0]?.received ?? [])).toContain("UNSUB 1 2");
  });

  it("RECV-UNSUB-AFTER-2: a limit set after a reconnect counts what earlier links brought, and is only ever lowered", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a,b", noRandomize: true });
    const sub = nc.subscribe("x", { max: 9, callback: () => {} });
    nc.publish("x");
    await clock.until(nc.flush());
    await a.stop();
    const b = serve("b");
    await clock.advance(1_000);
    sub.unsubscribe(10);
    sub.unsubscribe(3);
    await clock.settle();
    expect(texts(b.connections[0]?.received ?? []).filter((text) => text.startsWith("UNSUB"))).toEqual([
      "UNSUB 1 8",
      "UNSUB 1 2",
    ]);
    expect(sub.getMax()).toBe(3);
  });

  it("RECV-ASYNC-3: iterates in order and ends when unsubscribed", async () => {
    const { connect, clock, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("x", { max: 3 });
    for (const text of ["1", "2", "3", "4"]) nc.publish("x", text);
    await clock.until(nc.flush());
    const got: string[] = [];
    for await (const message of sub) got.push(message.string());
    expect(got).toEqual(["1", "2", "3"]);
  });

  it("D8: past its bound a subscription drops the newest, counts them and tells once", async () => {
    const { connect, clock, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a", pending: { messages: 2 } });
    const events = recorded(nc, "slowConsumer");
    const sub = nc.subscribe("x");
    for (let i = 0; i < 10; i++) nc.publish("x", String(i));
    await clock.until(nc.flush());
    expect([sub.getPending(), sub.getDropped(), sub.getReceived()]).toEqual([2, 8, 10]);
    expect(events).toHaveLength(1);
  });

  it("ADR40-31, EVENTS-ERR-2: a denied subscription ends with its error, matched by queue group; others go on", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a", {
      onSub: (connection, sub) => {
        if (sub.queue !== "q") return undefined;
        connection.err(`Permissions Violation for Subscription to "${sub.subject}" using queue "${sub.queue}"`);
        return "skip";
      },
    });
    const nc = await connect({ servers: "a" });
    const free = nc.subscribe("x", { callback: () => {} });
    const denied = nc.subscribe("x", { queue: "q" });
    const error = await clock.until(denied.closed);
    expect(error).toBeInstanceOf(PermissionViolationError);
    expect(free.isClosed()).toBe(false);
    await a.stop();
    const again = serve("a");
    await clock.advance(5_000);
    expect(texts(again.connections[0]?.received ?? []).filter((text) => text.startsWith("SUB"))).toEqual(["SUB x 1"]);
  });

  it("ADR40-30, SEND-REQUEST-8: a denied request rejects at once", async () => {
    const { connect, clock, serve } = simulate();
    serve("a", {
      onPub: (connection, pub) => {
        connection.err(`Permissions Violation for Publish to "${pub.subject}"`);
        return "skip";
      },
    });
    const nc = await connect({ servers: "a" });
    expect(await rejection(clock.until(nc.request("secret")))).toBeInstanceOf(PermissionViolationError);
    expect(clock.now()).toBe(0);
  });

  it.each([false, true])("SEND-REQUEST-1 … 4: first answer, no responders, time-out (noMux %s)", async (noMux) => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("x", { callback: (_, message) => void message.respond("one") });
    nc.subscribe("x", { callback: (_, message) => void message.respond("two") });
    nc.subscribe("mute", { callback: () => {} });
    expect((await clock.until(nc.request("x", "", { noMux }))).string()).toBe("one");
    expect(await rejection(clock.until(nc.request("nobody", "", { noMux })))).toBeInstanceOf(NoRespondersError);
    const late = await rejection(clock.until(nc.request("mute", "", { noMux, timeout: 300 })));
    expect(late).toBeInstanceOf(TimeoutError);
    expect(late.message).toContain('"mute"');
    await clock.settle();
    expect(a.subscriptions.length).toBe(noMux ? 3 : 4);
    expect(clock.pendingTimers).toBe(1);
  });

  it("SEND-REQUEST-7: headers travel with request and answer, case and order kept; PROTO-13: refused where the server has none", async () => {
    const { connect, clock, serve } = simulate();
    serve("a");
    serve("old", { info: { headers: false } });
    const nc = await connect({ servers: "a" });
    nc.subscribe("x", { callback: (_, message) => message.respond("", { headers: message.headers }) });
    const sent = headers();
    sent.append("X-Second", "2");
    sent.append("x-first", "1");
    sent.append("X-Second", "zwei");
    const answer = await clock.until(nc.request("x", "", { headers: sent }));
    expect([...(answer.headers ?? [])]).toEqual([
      ["X-Second", ["2", "zwei"]],
      ["x-first", ["1"]],
    ]);
    const old = await connect({ servers: "old" });
    expect(() => old.publish("x", "", { headers: sent })).toThrow(
      expect.objectContaining({ code: "INVALID_OPERATION" }),
    );
  });

  it("SEND-FLUSH-2: a flush resolves on its own PONG and on nothing else", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    a.script = { onPing: () => "silence" };
    const order: string[] = [];
    const first = nc.flush().then(() => order.push("first"));
    const second = nc.flush().then(() => order.push("second"));
    const [connection] = a.connections;
    await clock.settle();
    connection?.sendInfo({ connect_urls: ["b:4222"] });
    connection?.send("+OK\r\nPING\r\n");
    await clock.settle();
    expect(order).toEqual([]);
    connection?.pong();
    await clock.settle();
    expect(order).toEqual(["first"]);
    connection?.pong();
    await clock.until(Promise.all([first, second]));
    expect(order).toEqual(["first", "second"]);
  });

  it("SEND-REQUEST-2: ten thousand timed-out requests leave nothing", { timeout: 60_000 }, async () => {
    const { connect, clock, serve } = simulate();
    serve("a", { onPub: () => "skip" });
    const nc = await connect({ servers: "a" });
    const all = Promise.allSettled(Array.from({ length: 10_000 }, () => nc.request("x", "", { timeout: 100 })));
    expect(new Set((await clock.until(all)).map((one) => one.status))).toEqual(new Set(["rejected"]));
    expect(clock.pendingTimers).toBe(1);
  });

  it("SEND-REQUEST-9: a request ends with its signal's reason", async () => {
    const { connect, clock, serve } = simulate();
    serve("a", { onPub: () => "skip" });
    const nc = await connect({ servers: "a" });
    const abort = new AbortController();
    const request = nc.request("x", "", { signal: abort.signal });
    await clock.settle();
    abort.abort(new Error("enough"));
    expect((await rejection(request)).message).toBe("enough");
  });

  it.each([
    ["a b", undefined],
    ["a\r\nPUB b 0", undefined],
    ["", undefined],
    ["a..b", undefined],
    ["a.*", undefined],
    ["ok", "a b"],
  ])("PROTO-9: publish to %j with reply %j throws before any byte is written", async (subject, reply) => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    expect(() => nc.publish(subject, "x", { reply })).toThrow(expect.objectContaining({ code: "INVALID_SUBJECT" }));
    await clock.settle();
    expect(texts(a.connections[0]?.received ?? [])).toHaveLength(2);
  });

  it("RECV-QUEUE-3: a queue group with a line end throws before any byte is written and leaves no subscription", async () => {
    const { connect, clock, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    expect(() => nc.subscribe("x", { queue: "q 1\r\nPUB y 0" })).toThrow(
      expect.objectContaining({ code: "INVALID_SUBJECT" }),
    );
    await clock.settle();
    expect(a.subscriptions).toHaveLength(0);
  });

  it("ADR40-37, SEND-2: an oversize payload throws with size and limit, and nothing is written", async () => {
    const { connect, serve } = simulate();
    serve("a", { info: { max_payload: 16 } });
    const nc = await connect({ servers: "a" });
    expect(() => nc.publish("x", "y".repeat(17))).toThrow(
      expect.objectContaining({ code: "MAX_PAYLOAD", size: 17, limit: 16 }),
    );
    expect(nc.stats().outMsgs).toBe(0);
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
