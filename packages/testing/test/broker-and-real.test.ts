// Holds the broker to what real servers of both lines do: the same raw sessions in, the same bytes out.

import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Broker, findServer, RealServer } from "../src/index.js";
import { play } from "./raw-client.js";
import { type Setup, sessions, setups } from "./sessions.js";

const MINUTES = 60_000;

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

    it.each(Object.entries(sessions[kind]))("%s: answered alike", async (_name, steps) => {
      const expected = await play(real.port, steps);
      expect(await play(broker.port, steps)).toEqual(expected);
      // The next session starts with nobody there.
      while ((await real.varz()).connections > 0 || broker.connections.length > 0) await nextTurn();
    });
  });
});
