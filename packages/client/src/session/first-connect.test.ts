// The three ways a first connect can go about a cluster that is not there (P23): fakes and virtual time.

import type { FakeScript } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { ClosedConnectionError, ConnectError, type FirstConnect } from "../index.js";

const locked: FakeScript = {
  onConnect: (connection) => {
    connection.err("Authorization Violation");
    connection.end();
    return "skip";
  },
};

describe("firstConnect", () => {
  it("P23: fail: every server is tried once, then one error has all attempts, and nothing goes on", async () => {
    const { serve, connect, clock, network } = simulate();
    serve("b", locked);
    const error = (await rejection(connect({ servers: "a,b,c", noRandomize: true }))) as ConnectError;
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    expect(error.attempts.map(({ server }) => server)).toEqual(["nats://a:4222", "nats://b:4222", "nats://c:4222"]);
    await clock.advance(600_000);
    expect([network.dials.length, clock.pendingTimers]).toEqual([3, 0]);
  });

  it("P23: retry: goes on with growing waits until a server is there, and resolves with a connection that is up", async () => {
    const { serve, connect, clock, network } = simulate();
    clock.after(60_000, () => void serve("b"));
    const nc = await connect({ servers: "a,b", firstConnect: "retry" });
    expect([nc.state, nc.getServer()]).toEqual(["connected", "b:4222"]);
    expect(clock.now()).toBeGreaterThanOrEqual(60_000);
    expect(network.dials.length).toBeLessThan(100);
    await nc.close();
  });

  it("ADR40-25, P23: background: a usable connection at once, whose ready settles when it is up, and what was published meanwhile arrives", async () => {
    const { serve, connect, clock } = simulate();
    const nc = await connect({ servers: "a", firstConnect: "background" });
    const events = recorded(nc, "connect", "reconnect", "disconnect", "close");
    expect([nc.isClosed(), clock.now()]).toEqual([false, 0]);
    const heard: string[] = [];
    nc.subscribe("x", { callback: (_, msg) => void heard.push(msg.string()) });
    nc.publish("x", "early");
    const asked = nc.request("y", "", { timeout: 120_000 });
    nc.subscribe("y", { callback: (_, msg) => void msg.respond("answer") });
    clock.after(30_000, () => void serve("a"));
    await clock.until(nc.ready);
    await clock.until(nc.flush());
    expect([heard, (await clock.until(asked)).string()]).toEqual([["early"], "answer"]);
    expect(events.map(({ type }) => type)).toEqual(["connect"]);
    await nc.close();
  });

  it("P6: background: a listener that closes when the first link is told of makes ready reject", async () => {
    const { serve, connect, clock } = simulate();
    serve("a");
    const nc = await connect({ servers: "a", firstConnect: "background" });
    nc.on("connect", () => void nc.close());
    expect(await rejection(clock.until(nc.ready))).toBeInstanceOf(ClosedConnectionError);
    expect(await clock.until(nc.closed())).toBeUndefined();
  });

  it.each(["fail", "retry", "background"] as const)(
    "P23: %s: a deadline ends it with the attempts made, and leaves nothing",
    async (firstConnect) => {
      const { connect, clock, network } = simulate();
      network.blackHole("a", 4222);
      const options = { servers: "a", firstConnect, timeout: 1_000, deadline: firstConnect === "fail" ? 500 : 5_500 };
      const error = await rejection(
        firstConnect === "background" ? clock.until((await connect(options)).ready) : connect(options),
      );
      expect(error).toBeInstanceOf(ConnectError);
      expect(error.message).toContain(`${options.deadline} ms`);
      expect((error as ConnectError).attempts.length).toBeGreaterThan(0);
      expect(clock.now()).toBe(options.deadline);
      await clock.advance(60_000);
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each(["fail", "retry", "background"] as const)(
    "P23: %s: a signal ends it with its reason, at once, and leaves nothing",
    async (firstConnect: FirstConnect) => {
      const { connect, clock, network } = simulate();
      network.blackHole("a", 4222);
      const controller = new AbortController();
      const reason = new Error("never mind");
      clock.after(700, () => controller.abort(reason));
      const options = { servers: "a", firstConnect, timeout: 1_000, signal: controller.signal };
      const error = await rejection(
        firstConnect === "background" ? clock.until((await connect(options)).ready) : connect(options),
      );
      expect([error, clock.now()]).toEqual([reason, 700]);
      await clock.advance(60_000);
      expect([clock.pendingTimers, network.dials.length]).toEqual([0, 1]);
    },
  );

  it.each(["retry", "background"] as const)(
    "P23: %s, told to retry when refused: credentials are told each time, with growing waits, and work once they are right",
    async (firstConnect) => {
      const { serve, connect, clock, network } = simulate();
      let right = false;
      serve("a", { onConnect: (connection, options) => (right ? undefined : locked.onConnect?.(connection, options)) });
      clock.after(600_000, () => {
        right = true;
      });
      const nc = await connect({ servers: "a", firstConnect, firstConnectRefused: "retry" });
      await clock.until(nc.ready);
      expect([nc.state, clock.now() >= 600_000]).toEqual(["connected", true]);
      // Each wait is up to 30 s by then; a fixed one of 100 ms would have made six thousand dials.
      expect(network.dials.length).toBeLessThan(200);
      await nc.close();
    },
  );

  it.each(["fail", "retry", "background"] as const)(
    "P23: %s: options that make no sense reject at once, whatever the mode",
    async (firstConnect) => {
      const { connect, network } = simulate();
      const error = await rejection(connect({ servers: "a", firstConnect, timeout: -1 }));
      expect([error.code, network.dials.length]).toEqual(["INVALID_ARGUMENT", 0]);
    },
  );

  it.each(["retry", "background"] as const)(
    "P23: %s: a limit of attempts does not count before the first success",
    async (firstConnect) => {
      const { serve, connect, clock } = simulate();
      clock.after(60_000, () => void serve("a"));
      const nc = await connect({ servers: "a", firstConnect, maxReconnectAttempts: 2 });
      await clock.until(nc.ready);
      expect(nc.state).toBe("connected");
      await nc.close();
    },
  );
});
