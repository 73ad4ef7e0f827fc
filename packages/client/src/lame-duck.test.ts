// A server announces its leaving, and its clients move to others before it closes: fakes and virtual time.

import { describe, expect, it } from "vitest";
import { simulate } from "../test/simulated.js";
import { lameDuck, last, lines, onA, told } from "../test/two-servers.js";
import { OVERLAP } from "./handover.js";

describe("P17: a server that announces its leaving", () => {
  it("is left for another one that was connected to first: no disconnect, the subscriptions and their queue groups moved", async () => {
    const { a, b, nc, clock } = await onA();
    nc.subscribe("plain");
    nc.subscribe("shared", { queue: "workers" });
    nc.subscribe("few", { max: 3 });
    await clock.until(nc.flush());
    const events = told(nc);
    lameDuck(a);
    await clock.advance(3_000);
    expect(events()).toEqual(["ldm", "handover"]);
    expect(nc.getServer()).toBe("b:4222");
    expect(lines(b).filter((line) => /^(UN)?SUB/.test(line))).toEqual([
      "SUB plain 1",
      "SUB shared workers 2",
      "SUB few 3",
      "UNSUB 3 3",
    ]);
    expect(last(a).isOpen).toBe(false);
    expect(nc.state).toBe("connected");
    expect(nc.stats()).toMatchObject({ connects: 2, reconnects: 1 });
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("stays in use until the new server has had the subscriptions for a while", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    nc.subscribe("x");
    lameDuck(a);
    await clock.advance(OVERLAP - 50);
    expect(lines(b)).toContain("SUB x 1");
    expect(nc.getServer()).toBe("a:4222");
    expect(last(a).isOpen).toBe(true);
    nc.publish("still", "here");
    await clock.advance(1);
    expect(lines(a)).toContain("PUB still 4");
  });

  it("is only told of with lameDuck: notify", async () => {
    const { a, b, nc, clock } = await onA({ lameDuck: "notify" });
    const events = told(nc);
    lameDuck(a);
    await clock.advance(10_000);
    expect(events()).toEqual(["ldm"]);
    expect(b.dials).toBe(0);
    expect(nc.getServer()).toBe("a:4222");
  });

  it("is left at a moment of each client's own, so that not all of its clients arrive together", async () => {
    const dials: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { serve, connect, clock, network } = simulate(seed);
      const a = serve("a");
      serve("b");
      await connect({ servers: "a,b", noRandomize: true });
      const begin = clock.now();
      lameDuck(a);
      await clock.advance(2_000);
      dials.push((network.dials.at(-1)?.at ?? 0) - begin);
    }
    expect(Math.max(...dials) - Math.min(...dials)).toBeGreaterThan(500);
    expect(Math.max(...dials)).toBeLessThanOrEqual(1_000);
  });

  it("is kept while there is no other, which is asked for again and again", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    lameDuck(a);
    await clock.advance(10_000);
    expect([nc.getServer(), nc.state]).toEqual(["a:4222", "connected"]);
    serve("c");
    a.sendInfo({ ldm: true, connect_urls: ["c:4222"] });
    await clock.advance(10_000);
    expect(events()).toEqual(["ldm", "handover"]);
    expect(nc.getServer()).toBe("c:4222");
  });

  it("is never moved to", async () => {
    const { serve, connect, clock } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    serve("c");
    const nc = await connect({ servers: "a,b,c", noRandomize: true });
    lameDuck(a);
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("b:4222");
    lameDuck(b);
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("c:4222");
  });

  it("is left soon when the one that was moved to begins to leave meanwhile", async () => {
    const { serve, connect, clock } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    serve("c");
    const nc = await connect({ servers: "a,b,c", noRandomize: true, reconnectJitter: 0 });
    const events = told(nc);
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    lameDuck(b);
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("c:4222");
    expect(events().filter((type) => type === "disconnect")).toEqual([]);
  });
});
