// The events of whole connections are words of the grammar written at Status, also when listeners interfere. Random runs are
// in random-faults.test.ts, the feed alone in status-feed.test.ts, the grammar's checker in @myelin/testing.

import { eventViolation } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { everyEvent, type Simulation, simulate } from "../test/simulated.js";
import type { NatsConnection, Status, StatusType } from "./index.js";

/** First link, lame duck, silent peer, a loss with failing attempts, `reconnect()` in both states, publishes lost, and the end. */
async function eventfulLife(interfere?: (nc: NatsConnection) => void): Promise<{ heard: Status[]; world: Simulation }> {
  const world = simulate(7);
  const { clock } = world;
  const nc = await world.connect({
    servers: "a,b",
    noRandomize: true,
    firstConnect: "background",
    pingInterval: 1_000,
    timeout: 500,
  });
  const heard = everyEvent(nc);
  interfere?.(nc);
  await clock.advance(300); // Nobody is there yet.
  let a = world.serve("a", { info: { connect_urls: ["a:4222", "c:4222"] } });
  await clock.advance(60_000);
  a.sendInfo({ ldm: true, connect_urls: ["a:4222", "d:4222"] });
  a.connections.at(-1)?.err("something new");
  await clock.advance(10);
  a.script = { onPing: () => "silence" };
  await clock.advance(5_000);
  await a.stop();
  await clock.advance(3_000);
  if (!nc.isClosed()) void nc.reconnect();
  if (!nc.isClosed()) nc.publish("x", new Uint8Array(2_000));
  a = world.serve("a", { info: { max_payload: 1_000 } });
  await clock.advance(60_000);
  if (!nc.isClosed()) void nc.reconnect();
  await clock.advance(60_000);
  await clock.until(nc.close());
  return { heard, world };
}

const types = (events: readonly Status[]): string[] => events.map(({ type }) => type);

describe("status events", () => {
  it("P21: one connect or reconnect for each epoch, which every event of that link carries, and close last", async () => {
    const { heard } = await eventfulLife();
    expect(eventViolation(heard)).toBeUndefined();
    const every: StatusType[] = ["attemptFailed", "connect", "ping", "ldm", "error", "staleConnection", "disconnect"];
    for (const type of [...every, "reconnecting", "forceReconnect", "dropped", "reconnect", "update", "close"]) {
      expect(types(heard)).toContain(type);
    }
    const links = heard.flatMap((one) => (one.type === "connect" || one.type === "reconnect" ? [one.epoch] : []));
    expect(links).toEqual(links.map((_, index) => index + 1));
    expect(links.length).toBeGreaterThan(2);
    const unknown = heard.find((one) => one.type === "error" && one.epoch !== undefined);
    expect(unknown).toMatchObject({ error: { text: "something new" }, epoch: 1 });
  });

  const actions: { readonly [what: string]: (nc: NatsConnection) => unknown } = {
    closes: (nc) => nc.close(),
    drains: (nc) => nc.drain().catch(() => {}),
    reconnects: (nc) => nc.reconnect().catch(() => {}),
    throws: () => {
      throw new Error("mine");
    },
  };
  const told: StatusType[] = ["connect", "disconnect", "reconnecting", "attemptFailed", "reconnect", "update", "ldm"];
  told.push("error", "ping", "staleConnection", "forceReconnect", "dropped", "close");
  it.each(told.flatMap((type) => Object.keys(actions).map((what) => [what, type] as const)))(
    "P21: a listener that %s at %s cannot spoil the order, and nothing is left behind",
    async (what, type) => {
      let times = 0;
      const { heard, world } = await eventfulLife((nc) => {
        nc.on(type, () => {
          // A few times: a connection that is dropped at every event of its own would never get anywhere.
          if (times++ < 3) void actions[what]?.(nc);
        });
      });
      expect(times).toBeGreaterThan(0);
      expect(eventViolation(heard)).toBeUndefined();
      expect(heard.at(-1)?.type).toBe("close");
      await world.clock.advance(60_000);
      expect(world.clock.pendingTimers).toBe(0);
    },
  );
});
