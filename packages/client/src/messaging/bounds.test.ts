// The bounds on what waits for a consumer, at their defaults and under a flood: how much is really held. Fakes and virtual time.

import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../../test/simulated.js";
import { defaults } from "../index.js";

const MIB = 1_024 * 1_024;

describe("what waits for a loop that does not read", () => {
  it("D8: is bounded by default, by 524 288 messages or 64 MiB, then the newest are dropped, counted and told once", async () => {
    expect(defaults.pending).toEqual({ messages: 524_288, bytes: 64 * MIB, overflow: "drop-new" });
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const told = recorded(nc, "slowConsumer");
    const [first, second] = [nc.subscribe("x"), nc.subscribe("x")];
    const payload = new Uint8Array(MIB);
    for (let i = 0; i < 70; i++) {
      nc.publish("x", payload);
      if (i % 10 === 9) await clock.until(nc.flush());
    }
    for (const sub of [first, second]) {
      expect([sub.getPending(), sub.getPendingBytes(), sub.getDropped()]).toEqual([64, 64 * MIB, 6]);
    }
    // For each subscription its own episode.
    expect(told).toMatchObject([
      { sub: first, pending: 64, dropped: 1 },
      { sub: second, pending: 64, dropped: 1 },
    ]);
    expect(nc.state).toBe("connected");
  });

  it("P8: a paused subscription that ends with the message that filled it holds up nobody", async () => {
    const { clock, connect, serve } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const full = nc.subscribe("x", { max: 2, pending: { messages: 1, overflow: "pause" } });
    const other = nc.subscribe("y", { callback: () => {} });
    await clock.settle();
    server.connections[0]?.send("MSG x 1 1\r\n1\r\nMSG x 1 1\r\n2\r\nMSG y 2 1\r\n3\r\n");
    await clock.settle();
    expect([full.isClosed(), full.getPending(), other.getReceived()]).toEqual([true, 2, 1]);
    await clock.until(nc.flush());
  });

  it("D8: the count of messages is a bound beside the bytes", async () => {
    const { clock, connect, serve } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("x");
    await clock.settle();
    const batch = "MSG x 1 0\r\n\r\n".repeat(10_000);
    for (let round = 0; round < 53; round++) server.connections[0]?.send(batch);
    await clock.until(nc.flush());
    expect([sub.getPending(), sub.getDropped()]).toEqual([524_288, 530_000 - 524_288]);
  });

  it.each(["drop-new", "drop-old", "pause", "error"] as const)(
    "P8: holds no more than the bound under a flood, with overflow %s, and tells one event for the episode",
    async (overflow) => {
      const { clock, connect, serve } = simulate();
      const server = serve("a");
      const nc = await connect({ servers: "a", pingInterval: 3_600_000 });
      const told = recorded(nc, "slowConsumer");
      const sub = nc.subscribe("x", { pending: { messages: 1_000, bytes: 100_000, overflow } });
      await clock.settle();
      const message = `MSG x 1 1000\r\n${"y".repeat(1_000)}\r\n`;
      for (let i = 0; i < 200; i++) {
        server.connections[0]?.send(message.repeat(50));
        await clock.settle();
        // One message more at most: that which overflowed.
        expect(sub.getPendingBytes()).toBeLessThanOrEqual(100_000 + (overflow === "pause" ? 1_000 : 0));
      }
      expect(told).toMatchObject([{ sub, pending: expect.any(Number) as number }]);
      const lost = { "drop-new": 9_900, "drop-old": 9_900, pause: 0, error: 0 }[overflow];
      if (overflow === "error") expect([sub.isClosed(), sub.getPending()]).toEqual([true, 100]);
      else expect([sub.isClosed(), sub.getDropped()]).toEqual([false, lost]);
      await clock.until(nc.close());
    },
  );
});
