// Publishes with a will of their own: confirmed by the server, or kept or not during an outage. Fakes and virtual time.

import { describe, expect, it } from "vitest";
import { scene } from "../../test/one-server.js";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { DisconnectedError, TimeoutError } from "../index.js";

describe("publishConfirmed", () => {
  it("P22: rejects with the denial of its own subject, and of no other", async () => {
    const simulation = simulate();
    simulation.serve("a", {
      onPub: (connection, { subject }) => {
        if (!subject.startsWith("denied")) return undefined;
        connection.err(`Permissions Violation for Publish to "${subject}"`);
        return "skip";
      },
    });
    const nc = await simulation.connect({ servers: "a" });
    const denied = recorded(nc, "error");
    const [bad, good] = await simulation.clock.until(
      Promise.allSettled([nc.publishConfirmed("denied.one", "x"), nc.publishConfirmed("fine", "x")]),
    );
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "PERMISSIONS_VIOLATION", subject: "denied.one" } });
    expect(good.status).toBe("fulfilled");
    expect(denied).toHaveLength(1);
    await simulation.clock.until(nc.flush());
  });

  it("P22: waits for a link within its own time-out, and leaves nothing behind", async () => {
    const world = await scene();
    void world.server.stop();
    await world.clock.advance(10);
    const timedOut = rejection(world.clock.until(world.nc.publishConfirmed("a", "x", { timeout: 500 })));
    expect(await timedOut).toBeInstanceOf(TimeoutError);
    const confirmed = world.nc.publishConfirmed("a", "later");
    world.serve("a");
    await world.clock.until(confirmed);
    expect(world.nc.stats().outMsgs).toBe(1);
  });
});

describe("a request that times out during an outage", () => {
  it("says that it was not sent, with either kind of inbox, and one that was sent does not", async () => {
    const world = await scene();
    world.nc.subscribe("q");
    const asked = rejection(world.clock.until(world.nc.request("q", "", { timeout: 200 })));
    expect((await asked).message).toBe('request to "q" timed out after 200 ms');
    void world.server.stop();
    await world.clock.advance(10);
    for (const noMux of [false, true]) {
      const kept = await rejection(world.clock.until(world.nc.request("q", "", { timeout: 300, noMux })));
      expect(kept).toBeInstanceOf(TimeoutError);
      expect(kept.message).toBe('request to "q", not sent for want of a connection, timed out after 300 ms');
    }
    const late = rejection(world.nc.request("q", "", { timeout: 60_000 }));
    world.serve("a");
    await world.clock.advance(60_000);
    expect((await late).message).toBe('request to "q" timed out after 60000 ms');
  });
});

describe("whileDisconnected of one publish", () => {
  it("P5: beats the connection's own, for that publish alone", async () => {
    const world = await scene();
    const dropped = recorded(world.nc, "dropped");
    void world.server.stop();
    await world.clock.advance(10);
    world.nc.publish("kept", "1");
    expect(() => world.nc.publish("refused", "", { whileDisconnected: "reject" })).toThrow(DisconnectedError);
    world.nc.publish("dropped", "", { whileDisconnected: "drop" });
    expect(dropped).toMatchObject([{ messages: 1, reason: "disconnected" }]);
    expect(() => world.nc.publish("a", "", { whileDisconnected: "maybe" as "drop" })).toThrow("whileDisconnected");
    const again = world.serve("a");
    await world.clock.advance(60_000);
    const published = again.connections.at(-1)?.received.filter(({ op }) => op === "PUB");
    expect(published?.map(({ text }) => text.split(" ")[1])).toEqual(["kept"]);
  });

  it('"drop" judges publishes as a link would: pedantic leaves wildcards to the server', async () => {
    for (const pedantic of [false, true]) {
      const world = await scene({ pedantic, whileDisconnected: "drop" });
      void world.server.stop();
      await world.clock.advance(10);
      if (pedantic) world.nc.publish("a.*", "");
      else expect(() => world.nc.publish("a.*", "")).toThrow("a.*");
    }
  });
});
