// A subscription that ends while the connection moves from one server to another. Found by seeds of test/whole.

import { describe, expect, it } from "vitest";
import { simulate } from "../test/simulated.js";
import { OVERLAP } from "./handover.js";

describe("P17: while the connection moves", () => {
  it("a subscription that drains is not made on the new server, whose messages for it nobody would take", async () => {
    const { serve, connect, clock } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    const nc = await connect({ servers: "a,b", noRandomize: true, reconnectJitter: 0 });
    const sub = nc.subscribe("work", { queue: "g", callback: () => {} });
    await clock.until(nc.flush());
    a.script = { onPing: () => "silence" };
    const drained = sub.drain();
    a.sendInfo({ ldm: true });
    await clock.advance(OVERLAP / 2);
    a.script = {};
    a.connections.at(-1)?.send("PONG\r\n");
    await clock.until(drained);
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("b:4222");
    expect(b.subscriptions.map(({ subject }) => subject)).not.toContain("work");
  });
});
