// Transports of one's own beside TCP: several in one process and in one list, each keeping to itself; and what a dial of one's own
// may do. CUSTOM-DIALER-*, P43.

import type { Transport } from "@myelin/contracts";
import { FakeServer, memoryNetwork, realClock } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { ConnectError, connect, type NatsConnection } from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until, within } from "./conditions.js";
import { addressOf, deadUrl, fake, open } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";

const QUICK = { reconnectJitter: 0, reconnectTimeWait: 5 };

/** A network in memory under a scheme of its own, and a server on it. */
function inMemory(): { readonly server: FakeServer; readonly transport: Transport; readonly dials: () => number } {
  const network = memoryNetwork({ clock: realClock });
  const server = FakeServer.onMemory(network, { host: "inside", port: 4222 });
  onTestFinished(() => server.stop());
  const transport: Transport = {
    schemes: ["mem"],
    connect: (target, sink, signal) => network.transport.connect({ ...target, scheme: "nats" }, sink, signal),
  };
  return { server, transport, dials: () => network.dials.length };
}

async function roundTrip(nc: NatsConnection): Promise<void> {
  const sub = nc.subscribe("x", { max: 1 });
  nc.publish("x", nc.getServer());
  for await (const msg of sub) expect(msg.string()).toBe(nc.getServer());
}

describe("two transports in one process", () => {
  it("P43: each connection comes back on its own, however often both are cut", async () => {
    const outside = await fake();
    const { server: inside, transport } = inMemory();
    const overTcp = await open({ servers: outside.url, ...QUICK });
    const overMemory = await open({ servers: "mem://inside", transports: [transport], ...QUICK });
    // A connection that knows the other transport too changes nothing for those that do not.
    const both = await open({ servers: [outside.url], transports: [transport], ...QUICK });
    for (let i = 0; i < 20; i++) {
      const back = [overTcp, overMemory, both].map((nc) => next(nc, "reconnect"));
      for (const { connections } of [outside, inside]) for (const one of connections) if (one.isOpen) one.reset();
      await Promise.all(back);
    }
    for (const nc of [overTcp, overMemory, both]) await roundTrip(nc);
    expect([overTcp.getServer(), overMemory.getServer()]).toEqual([addressOf(outside), "inside:4222"]);
    expect([outside.dials, inside.dials]).toEqual([2 * 21, 21]);
  });

  it("P43: one list may hold servers of both, and a client moves from one to the other and back", async () => {
    const outside = await fake();
    const { server: inside, transport } = inMemory();
    const nc = await open({
      servers: [outside.url, "mem://inside"],
      noRandomize: true,
      transports: [transport],
      ...QUICK,
    });
    expect(nc.getServers().map(({ url }) => url.scheme)).toEqual(["nats", "mem"]);
    for (const [leaving, arriving] of [
      [outside, "inside:4222"],
      [inside, addressOf(outside)],
    ] as const) {
      const back = next(nc, "reconnect");
      for (const one of leaving.connections) if (one.isOpen) one.reset();
      expect((await back).server).toBe(arriving);
      await roundTrip(nc);
    }
  });
});

describe("a dial of one's own", () => {
  it("CUSTOM-DIALER-4: that throws or rejects is a failed dial of that server, with its own error; the next one is used", async () => {
    const good = await fake();
    const tcp = tcpTransport();
    const mine = new Error("no way through the proxy");
    const transport: Transport = {
      schemes: tcp.schemes,
      connect: (target, sink, signal) => {
        if (target.hostname === "throws.test") throw mine;
        if (target.hostname === "rejects.test") return Promise.reject(mine);
        return tcp.connect(target, sink, signal);
      },
    };
    const bad = ["throws.test", "rejects.test"];
    const nc = await open({ servers: [...bad, good.url], noRandomize: true, transports: [transport] });
    expect(nc.getServer()).toBe(addressOf(good));
    const error = await rejectionOf(
      connect({ servers: bad, noRandomize: true, transports: [transport] }),
      ConnectError,
    );
    expect(error.attempts.map(({ error: cause, phase, server }) => [server, phase, cause])).toEqual([
      ["nats://throws.test:4222", "tcp", mine],
      ["nats://rejects.test:4222", "tcp", mine],
    ]);
    expect(error.cause).toBe(mine);
    // And on a reconnect, where the connection stays and tries on.
    const later = await open({
      servers: [good.url, "rejects.test"],
      transports: [transport],
      noRandomize: true,
      ...QUICK,
    });
    const failed = record(later, "attemptFailed");
    const back = next(later, "reconnect");
    good.connections.at(-1)?.reset();
    await back;
    expect(failed.every((one) => "error" in one && one.error === mine)).toBe(true);
  });

  it("CUSTOM-DIALER-5: a loop that publishes while it asks for the state, then drains, runs over an outage", async () => {
    const server = await fake();
    const transport = recordingTransport();
    const nc = await open({ servers: server.url, transports: [transport], ...QUICK });
    const states = new Set<string>();
    let published = 0;
    const loop = (async () => {
      while (!nc.isClosed() && published < 200) {
        states.add(nc.state);
        nc.publish("ticks", String(published++));
        if (published === 50) server.connections[0]?.reset();
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await within("the loop ends", loop);
    await until("it is back", () => nc.state === "connected");
    await nc.drain();
    expect(states.size).toBeGreaterThan(1);
    expect([nc.isClosed(), transport.dials.length]).toEqual([true, 2]);
    expect(server.connections[1]?.received.filter(({ op }) => op === "PUB").at(-1)?.text).toContain("199");
  });

  it("CUSTOM-DIALER-6: with reconnect: false it is asked once for each server and never again", async () => {
    const server = await fake();
    const transport = recordingTransport();
    const dead = await deadUrl();
    const nc = await open({
      servers: [dead, server.url],
      noRandomize: true,
      transports: [transport],
      reconnect: false,
    });
    server.connections[0]?.reset();
    expect(await within("it closes", nc.closed())).toMatchObject({ code: "CONNECTION_RESET" });
    expect(transport.dials.map(({ url }) => url)).toEqual([dead, server.url]);
  });
});
