// What a lost link leads to, whoever ended it: fakes and virtual time. Attempts, order and waits are counted in outages.test.ts.

import type { FakeConnection } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { last } from "../../test/one-server.js";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { DisconnectedError } from "../index.js";

describe("loss", () => {
  const losses: Readonly<Record<string, (connection: FakeConnection | undefined) => void>> = {
    "the server ends the stream": (connection) => connection?.end(),
    "a reset": (connection) => connection?.reset(),
    "an -ERR and an end": (connection) => {
      connection?.err("Unknown Protocol Operation");
      connection?.end();
    },
    "a stale -ERR": (connection) => {
      connection?.err("Stale Connection");
      connection?.end();
    },
    garbage: (connection) => connection?.send("NONSENSE\r\n"),
    "an unknown -ERR and an end": (connection) => {
      connection?.err("Something New");
      connection?.end();
    },
  };
  it.each(Object.entries(losses))(
    "RECONN-2, PROTO-62, P21: %s is a disconnect, and then a reconnect",
    async (_, lose) => {
      const { serve, connect, clock } = simulate();
      const server = serve("a");
      const nc = await connect({ servers: "a" });
      const events = recorded(nc, "disconnect", "reconnecting", "reconnect", "close");
      const sub = nc.subscribe("a");
      lose(last(server));
      await clock.advance(10_000);
      nc.publish("a");
      await clock.until(nc.flush());
      expect(events.map(({ type }) => type)).toEqual(["disconnect", "reconnecting", "reconnect"]);
      expect(sub.getReceived()).toBe(1);
    },
  );

  it("ADR40-18, RECONN-3, D15: the first attempt comes within the jitter, the next one only after the wait", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", reconnectJitter: 50, reconnectTimeWait: 1_000 });
    const attempts = recorded(nc, "reconnecting");
    await clock.advance(5_000);
    void server.stop();
    await clock.advance(60);
    expect(attempts).toHaveLength(1);
    await clock.advance(900);
    expect(attempts).toHaveLength(1);
    await clock.advance(200);
    expect(attempts).toHaveLength(2);
  });

  it("ADR40-23, RECONN-4: reconnect() drops the link for a new one, and cuts a wait short", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a", reconnectTimeWait: 60_000, reconnectJitter: 0 });
    await nc.reconnect();
    await clock.advance(1_000);
    expect([nc.state, server.connections.length]).toEqual(["connected", 2]);
    void server.stop();
    await clock.advance(1_000);
    expect(nc.state).toBe("waiting");
    serve("a");
    await nc.reconnect();
    await clock.advance(100);
    expect(nc.state).toBe("connected");
  });

  it("ADR40-23, RECONN-5: requests in flight reject, and later ones work", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("echo", { callback: (_, msg) => void clock.after(100, () => void msg.respond("x")) });
    const lost = rejection(nc.request("echo"));
    await clock.advance(10);
    last(server)?.reset();
    expect(await lost).toBeInstanceOf(DisconnectedError);
    await clock.advance(1_000);
    expect((await clock.until(nc.request("echo"))).string()).toBe("x");
  });

  it("RECONN-DISABLE-2: without reconnect the first connect still tries the whole list", async () => {
    const { serve, connect } = simulate();
    serve("c");
    const nc = await connect({ servers: "a,b,c", noRandomize: true, reconnect: false });
    expect(nc.getServer()).toBe("c:4222");
  });

  it("RECONN-WAIT-4: a delay of one's own replaces wait and jitter", async () => {
    const { serve, connect, clock, network } = simulate();
    const server = serve("a");
    const nc = await connect({
      servers: "a",
      reconnectDelayHandler: () => 777,
      reconnectTimeWait: 5,
      reconnectJitter: 500,
    });
    void server.stop();
    // The first attempt has come, at once give or take the jitter (D15); the second has not.
    await clock.advance(600);
    const begin = network.dials.length;
    await clock.advance(7_770);
    expect(network.dials.length - begin).toBe(10);
    await nc.close();
  });

  it("RECONN-RANDOM-1: with one server its order means nothing, and every attempt goes there", async () => {
    const { serve, connect, clock, network } = simulate();
    const server = serve("a");
    await connect({ servers: "a" });
    void server.stop();
    await clock.advance(100_000);
    expect(new Set(network.dials.map(({ hostname }) => hostname))).toEqual(new Set(["a"]));
    expect(network.dials.length).toBeGreaterThan(3);
  });

  it("RECONN-EVENTS-2, PROTO-63: listeners and iterators added at any time hear, and a slow one holds up nobody", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const lazy = nc.status();
    last(server)?.reset();
    await clock.advance(5_000);
    const late = recorded(nc, "reconnect");
    last(server)?.reset();
    await clock.advance(5_000);
    expect(late).toHaveLength(1);
    const seen: string[] = [];
    await nc.close();
    for await (const { type } of lazy) seen.push(type);
    expect(seen.filter((type) => type === "reconnect")).toHaveLength(2);
    expect(seen.at(-1)).toBe("close");
  });
});
