// What servers do to a client, again and again, and that it comes back whole when they have had enough. Fakes and virtual time;
// what single errors are told as is in connecting.test.ts.

import type { FakeConnection, FakeScript } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, simulate } from "../../test/simulated.js";
import { StaleConnectionError, type Strategy } from "../index.js";

const TIMES = 7;
const SUBJECTS = ["one", "two.*", "three.>"];

/** Ways a link ends that was up. */
const endings: Readonly<Record<string, (connection: FakeConnection) => void>> = {
  RST: (connection) => connection.reset(),
  FIN: (connection) => connection.end(),
  "bytes that are not NATS": (connection) => connection.send("HTTP/1.1 400 Bad Request\r\n\r\n"),
  ...Object.fromEntries(
    [
      "Stale Connection",
      "Authentication Timeout",
      "Authorization Violation",
      "User Authentication Expired",
      "Account Authentication Expired",
      "maximum connections exceeded",
      "Something Nobody Has Heard Of",
    ].map((text) => [
      `-ERR '${text}'`,
      (connection: FakeConnection) => {
        connection.err(text);
        connection.end();
      },
    ]),
  ),
};

/** What a server does instead of letting a client in. */
const refusals: Readonly<Record<string, (connection: FakeConnection) => void>> = {
  ...endings,
  silence: () => {},
};

describe("P1: a server that misbehaves seven times and then behaves", () => {
  it.each(Object.entries(endings))(
    "P1: %s on a link: the client is back, and every subscription lives",
    async (_, end) => {
      const { serve, connect, clock } = simulate();
      const server = serve("a");
      const nc = await connect({ servers: "a" });
      const events = recorded(nc, "reconnect", "close");
      const heard: string[] = [];
      for (const subject of SUBJECTS)
        nc.subscribe(subject, { callback: (_error, msg) => void heard.push(msg.subject) });
      for (let n = 0; n < TIMES; n++) {
        const current = server.connections.at(-1);
        if (current !== undefined) end(current);
        await clock.advance(120_000);
      }
      expect(events.map(({ type }) => type)).toEqual(Array(TIMES).fill("reconnect"));
      for (const subject of ["one", "two.x", "three.x.y"]) nc.publish(subject);
      await clock.until(nc.flush());
      expect(heard).toEqual(["one", "two.x", "three.x.y"]);
      await nc.close();
      expect(clock.pendingTimers).toBe(0);
    },
  );

  it.each(Object.entries(refusals))(
    "P1: %s at every reconnect: the client is let in in the end, and every subscription lives",
    async (_, refuse) => {
      const { serve, connect, clock } = simulate();
      const script: FakeScript = {
        onConnect: (connection) => {
          if (connection.index === 0 || connection.index > TIMES) return;
          refuse(connection);
          return "skip";
        },
        onPing: (connection) => (connection.index > 0 && connection.index <= TIMES ? "silence" : "pong"),
      };
      const server = serve("a", script);
      const nc = await connect({ servers: "a", timeout: 2_000 });
      const heard: string[] = [];
      for (const subject of SUBJECTS)
        nc.subscribe(subject, { callback: (_error, msg) => void heard.push(msg.subject) });
      await clock.settle();
      server.connections[0]?.reset();
      await clock.advance(15 * 60_000);
      expect([nc.state, server.connections.length]).toEqual(["connected", TIMES + 2]);
      for (const subject of ["one", "two.x", "three.x.y"]) nc.publish(subject);
      await clock.until(nc.flush());
      expect(heard).toEqual(["one", "two.x", "three.x.y"]);
      await nc.close();
    },
  );

  it("P1, P15: silence on a link: given up each time by the formula, and the client is back", async () => {
    const { serve, connect, clock } = simulate();
    const silent = new Set<number>();
    const server = serve("a", { onPing: ({ index }) => (silent.has(index) ? "silence" : "pong") });
    const nc = await connect({ servers: "a" });
    const events = recorded(nc, "disconnect", "reconnect", "close");
    const sub = nc.subscribe("x");
    for (let n = 0; n < TIMES; n++) {
      await clock.until(nc.flush());
      silent.add(server.connections.length - 1);
      const begin = clock.now();
      while (events.length === 2 * n) await clock.advance(500);
      expect(clock.now() - begin).toBeLessThanOrEqual(20_000 * 3);
      await clock.advance(60_000);
    }
    expect(events.map(({ type }) => type)).toEqual(Array(TIMES).fill(["disconnect", "reconnect"]).flat());
    expect(events[0]).toMatchObject({ error: expect.any(StaleConnectionError) });
    nc.publish("x");
    await clock.until(nc.flush());
    expect(sub.getReceived()).toBe(1);
    await nc.close();
  });

  it("P1: two authentication errors with a good connection between them are two beginnings, with and without abort", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a", {
      onConnect: (connection) => {
        if (connection.index % 2 === 0) return;
        connection.err("Authentication Timeout");
        connection.end();
        return "skip";
      },
    });
    const nc = await connect({ servers: "a", ignoreAuthErrorAbort: false });
    for (let n = 0; n < TIMES; n++) {
      server.connections.at(-1)?.reset();
      await clock.advance(120_000);
      expect(nc.state).toBe("connected");
    }
    expect(server.connections).toHaveLength(2 * TIMES + 1);
    await nc.close();
  });
});

describe("which server comes next", () => {
  it("P4: one seed and five advertised addresses that swallow dials: back within one time-out and one wait", async () => {
    const { serve, connect, clock, network } = simulate(3);
    const advertised = Array.from({ length: 5 }, (_, n) => `10.0.0.${n + 1}:4222`);
    for (const address of advertised) network.blackHole(address.split(":")[0] ?? "", 4222);
    const server = serve("seed", { info: { connect_urls: advertised } });
    const nc = await connect({ servers: "seed", timeout: 2_000 });
    expect(nc.getServers()).toHaveLength(6);
    for (let n = 0; n < 10; n++) {
      const events = recorded(nc, "reconnect");
      const begin = clock.now();
      server.connections.at(-1)?.reset();
      while (events.length === 0 && clock.now() - begin < 60_000) await clock.advance(50);
      // A whole time-out, the first wait of an outage with six servers, the jitter of the first attempt, a step of this loop.
      expect(clock.now() - begin).toBeLessThanOrEqual(2_000 + 733 + 100 + 50);
      await clock.advance(60_000);
    }
    await nc.close();
  });

  it("P26: a strategy of one's own, a pure object, decides; one that throws or makes servers up is told of and the default decides", async () => {
    const { serve, connect, clock } = simulate();
    const servers = ["a", "b", "c"].map((name) => serve(name));
    let mode: "last" | "throw" | "foreign" = "last";
    const strategy: Strategy = {
      name: "mine",
      rank: (candidates) => {
        if (mode === "throw") throw new Error("not today");
        const found = [...candidates].reverse();
        return mode === "last" ? found : ([{ ...found[0], id: -1 }] as never);
      },
    };
    const nc = await connect({ servers: "a,b,c", strategy });
    expect(nc.getServer()).toBe("c:4222");
    for (const next of ["throw", "foreign"] as const) {
      mode = next;
      const events = recorded(nc, "error", "reconnect", "close");
      for (const server of servers) server.connections.at(-1)?.reset();
      await clock.advance(30_000);
      expect(events.map(({ type }) => type)).toContain("error");
      expect(events.at(-1)?.type).toBe("reconnect");
      expect(nc.state).toBe("connected");
    }
    await nc.close();
  });

  it("P16: sixty clients of a server that dies come back within the jitter, on both others, and none before its moment", async () => {
    const { serve, connect, clock, network } = simulate(5);
    const [dying] = [serve("a"), serve("b"), serve("c")];
    const clients = [];
    for (let n = 0; n < 60; n++) clients.push(await connect({ servers: "a,b,c", noRandomize: true }));
    expect(dying?.connections).toHaveLength(60);
    const [begin, dials] = [clock.now(), network.dials.length];
    await dying?.stop();
    await clock.advance(1_000);
    const made = network.dials.slice(dials);
    const perTenth = Array.from(
      { length: 10 },
      (_, n) => made.filter(({ at }) => Math.min(9, Math.floor((at - begin) / 10)) === n).length,
    );
    expect(made.every(({ at }) => at - begin <= 100)).toBe(true);
    expect(Math.max(...perTenth)).toBeLessThanOrEqual(15);
    expect(clients.map((nc) => nc.state)).toEqual(Array(60).fill("connected"));
    for (const nc of clients) await nc.close();
  });
});

describe("subscriptions on the next link", () => {
  it("ADR40-22, P42: are told with queue, with what remains of a limit, and in no part twice, however often the link is lost", async () => {
    const { serve, connect, clock } = simulate();
    const server = serve("a");
    const nc = await connect({ servers: "a" });
    const limited = nc.subscribe("limited", { max: 5, queue: "q" });
    const plain = nc.subscribe("plain");
    for (let n = 1; n <= 3; n++) {
      nc.publish("limited");
      await clock.until(nc.flush());
      server.connections.at(-1)?.reset();
      await clock.advance(5_000);
      const said = server.connections.at(-1)?.received.map(({ text }) => text.split("\r\n")[0] ?? "") ?? [];
      expect(said.filter((line) => /^(UN)?SUB/.test(line))).toEqual([
        `SUB limited q ${limited.getID()}`,
        `UNSUB ${limited.getID()} ${5 - n}`,
        `SUB plain ${plain.getID()}`,
      ]);
    }
    for (let n = 0; n < 5; n++) nc.publish("limited");
    await clock.until(nc.flush());
    expect([limited.getReceived(), limited.isClosed()]).toEqual([5, true]);
    await nc.close();
  });
});
