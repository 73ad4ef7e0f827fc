// What is published on the diagnostics channels, and that nothing is made or asked where nobody listens. Node's own channels are
// in packages/myelin/test/events.test.ts, that no secret is in any message in authentication.test.ts beside it.

import type { Diagnostics, DiagnosticsChannelName } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { everyEvent, rejection, simulate } from "../test/simulated.js";
import { diagnosticsOn, type NatsConnection } from "./index.js";

interface Published {
  readonly channel: DiagnosticsChannelName;
  readonly [field: string]: unknown;
}

// Channels as Node has them: one for each name, with or without a subscriber.
function channels(subscribed: boolean, tell: (message: Published) => void = () => {}) {
  const published: Published[] = [];
  const counts = { asked: 0 };
  const diagnostics: Diagnostics = {
    channel: (channel) => ({
      get hasSubscribers() {
        counts.asked++;
        return subscribed;
      },
      publish: (message) => {
        const entry: Published = { channel, ...(message as object) };
        published.push(entry);
        tell(entry);
      },
    }),
  };
  return { published, counts, diagnostics: diagnosticsOn(diagnostics) };
}

const of = (published: readonly Published[], ...names: DiagnosticsChannelName[]): Published[] =>
  published.filter(({ channel }) => names.includes(channel));

describe("diagnostics", () => {
  it("D18: attempts, links and states are told, each with its connection, server, epoch, duration and error", async () => {
    const { published, diagnostics } = channels(true);
    const world = simulate(1, { diagnostics });
    const { clock } = world;
    const a = world.serve("a");
    const nc = await world.connect({ servers: "dead,a", noRandomize: true, name: "mine", reconnectJitter: 0 });
    const events = everyEvent(nc);
    for (const one of published) expect(one).toMatchObject({ connection: nc, name: "mine" });
    expect(of(published, "myelin:attempt:start", "myelin:attempt:end", "myelin:link:up")).toMatchObject([
      { channel: "myelin:attempt:start", attempt: 1, server: "dead:4222" },
      { channel: "myelin:attempt:end", attempt: 1, server: "dead:4222", phase: "tcp" },
      { channel: "myelin:attempt:start", attempt: 2, server: "a:4222" },
      { channel: "myelin:attempt:end", attempt: 2, server: "a:4222", error: undefined, phase: undefined },
      { channel: "myelin:link:up", epoch: 1, server: "a:4222", address: "a:4222" },
    ]);
    expect(published.find(({ phase }) => phase === "tcp")).toHaveProperty("error.code", "CONNECTION_REFUSED");
    const states = of(published, "myelin:connection:state").map(({ from, to }) => `${from} → ${to}`);
    expect(states).toEqual(["idle → dialing", "dialing → dialing", "dialing → connected"]);

    published.length = 0;
    a.connections.at(-1)?.reset();
    await clock.advance(5_000);
    await clock.until(nc.close());
    expect(of(published, "myelin:link:down", "myelin:link:up")).toMatchObject([
      { channel: "myelin:link:down", epoch: 1, server: "a:4222", error: { name: "TransportError" } },
      { channel: "myelin:link:up", epoch: 2, server: "a:4222" },
      { channel: "myelin:link:down", epoch: 2, error: undefined },
    ]);
    // Every status event, in the same order as listeners hear it.
    expect(of(published, "myelin:connection:event").map(({ event }) => event)).toEqual(events);
    expect(of(published, "myelin:connection:state").at(-1)).toMatchObject({ from: "connected", to: "closed" });
  });

  it("D18: an attempt that takes time, is refused or called off ends once, with the time it took", async () => {
    const { published, diagnostics } = channels(true);
    const world = simulate(1, { diagnostics });
    world.serve("a", { onPing: () => "silence" });
    await rejection(world.connect({ servers: "a", timeout: 700 }));
    expect(of(published, "myelin:attempt:end")).toMatchObject([{ ms: 700, phase: "ping", error: { code: "TIMEOUT" } }]);

    published.length = 0;
    const nc = await world.connect({ servers: "a", firstConnect: "background" });
    await world.clock.advance(100);
    await world.clock.until(nc.close());
    expect(of(published, "myelin:attempt:end")).toMatchObject([{ ms: 100, error: { name: "ConnectionError" } }]);
  });

  it("D18: requests are told with subject, duration and error, and never with what is in them", async () => {
    const { published, diagnostics } = channels(true);
    const world = simulate(1, { diagnostics });
    world.serve("a");
    const nc = await world.connect({ servers: "a" });
    nc.subscribe("echo", { callback: (_, msg) => void world.clock.after(20, () => msg.respond("secret answer")) });
    await world.clock.until(nc.request("echo", "secret question"));
    await rejection(world.clock.until(nc.request("nobody", "secret question")));
    await rejection(world.clock.until(nc.request("a b", "secret question")));
    expect(of(published, "myelin:request:start", "myelin:request:end")).toMatchObject([
      { channel: "myelin:request:start", request: 1, subject: "echo" },
      { channel: "myelin:request:end", request: 1, subject: "echo", ms: 20, error: undefined },
      { channel: "myelin:request:start", request: 2, subject: "nobody" },
      { channel: "myelin:request:end", request: 2, error: { code: "NO_RESPONDERS" } },
      { channel: "myelin:request:start", request: 3, subject: "a b" },
      { channel: "myelin:request:end", request: 3, error: { code: "INVALID_SUBJECT" } },
    ]);
    const fields = of(published, "myelin:request:start", "myelin:request:end").flatMap((one) => Object.keys(one));
    expect([...new Set(fields)].sort()).toEqual(
      ["channel", "connection", "error", "ms", "name", "request", "subject"].sort(),
    );
    await world.clock.until(nc.close());
  });

  it("D18: without a subscriber no message is made, and publishing and receiving do not even ask", async () => {
    const { published, counts, diagnostics } = channels(false);
    const world = simulate(1, { diagnostics });
    const a = world.serve("a");
    const nc = await world.connect({ servers: "a" });
    let got = 0;
    nc.subscribe("x", { callback: () => void got++ });
    await world.clock.until(nc.flush());
    counts.asked = 0;
    for (let i = 0; i < 1_000; i++) nc.publish("x", "payload");
    await world.clock.until(nc.flush());
    expect({ got, asked: counts.asked }).toEqual({ got: 1_000, asked: 0 });
    a.connections.at(-1)?.reset();
    await world.clock.advance(5_000);
    await rejection(world.clock.until(nc.request("nobody")));
    await world.clock.until(nc.close());
    expect(published).toEqual([]);
  });

  it.each(["myelin:attempt:start", "myelin:link:up", "myelin:link:down", "myelin:connection:state"] as const)(
    "D18: a subscriber that closes the connection at %s leaves nothing behind",
    async (name) => {
      let done = false;
      const { diagnostics } = channels(true, ({ channel, connection }) => {
        if (channel !== name || done) return;
        done = true;
        void (connection as NatsConnection).close();
      });
      const world = simulate(1, { diagnostics });
      const a = world.serve("a");
      const connecting = world.connect({ servers: "a" }).then(
        (nc) => nc.closed(),
        (error: Error) => error.name,
      );
      await world.clock.advance(100);
      a.connections.at(-1)?.reset();
      await world.clock.advance(5_000);
      await connecting;
      expect(done).toBe(true);
      expect(a.connections.filter(({ isOpen }) => isOpen)).toEqual([]);
      expect(world.clock.pendingTimers).toBe(0);
    },
  );
});
