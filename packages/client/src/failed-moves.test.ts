// A move that does not work out, and one that is ended in the middle: fakes and virtual time.

import { describe, expect, it } from "vitest";
import { rejection } from "../test/simulated.js";
import { lameDuck, last, lines, onA, told } from "../test/two-servers.js";
import { OVERLAP } from "./handover.js";

describe("a move that does not work out", () => {
  it("leaves the present link as it is, tells of the failed attempt and tries again", async () => {
    const { a, b, nc, clock, network } = await onA({ reconnectJitter: 0 });
    const events = told(nc);
    network.refuse("b", 4222);
    lameDuck(a);
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("a:4222");
    expect(new Set(events())).toEqual(new Set(["ldm", "attemptFailed"]));
    network.heal("b", 4222);
    await clock.advance(60_000);
    expect(nc.getServer()).toBe("b:4222");
    expect(b.dials).toBe(1);
  });

  it("when the new link is lost first, the old one stays and nothing is missing", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    last(b).send("MSG x 1 1\r\n1\r\n");
    await clock.advance(1);
    last(b).reset();
    last(a).send("MSG x 1 1\r\n1\r\n");
    await clock.advance(1);
    expect(got).toEqual(["1"]);
    expect([nc.getServer(), nc.state]).toEqual(["a:4222", "connected"]);
  });

  it("when the old link is lost first, the new one takes its place at once, with what it had brought", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const events = told(nc);
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
    a.script = { onPub: () => "skip" };
    const asked = rejection(nc.request("svc", "", { timeout: 20_000 }));
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    last(a).send("MSG x 1 1\r\n1\r\n");
    last(b).send("MSG x 1 1\r\n1\r\nMSG x 1 1\r\n2\r\n");
    await clock.advance(1);
    expect(got).toEqual(["1"]);
    last(a).reset();
    await clock.advance(1);
    expect(got).toEqual(["1", "2"]);
    expect(nc.getServer()).toBe("b:4222");
    expect(events()).toEqual(["ldm", "disconnect", "reconnect"]);
    expect((await asked).code).toBe("DISCONNECTED");
    expect(lines(b).filter((line) => line.startsWith("SUB x"))).toHaveLength(1);
    nc.publish("after", "");
    await clock.until(nc.flush());
    expect(lines(b)).toContain("PUB after 0");
  });

  it("a listener that reconnects at that loss is told of the link that took its place, and then of its end", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const events = told(nc);
    nc.on("disconnect", ({ epoch }) => {
      if (epoch === 1) void nc.reconnect();
    });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    expect(b.dials).toBe(1);
    last(a).reset();
    await clock.advance(5_000);
    expect(events()).toEqual(["ldm", "disconnect", "reconnect", "disconnect", "reconnect"]);
  });

  it("when the old link does not answer at the cut, it counts as lost after two seconds", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    let hold = false;
    a.script = { onPing: () => (hold ? "silence" : "pong") };
    lameDuck(a);
    await clock.advance(OVERLAP - 100);
    hold = true;
    await clock.advance(300);
    nc.publish("between", "1");
    await clock.advance(2_500);
    expect(nc.getServer()).toBe("b:4222");
    expect(lines(b)).toContain("PUB between 1");
  });

  it.each([10, OVERLAP / 2, OVERLAP - 5, OVERLAP + 20])(
    "close() and drain() %s ms into it end everything, and both links",
    async (ms) => {
      for (const end of ["close", "drain"] as const) {
        const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
        const got: string[] = [];
        nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
        lameDuck(a);
        await clock.advance(ms);
        nc.publish("last", "word");
        await clock.until(nc[end]());
        await clock.advance(10);
        const sent = [a, b].flatMap((server) =>
          server.connections.flatMap(({ received }) => received.map(({ text }) => text)),
        );
        expect(sent.filter((text) => text.startsWith("PUB last"))).toHaveLength(1);
        for (const server of [a, b]) expect(server.connections.every(({ isOpen }) => !isOpen)).toBe(true);
        expect(nc.state).toBe("closed");
        await clock.advance(5_000);
        expect(clock.pendingTimers).toBe(0);
      }
    },
  );
});
