// Holds the broker to what real servers of both lines do: the same raw sessions in, the same bytes out, over TCP and over WebSocket.

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
      real = await RealServer.start({ binary: await findServer({ which }), config: setup.config, websocket: true });
      broker = await Broker.listen({ version: real.version, websocket: true, ...setup.options });
    }, 10 * MINUTES);
    afterAll(() => Promise.all([real.stop(), broker.stop()]));

    const played = Object.entries(sessions[kind]);
    const wires = (["tcp", "websocket"] as const).flatMap((wire) =>
      played.map(([name, steps]) => [name, wire, steps] as const),
    );
    it.each(wires)("%s: answered alike over %s", async (_name, wire, steps) => {
      const portOf = (server: RealServer | Broker): number =>
        (wire === "tcp" ? server.port : server.websocketPort) ?? 0;
      const expected = await play(portOf(real), steps, wire);
      expect(heardForCertain(await play(portOf(broker), steps, wire))).toEqual(heardForCertain(expected));
      // The next session starts with nobody there.
      while ((await real.varz()).connections > 0 || broker.connections.length > 0) await nextTurn();
    });
  });
});

/** Newer servers break a WebSocket whose client broke the protocol; whether their word for it leaves before is a race they seldom win. */
function heardForCertain(heard: Record<string, string>): Record<string, string> {
  const certain = Object.entries(heard).map(([name, text]) => [
    name,
    text.replace(/-ERR '[^']*'\r\nclosed1006$/, "closed1006"),
  ]);
  return Object.fromEntries(certain);
}
