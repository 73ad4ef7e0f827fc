// Holds the fake server to what real ones do: the same bytes in, the same bytes out.

import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeServer, findServer, RealServer } from "../src/index.js";
import { play, RawClient } from "./raw-client.js";
import { sessions } from "./sessions.js";

describe.each(["newest", "oldest"] as const)("the fake server and a real one, %s", (which) => {
  let real: RealServer;
  let fake: FakeServer;
  beforeAll(async () => {
    real = await RealServer.start({ binary: await findServer({ which }) });
    fake = await FakeServer.listen({ info: { version: real.version } });
  }, 600_000);
  afterAll(() => Promise.all([real.stop(), fake.stop()]));

  it.each(Object.entries(sessions.plain))("%s: answered alike", async (_name, steps) => {
    const expected = await play(real.port, steps);
    expect(await play(fake.port, steps)).toEqual(expected);
    // The next session starts with nobody there.
    while ((await real.varz()).connections > 0 || fake.connections.some((one) => one.isOpen)) await nextTurn();
  });

  it("PROTO-59: idle ends in PING, PING, -ERR 'Stale Connection'", async () => {
    await real.reload('ping_interval: "100ms", ping_max: 2');
    fake.script = { ...fake.script, pingInterval: 100, pingMax: 2 };
    const expected = "INFO\r\nPONG\r\nPING\r\nPING\r\n-ERR 'Stale Connection'\r\n";
    const idle = async (port: number): Promise<string> => {
      const client = new RawClient(port);
      await client.say('CONNECT {"verbose":false}\r\n');
      await client.until(() => client.isClosed);
      return client.heard.replace(/INFO \{.*\} ?\r\n/g, "INFO\r\n");
    };
    const both = await Promise.all([idle(real.port), idle(fake.port)]);
    expect(both).toEqual([expected, expected]);
  });
});
