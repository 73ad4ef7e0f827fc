// Draining, closing, and what is told of it. Fakes and virtual time.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate, thrown } from "../test/simulated.js";

const last = (server: FakeServer): FakeConnection => server.connections.at(-1) as FakeConnection;
const published = (server: FakeServer): string[] =>
  last(server).received.flatMap((op) => (op.op === "PUB" ? [op.subject] : []));

describe("the end", () => {
  it("drain() handles what arrived, sends what was published, and closes", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = recorded(nc);
    const handled: string[] = [];
    nc.subscribe("s", {
      callback: async (_, msg) => {
        await new Promise<void>((resolve) => clock.after(50, resolve));
        handled.push(msg.string());
        nc.publish("answer", msg.data);
      },
    });
    const sub = nc.subscribe("s");
    const read = (async () => {
      const found: string[] = [];
      for await (const msg of sub) {
        await new Promise<void>((resolve) => clock.after(30, resolve));
        found.push(msg.string());
        nc.publish("read", msg.data);
      }
      return found;
    })();
    nc.publish("s", "1");
    await clock.until(nc.flush());
    const drained = nc.drain();
    await clock.settle();
    expect(nc.isDraining()).toBe(true);
    expect(thrown(() => nc.subscribe("t")).code).toBe("CONNECTION_DRAINING");
    expect((await rejection(nc.request("t"))).code).toBe("CONNECTION_DRAINING");
    await clock.until(drained);
    expect(handled).toEqual(["1"]);
    expect(await read).toEqual(["1"]);
    expect(published(a)).toEqual(["s", "read", "answer"]);
    expect(nc.isClosed()).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(["close"]);
    expect(await nc.closed()).toBeUndefined();
    await nc.drain();
    expect(clock.pendingTimers).toBe(0);
  });

  it("drain() takes no publish any more once its subscriptions have ended", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const codes: (string | undefined)[] = [];
    a.script = {
      onPing: () => {
        codes.push(thrown(() => nc.publish("late")).code);
      },
    };
    await clock.until(nc.drain());
    expect(codes).toEqual(["CONNECTION_DRAINING"]);
  });

  it("an event told from within a listener comes after the one being told, for everybody", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.on("ldm", () => {
      throw new Error("of a listener");
    });
    const events = recorded(nc, "error", "ldm");
    last(a).sendInfo({ ldm: true });
    await clock.settle();
    expect(events.map(({ type }) => type)).toEqual(["ldm", "error"]);
    await clock.until(nc.close());
  });

  it("drain() ends by its time-out, and tells what was left", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("s", { callback: () => new Promise(() => {}) });
    nc.publish("s");
    await clock.until(nc.flush());
    const error = await clock.until(rejection(nc.drain({ timeout: 100 })));
    expect(error).toMatchObject({ code: "DRAIN_INCOMPLETE", handled: 0, unsent: 0 });
    expect(nc.isClosed()).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it("drain() without a link tells what was not sent; one whose link is lost rejects and closes", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    await a.stop();
    await clock.settle();
    nc.publish("s");
    expect(await clock.until(rejection(nc.drain()))).toMatchObject({ code: "DRAIN_INCOMPLETE", unsent: 1 });
    const other = simulate();
    const b = other.serve("b");
    const second = await other.connect({ servers: "b" });
    second.subscribe("s", { callback: () => new Promise(() => {}) });
    second.publish("s");
    await other.clock.until(second.flush());
    const drained = rejection(second.drain());
    await other.clock.settle();
    last(b).reset();
    expect((await other.clock.until(drained)).code).toBe("DRAIN_INCOMPLETE");
    expect(second.isClosed()).toBe(true);
  });

  it("close() sends what was published in the same turn, and everything then says closed", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s");
    nc.publish("last", "words");
    await clock.until(nc.close());
    expect(published(a)).toEqual(["last"]);
    expect(sub.isClosed()).toBe(true);
    for (const call of [() => nc.publish("s"), () => nc.subscribe("s")]) {
      expect(thrown(call).code).toBe("CONNECTION_CLOSED");
    }
    for (const call of [nc.flush(), nc.writable(), nc.rtt()])
      expect((await rejection(call)).code).toBe("CONNECTION_CLOSED");
    await nc.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it("an iterator of events sees them in order, tells a gap, and ends after close", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = nc.status();
    const left = nc.status();
    await left.return?.();
    expect(await left.next()).toEqual({ done: true, value: undefined });
    for (let i = 0; i < 130; i++) last(a).err(`${i}`);
    await clock.settle();
    await clock.until(nc.close());
    const seen: string[] = [];
    for await (const event of events) seen.push(event.type);
    expect(seen[0]).toBe("gap");
    expect(seen.at(-1)).toBe("close");
    expect(seen).toHaveLength(129);
    expect((await nc.status().next()).done).toBe(true);
  });
});
