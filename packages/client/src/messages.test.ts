// The messages of the whole client, against fake servers over a memory network, under virtual time.

import { describe, expect, it } from "vitest";
import { texts } from "../test/sent-texts.js";
import { recorded, rejection, simulate } from "../test/simulated.js";
import { headers, NoRespondersError, PermissionViolationError, TimeoutError } from "./index.js";

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
