// Publishing, subscribing, requests. Fakes and virtual time.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate, thrown } from "../test/simulated.js";
import { headers, type LightConnection, type Msg } from "./index.js";

const last = (server: FakeServer): FakeConnection => server.connections.at(-1) as FakeConnection;
const published = (server: FakeServer): string[] =>
  last(server).received.flatMap((op) => (op.op === "PUB" ? [op.subject] : []));

async function taken(sub: AsyncIterable<Msg>, count: number): Promise<string[]> {
  const found: string[] = [];
  for await (const msg of sub) if (found.push(msg.string()) === count) break;
  return found;
}

describe("messages", () => {
  it("arrive with subject, reply, headers and data, at a callback and at an iterator", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const seen: Msg[] = [];
    nc.subscribe("s.*", { callback: (_, msg) => seen.push(msg) });
    const sub = nc.subscribe("s.>");
    const h = headers();
    h.append("k", "v");
    h.append("k", "w");
    nc.publish("s.1", '{"é":1}', { reply: "r", headers: h });
    nc.publish("s.2", new Uint8Array([1, 2]));
    nc.publish("s.3");
    await clock.until(nc.flush());
    expect(seen.map(({ subject, reply }) => [subject, reply])).toEqual([
      ["s.1", "r"],
      ["s.2", undefined],
      ["s.3", undefined],
    ]);
    expect(seen[0]?.headers?.values("k")).toEqual(["v", "w"]);
    expect(seen[0]?.json()).toEqual({ é: 1 });
    expect([...(seen[1]?.data ?? [])]).toEqual([1, 2]);
    expect(seen[2]?.headers).toBeUndefined();
    expect(sub.getPending()).toBe(3);
    expect(await clock.until(taken(sub, 2))).toEqual(['{"é":1}', "\u0001\u0002"]);
    expect(sub.isClosed()).toBe(true);
    await clock.until(nc.close());
  });

  it("of one turn leave in one write, and more than a mebibyte in several", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const writes: number[] = [];
    const { push } = last(a);
    last(a).push = (chunk) => {
      writes.push(chunk.length);
      push.call(last(a), chunk);
    };
    for (let i = 0; i < 100; i++) nc.publish("s", "x");
    await clock.until(nc.flush());
    expect(writes).toHaveLength(1);
    writes.length = 0;
    for (let i = 0; i < 40; i++) nc.publish("s", new Uint8Array(100_000));
    await clock.until(nc.flush());
    expect(writes.length).toBeGreaterThan(3);
    expect(Math.max(...writes)).toBeLessThanOrEqual(1024 * 1024);
    await clock.until(nc.close());
  });

  it.each([
    ["a b", "INVALID_SUBJECT"],
    ["a..b", "INVALID_SUBJECT"],
    ["a.*", "INVALID_SUBJECT"],
    ["", "INVALID_SUBJECT"],
  ])("to %j are refused before anything changes", async (subject, code) => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    expect(thrown(() => nc.publish(subject)).code).toBe(code);
    expect(thrown(() => nc.publish("s", "", { reply: `${subject} ` })).code).toBe(code);
    expect(thrown(() => nc.subscribe("a", { queue: "q q" })).code).toBe(code);
    expect((await rejection(nc.request(subject))).code).toBe(code);
    await clock.until(nc.flush());
    expect(published(a)).toEqual([]);
    await clock.until(nc.close());
  });

  it("larger than max_payload are refused, and what a payload cannot be", async () => {
    const { clock, connect, serve } = simulate();
    serve("a", { info: { max_payload: 10 } });
    const nc = await connect({ servers: "a" });
    expect(thrown(() => nc.publish("s", "12345678901"))).toMatchObject({ code: "MAX_PAYLOAD", size: 11, limit: 10 });
    expect(thrown(() => nc.publish("s", 1 as never)).code).toBe("INVALID_ARGUMENT");
    expect(thrown(() => nc.publish("s", "", { whileDisconnected: "drop" } as never)).message).toMatch(/full client/);
    expect(thrown(() => nc.publish("s", "", { headers: {} as never })).code).toBe("INVALID_ARGUMENT");
    await clock.until(nc.close());
  });
});

describe("subscriptions", () => {
  it("end after max messages, also over a reconnect", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s", { max: 3 });
    nc.publish("s", "1");
    await clock.until(nc.flush());
    last(a).reset();
    await clock.advance(1_000);
    expect(last(a).received.filter(({ op }) => op === "UNSUB")).toMatchObject([{ max: 2 }]);
    for (const n of ["2", "3", "4"]) nc.publish("s", n);
    expect(await clock.until(taken(sub, 9))).toEqual(["1", "2", "3"]);
    expect(sub.getReceived()).toBe(3);
    expect(await sub.closed).toBeUndefined();
    await clock.until(nc.close());
  });

  it("may be limited after a reconnect: each server counts for itself", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s");
    nc.publish("s", "1");
    await clock.until(nc.flush());
    last(a).reset();
    await clock.advance(1_000);
    sub.unsubscribe(3);
    await clock.until(nc.flush());
    expect(last(a).received.filter(({ op }) => op === "UNSUB")).toMatchObject([{ max: 2 }]);
    await clock.until(nc.close());
  });

  it("drop what is newer than their bounds allow, count it, and tell once for each episode", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "slowConsumer");
    const sub = nc.subscribe("s", { pending: { messages: 2 } });
    for (let i = 0; i < 5; i++) nc.publish("s", String(i));
    await clock.until(nc.flush());
    expect([sub.getPending(), sub.getDropped(), events.length]).toEqual([2, 3, 1]);
    const loop = sub[Symbol.asyncIterator]();
    expect((await loop.next()).value.string()).toBe("0");
    expect((await loop.next()).value.string()).toBe("1");
    for (let i = 5; i < 8; i++) nc.publish("s", String(i));
    await clock.until(nc.flush());
    expect([sub.getDropped(), events.length]).toEqual([4, 2]);
    await loop.return?.();
    await clock.until(nc.close());
  });

  it("that the server denies end with PermissionViolationError, a callback and an iterator alike", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "error");
    const told: (string | undefined)[] = [];
    nc.subscribe("no", { callback: (error) => told.push((error as { code?: string } | null)?.code) });
    const sub = nc.subscribe("no");
    const other = nc.subscribe("no", { queue: "q" });
    const loop = rejection(taken(sub, 1));
    last(a).err('Permissions Violation for Subscription to "no"');
    expect((await clock.until(loop)).code).toBe("PERMISSIONS_VIOLATION");
    expect(told).toEqual(["PERMISSIONS_VIOLATION"]);
    expect(other.isClosed()).toBe(false);
    expect(nc.state).toBe("connected");
    expect(events).toMatchObject([{ error: { code: "PERMISSIONS_VIOLATION" }, epoch: 1 }]);
    await clock.until(nc.close());
  });

  it("whose callback throws or rejects harm nothing, and it is told", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "error");
    nc.subscribe("s", {
      callback: () => {
        throw new Error("thrown");
      },
    });
    nc.subscribe("s", { callback: async () => Promise.reject(new Error("rejected")) });
    nc.on("error", () => {
      throw new Error("a listener");
    });
    nc.publish("s");
    await clock.until(nc.flush());
    await clock.settle();
    expect(events).toMatchObject([
      { error: { code: "CALLBACK_FAILED", subject: "s" } },
      { error: { code: "CALLBACK_FAILED", subject: "s" } },
    ]);
    await clock.until(nc.close());
  });

  it("drain what has arrived before they end", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const handled: string[] = [];
    const sub = nc.subscribe("s", {
      callback: async (_, msg) => {
        await new Promise<void>((resolve) => clock.after(50, resolve));
        handled.push(msg.string());
      },
    });
    nc.publish("s", "1");
    await clock.until(nc.flush());
    await clock.until(sub.drain());
    expect(handled).toEqual(["1"]);
    // Once more tells the same; one that ended without a drain refuses it.
    await sub.drain();
    const ended = nc.subscribe("s");
    ended.unsubscribe();
    expect((await rejection(ended.drain())).code).toBe("INVALID_OPERATION");
    await clock.until(nc.close());
  });
});

describe("requests", () => {
  async function serviced(): Promise<{ nc: LightConnection; world: ReturnType<typeof simulate>; a: FakeServer }> {
    const world = simulate();
    const a = world.serve("a");
    const nc = await world.connect({ servers: "a" });
    return { nc, world, a };
  }

  it("are answered, side by side, and leave nothing behind", async () => {
    const { nc, world } = await serviced();
    nc.subscribe("echo", { callback: (_, msg) => msg.respond(msg.data) });
    const answers = await world.clock.until(Promise.all(["1", "2", "3"].map((n) => nc.request("echo", n))));
    expect(answers.map((msg) => msg.string())).toEqual(["1", "2", "3"]);
    await world.clock.until(nc.close());
    expect(world.clock.pendingTimers).toBe(0);
  });

  it("fail typed: nobody there, no time, a signal, a permission, a closed connection", async () => {
    const { a, nc, world } = await serviced();
    const { clock } = world;
    const nobody = await clock.until(rejection(nc.request("nobody")));
    expect(nobody).toMatchObject({ code: "NO_RESPONDERS", subject: "nobody", server: "a:4222" });
    nc.subscribe("silent", { callback: () => {} });
    const begin = clock.now();
    expect(await clock.until(rejection(nc.request("silent")))).toMatchObject({ code: "TIMEOUT", timeout: 1_000 });
    expect(clock.now() - begin).toBe(1_000);
    const abort = new AbortController();
    const signalled = rejection(nc.request("silent", "", { signal: abort.signal }));
    abort.abort(new Error("enough"));
    expect((await signalled).message).toBe("enough");
    nc.subscribe("denied", { callback: () => {} });
    const denied = rejection(nc.request("denied", "", { timeout: 9_000 }));
    const other = rejection(nc.request("silent", "", { timeout: 9_000 }));
    await clock.settle();
    last(a).err('Permissions Violation for Publish to "denied"');
    expect((await clock.until(denied)).code).toBe("PERMISSIONS_VIOLATION");
    await clock.until(nc.close());
    expect((await other).code).toBe("CONNECTION_CLOSED");
    expect((await rejection(nc.request("s"))).code).toBe("CONNECTION_CLOSED");
    expect(clock.pendingTimers).toBe(0);
  });

  it("whose inbox is denied fail, and the next one has another inbox", async () => {
    const { a, nc, world } = await serviced();
    nc.subscribe("s", { callback: () => {} });
    const denied = rejection(nc.request("s", "", { timeout: 9_000 }));
    await world.clock.settle();
    const inbox = last(a).received.find((op) => op.op === "SUB" && op.subject.startsWith("_INBOX."));
    const subject = inbox?.op === "SUB" ? inbox.subject : "";
    last(a).err(`Permissions Violation for Subscription to "${subject}"`);
    expect((await world.clock.until(denied)).code).toBe("PERMISSIONS_VIOLATION");
    nc.subscribe("echo", { callback: (_, msg) => msg.respond("x") });
    expect((await world.clock.until(nc.request("echo"))).string()).toBe("x");
    await world.clock.until(nc.close());
  });
});
