// Holds the broker to what real servers of both lines do: the same raw sessions in, the same bytes out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Broker, findServer, RealServer } from "../src/index.js";
import { RawClient } from "./raw-client.js";
import { type Setup, type Step, sessions, setups } from "./sessions.js";

const MINUTES = 60_000;

/** What each client of the session heard. */
async function play(port: number, steps: readonly Step[]): Promise<Record<string, string>> {
  const clients = new Map<string, RawClient>();
  for (const [name, text] of steps) {
    const client = clients.get(name) ?? new RawClient(port);
    clients.set(name, client);
    await client.say(typeof text === "string" ? text : text((await client.info()).nonce ?? ""));
  }
  return Object.fromEntries([...clients].map(([name, client]) => [name, client.summary()]));
}

describe.each(["newest", "oldest"] as const)("a broker and nats-server, %s", (which) => {
  describe.each(Object.keys(setups) as (keyof typeof setups)[])("%s", (kind) => {
    const setup: Setup = setups[kind];
    let real: RealServer;
    let broker: Broker;
    beforeAll(async () => {
      real = await RealServer.start({ binary: await findServer({ which }), config: setup.config });
      broker = await Broker.listen({ version: real.version, ...setup.options });
    }, 10 * MINUTES);
    afterAll(() => Promise.all([real.stop(), broker.stop()]));

    it.each(Object.entries(sessions[kind]))("answer alike: %s", async (_name, steps) => {
      const expected = await play(real.port, steps);
      expect(await play(broker.port, steps)).toEqual(expected);
      // The next session starts with nobody there.
      while ((await real.varz()).connections > 0 || broker.connections.length > 0) await new Promise(setImmediate);
    });
  });
});
