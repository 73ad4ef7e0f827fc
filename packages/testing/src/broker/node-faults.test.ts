import { InvalidArgumentError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { MemoryClient } from "../../test/memory-client.js";
import { memoryNetwork } from "../memory-network.js";
import { VirtualClock } from "../virtual-clock.js";
import { Broker } from "./broker.js";

const CONNECT = 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n';

function world(): { clock: VirtualClock; broker: Broker; dial(): Promise<MemoryClient> } {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const broker = Broker.onMemory(network, { host: "a.test", port: 4222 }, { version: "2.10.0" });
  return {
    clock,
    broker,
    async dial() {
      const client = await MemoryClient.dial(network, broker);
      client.send(CONNECT);
      await clock.settle();
      return client;
    },
  };
}

describe("the faults of a broker", () => {
  it("one connection is silent, the other is not", async () => {
    const { broker, clock, dial } = world();
    const [first, second] = [await dial(), await dial()];
    broker.connections[0]?.faults.silence("to-client");
    for (const client of [first, second]) {
      client.heard = "";
      client.send("PING\r\n");
    }
    await clock.settle();
    expect([first.heard, second.heard]).toEqual(["", "PONG\r\n"]);
    broker.connections[0]?.faults.heal();
    await clock.settle();
    expect(first.heard).toBe("PONG\r\n");
  });

  it("delay, split, throttle, garbage and truncate reach the client as bytes do", async () => {
    const { broker, clock, dial } = world();
    const client = await dial();
    const { faults } = broker;
    client.heard = "";
    faults.delay(100);
    client.send("PING\r\n");
    await clock.advance(199);
    expect(client.heard).toBe("");
    await clock.advance(1);
    expect(client.heard).toBe("PONG\r\n");
    faults.heal();
    faults.garbage("!?\r\n");
    faults.truncate(2, "to-client");
    client.send("PING\r\n");
    await clock.settle();
    expect([client.heard, client.isClosed]).toEqual(["PONG\r\n!?\r\nPO", true]);
    await broker.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("reset, half-close", async () => {
    const { broker, clock, dial } = world();
    const first = await dial();
    broker.faults.reset();
    await clock.settle();
    expect([first.isClosed, broker.connections]).toEqual([true, []]);
    const second = await dial();
    broker.faults.halfClose();
    await clock.settle();
    expect(second.isClosed).toBe(true);
  });

  it("refuse: dials are refused, open connections stay, until healed", async () => {
    const { broker, clock, dial } = world();
    const client = await dial();
    broker.faults.refuse();
    await expect(dial()).rejects.toThrow("refused");
    client.heard = "";
    client.send("PING\r\n");
    await clock.settle();
    expect(client.heard).toBe("PONG\r\n");
    broker.faults.heal();
    await dial();
    expect(broker.connections).toHaveLength(2);
  });

  it("black hole: accepted, and nothing is heard in either direction; healed, all of it is", async () => {
    const { broker, clock, dial } = world();
    const old = await dial();
    old.heard = "";
    broker.faults.blackHole();
    const fresh = await dial();
    old.send("PING\r\n");
    await clock.advance(60_000);
    expect([old.heard, fresh.heard, broker.connections.length]).toEqual(["", "", 2]);
    broker.faults.heal();
    await clock.settle();
    expect(old.heard).toBe("PONG\r\n");
    expect(fresh.heard).toMatch(/^INFO .*\r\nPONG\r\n$/);
  });

  it("failed authentication for a time", async () => {
    const { broker, clock, dial } = world();
    broker.faults.failAuth(1_000);
    const refused = await dial();
    expect([refused.heard, refused.isClosed]).toEqual([
      expect.stringMatching(/\r\n-ERR 'Authorization Violation'\r\n$/),
      true,
    ]);
    await clock.advance(1_000);
    expect((await dial()).heard).toMatch(/PONG\r\n$/);
  });

  it("admit: so many new connections in every span of time, and those that are there stay", async () => {
    const { broker, clock, dial } = world();
    const there = await dial();
    broker.faults.admit(2, 100);
    const refusals = async (): Promise<boolean[]> => {
      const some = [await dial(), await dial(), await dial()];
      return some.map(
        ({ heard, isClosed }) =>
          isClosed && heard.endsWith("-ERR 'Connection throttling is active. Please try again later.'\r\n"),
      );
    };
    expect(await refusals()).toEqual([false, false, true]);
    await clock.advance(100);
    expect(await refusals()).toEqual([false, false, true]);
    broker.faults.admit(0);
    const sentAway = await dial();
    expect([sentAway.heard, sentAway.isClosed]).toEqual([
      expect.stringMatching(/\r\n-ERR 'maximum connections exceeded'\r\n$/),
      true,
    ]);
    expect([there.isClosed, broker.connections.length]).toEqual([false, 5]);
    broker.faults.heal();
    expect(await refusals()).toEqual([false, false, false]);
  });

  it("admit: a number that is none throws, and changes nothing", async () => {
    const { broker, dial } = world();
    for (const [connections, ms] of [[-1], [1.5], [Number.NaN], [1, 0], [1, Number.POSITIVE_INFINITY]] as const) {
      expect(() => broker.faults.admit(connections, ms)).toThrow(InvalidArgumentError);
    }
    expect((await dial()).isClosed).toBe(false);
  });

  it("heal: leaves connections alone that nothing was done to", async () => {
    const { broker, dial } = world();
    await dial();
    await dial();
    broker.connections[1]?.faults.delay(5);
    broker.faults.heal();
    expect(broker.connections.map(({ isDisturbed }) => isDisturbed)).toEqual([false, true]);
  });

  it("a message cut in pieces of one byte is the same message", async () => {
    const { broker, clock, dial } = world();
    broker.faults.split(1);
    const [subscriber, publisher] = [await dial(), await dial()];
    subscriber.send("SUB a 1\r\n");
    await clock.settle();
    subscriber.heard = "";
    publisher.send("PUB a 5\r\nhello\r\n");
    await clock.settle();
    expect(subscriber.heard).toBe("MSG a 1 5\r\nhello\r\n");
  });
});
