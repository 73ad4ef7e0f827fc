// What may happen while the connection moves from one server to another. Found by seeds of test/whole.

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

  it("a server whose new link is lost before it took over may be dialled again", async () => {
    const { serve, connect, clock } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    const nc = await connect({ servers: "a,b", noRandomize: true, reconnectJitter: 0 });
    const moved = nc.reconnect({ graceful: true }).catch(() => "failed");
    await clock.advance(OVERLAP / 2);
    b.connections.at(-1)?.reset();
    expect(await clock.until(moved)).toBe("failed");
    expect(nc.getServers().map(({ state }) => state)).toEqual(["connected", "idle"]);
    await a.stop();
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("b:4222");
  });

  it("the server it is on stays that when a new link to the same server is not needed after all, or lost", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const moved = nc.reconnect({ graceful: true }).catch(() => "failed");
    await clock.advance(OVERLAP / 2);
    a.connections.at(-1)?.reset();
    expect(await clock.until(moved)).toBe("failed");
    expect(nc.getServers().map(({ state }) => state)).toEqual(["connected"]);
  });
});
