// What a log is told: which lines, at which level, in which words, and that its function disturbs nothing. That no
// secret is in any line is packages/myelin/test/log-secrets.test.ts.

import { type Diagnostics, TlsMaterialError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import { rejection, type Simulation, simulate } from "../test/simulated.js";
import { OVERLAP } from "./handover.js";
import {
  CallbackError,
  type ConnectionOptions,
  diagnosticsOn,
  type LogEntry,
  type LogOptions,
  logTo,
  type NatsConnection,
  ServerError,
  ServerResolutionError,
} from "./index.js";
import { placeOf } from "./log-lines.js";

function logged(options?: LogOptions, tell: (entry: LogEntry) => unknown = () => {}) {
  const entries: LogEntry[] = [];
  const log = logTo((entry) => {
    entries.push(entry);
    return tell(entry);
  }, options);
  const lines = (): string[] => entries.map(({ level, namespace, text }) => `${level} ${namespace}: ${text}`);
  return { entries, lines, log };
}

/** A connection that meets with everything: a dead server, denials, a slow consumer, a loss, a request nobody answers, drain. */
async function eventful(world: Simulation, options: ConnectionOptions): Promise<NatsConnection> {
  const { clock } = world;
  const a = world.serve("a", {
    onSub: (connection, { subject }) => {
      if (subject === "no.sub") connection.err('Permissions Violation for Subscription to "no.sub"');
      return undefined;
    },
  });
  const nc = await world.connect({ servers: "dead,a", noRandomize: true, name: "orders", ...options });
  nc.subscribe("no.sub");
  nc.subscribe("slow", { pending: { messages: 2 } });
  nc.subscribe("bad", {
    callback: () => {
      throw new Error("mine");
    },
  });
  for (let i = 0; i < 5; i++) nc.publish("slow");
  nc.publish("bad");
  await clock.until(nc.flush());
  await rejection(clock.until(nc.request("nobody")));
  a.connections.at(-1)?.err('Permissions Violation for Publish to "no.pub"');
  await clock.advance(10);
  a.connections.at(-1)?.reset();
  await clock.advance(5_000);
  await clock.until(
    nc.drain({ timeout: 100 }).then(
      () => {},
      () => {},
    ),
  );
  return nc;
}

const some = (pattern: RegExp): unknown => expect.stringMatching(pattern);

describe("logTo()", () => {
  it("P53: what an operator wants to know is told at info and above, in sentences, once each", async () => {
    const { lines, log } = logged();
    await eventful(simulate(), { log });
    expect(lines()).toEqual([
      some(/^warn transport: could not connect to dead:4222, attempt 1, in phase tcp after 0 ms: dead:4222 refused/),
      some(/^info session: connected to a:4222 \(link 1, server fake-4222, version [\d.]+\)$/),
      'error subscription: the server denies subscribing to "no.sub"; check the user\'s permissions',
      'warn subscription: the consumer of "slow" is too slow: 2 messages wait, 1 dropped so far',
      'error subscription: a subscription callback on "bad" failed: mine',
      'error publishing: the server denies publishing to "no.pub"; check the user\'s permissions',
      some(/^warn session: lost link 1 to a:4222: .+/),
      some(/^info session: connected again, to a:4222 \(link 2, server fake-4222, version [\d.]+\), after \d+ ms$/),
      some(/^info session: drains: /),
      "info session: closed",
    ]);
  });

  it("P53: every line has time, connection, and server and error where there is one; connections are told apart", async () => {
    const { entries, log } = logged();
    const world = simulate();
    await eventful(world, { log });
    await (await world.connect({ servers: "a", log })).close();
    for (const { at, connection, text } of entries) {
      expect(at).toBeLessThanOrEqual(world.clock.wallTime());
      expect(text).not.toBe("");
      expect(connection).toMatch(/^(orders#1|nats#2)$/);
    }
    expect(entries[0]).toMatchObject({ server: "dead:4222", error: { code: "CONNECTION_REFUSED" } });
    expect(entries.find(({ text }) => text.startsWith("connected"))).toMatchObject({ server: "a:4222" });
    expect(entries.find(({ text }) => text.includes("no.pub"))).toHaveProperty("error.code", "PERMISSIONS_VIOLATION");
    expect(Object.keys(entries.at(-1) ?? {}).sort()).toEqual(["at", "connection", "level", "namespace", "text"]);
  });

  it("P53: debug adds attempts, waits and failed requests; trace the operations, never messages or what is in them", async () => {
    const debug = logged({ level: "debug" });
    await eventful(simulate(), { log: debug.log });
    expect(debug.lines()).toEqual(
      expect.arrayContaining([
        "debug transport: connecting to dead:4222, attempt 1",
        some(/^debug transport: a:4222 answered after \d+ ms, attempt \d$/),
        some(/^debug session: no server may be dialled yet: wait \d+ ms$/),
        some(/^debug request: request to "nobody" failed after \d+ ms: no responders on "nobody"$/),
      ]),
    );
    const trace = logged({ level: "trace" });
    await eventful(simulate(), { log: trace.log });
    const told = trace.lines();
    for (const line of ["trace transport: open: a:4222", "trace protocol: > CONNECT without credentials"]) {
      expect(told).toContain(line);
    }
    expect(told).toContain("trace protocol: > SUB no.sub 1");
    expect(told).toContainEqual(some(/^trace protocol: < INFO fake-4222/));
    expect(told.join("\n")).not.toMatch(/[<>] (H?MSG|H?PUB)/);
    expect(debug.lines().join("\n")).not.toMatch(/trace/);
  });

  it("P53: each namespace may have a level of its own, or be off", async () => {
    const only = logged({ level: "off", levels: { protocol: "trace" } });
    await eventful(simulate(), { log: only.log });
    expect(new Set(only.entries.map(({ namespace }) => namespace))).toEqual(new Set(["protocol"]));
    const without = logged({ levels: { transport: "off", subscription: "error" } });
    await eventful(simulate(), { log: without.log });
    expect(without.entries.map(({ namespace }) => namespace)).not.toContain("transport");
    expect(without.lines().join("\n")).not.toMatch(/warn subscription/);
  });

  it("P53: the end for good is an error, and what it carries has the history", async () => {
    const { entries, log } = logged({ level: "error" });
    const error = await rejection(simulate().connect({ servers: "dead", log }));
    expect(entries).toMatchObject([{ level: "error", namespace: "session", error, connection: "nats#1" }]);
    expect(entries[0]?.text).toMatch(/^closed for good: could not connect: nats:\/\/dead:4222 failed in phase tcp: /);
    expect((error as { history?: unknown[] }).history).toHaveLength(3);
  });

  it("P53: a lame duck, a move, a change of the cluster and dropped publishes have their line", async () => {
    const { lines, log } = logged();
    const world = simulate();
    const [a, b] = [world.serve("a"), world.serve("b")];
    const nc = await world.connect({ servers: "a,b", noRandomize: true, pingInterval: 1_000, log });
    a.connections.at(-1)?.sendInfo({ connect_urls: ["a:4222", "c:4222"], ldm: true });
    await world.clock.advance(5_000);
    void nc.reconnect();
    await world.clock.advance(50);
    await a.stop();
    await b.stop();
    await world.clock.advance(5_000);
    nc.publish("kept");
    await world.clock.until(nc.close());
    for (const line of [
      "info pool: the cluster changed; new: c:4222",
      "warn session: a:4222 announced that it will leave (lame duck)",
      some(/^info session: moved from a:4222 to b:4222 \(link 2, .+\) without a disconnect, reason: lame-duck$/),
      "info session: reconnect() was called",
      some(/^warn publishing: publishes that will not be sent: 1 of \d+ bytes, reason: closed$/),
    ]) {
      expect(lines()).toContainEqual(line);
    }
  });

  it("P53: silence is asked about at debug, and a server that does not answer is a warning", async () => {
    const { lines, log } = logged({ level: "debug" });
    const world = simulate();
    let pings = 0;
    world.serve("a", { onPing: () => (pings++ > 0 ? "silence" : undefined) });
    const nc = await world.connect({ servers: "a", pingInterval: 1_000, reconnect: false, log });
    await world.clock.until(nc.closed());
    expect(lines().slice(-5)).toEqual([
      "debug protocol: silence: the server is asked for a sign of life, 1 unanswered",
      "debug protocol: silence: the server is asked for a sign of life, 2 unanswered",
      "warn session: the server has been silent for too long, link 1 is given up",
      some(/^warn session: lost link 1 to a:4222: /),
      some(/^error session: closed for good: /),
    ]);
  });

  it("P53: errors that no promise reports are told where they belong, those of TLS files as a warning", () => {
    const tls = new TlsMaterialError(["tls.certFile"], "a:4222: tls.certFile is half written, the earlier one is used");
    const places = [
      tls,
      new CallbackError("server pool", undefined, tls),
      new CallbackError("listener", undefined, tls),
      new CallbackError("subscription", "s", tls),
      new ServerError("Odd"),
      new ServerResolutionError("resolveServers failed"),
    ].map((error) => placeOf({ type: "error", error })?.join(" "));
    expect(places).toEqual([
      "transport warn",
      "pool error",
      "session error",
      "subscription error",
      "protocol error",
      "pool warn",
    ]);
  });

  it("P53: a line is one line of bounded length, whatever a server or a caller says", async () => {
    const { entries, log } = logged({ level: "trace" });
    const world = simulate();
    const a = world.serve("a", { info: { server_name: "n1\nerror session: forged" } });
    const nc = await world.connect({ servers: "a", log });
    a.connections.at(-1)?.err(`Odd \u001b[2J${"x".repeat(2_000)}`);
    nc.subscribe("s", {
      callback: () => {
        throw new Error("one\ntwo");
      },
    });
    nc.publish("s");
    await world.clock.until(nc.flush());
    await world.clock.until(nc.close());
    for (const { text } of entries) {
      expect(text).not.toMatch(/\p{Cc}/u);
      expect(text.length).toBeLessThanOrEqual(1_000);
    }
    expect(entries.map(({ text }) => text).join("\n")).toMatch(/failed: one two/);
  });
});

describe("the function of a log", () => {
  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("full"))],
    ["throws what cannot be printed", () => Promise.reject(Object.create(null))],
    [
      "answers what throws when it is looked at",
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: that is the point
        get then(): never {
          throw new Error("full");
        },
      }),
    ],
  ])("P53: that %s disturbs nothing: all goes on as without it", async (_, misbehave) => {
    const quiet: string[] = [];
    const loud: string[] = [];
    for (const [told, options] of [
      [quiet, {}],
      [loud, { log: logged({ level: "trace" }, misbehave).log }],
    ] as const) {
      const world = simulate();
      const nc = await eventful(world, options);
      expect(nc.isClosed()).toBe(true);
      expect(world.clock.pendingTimers).toBe(0);
      told.push(...nc.history().map(String));
    }
    expect(loud).toEqual(quiet);
  });

  it("P53: that closes the connection at any line, whichever it is, leaves nothing behind", async () => {
    const all = logged({ level: "trace" });
    await eventful(simulate(), { log: all.log });
    expect(all.entries.length).toBeGreaterThan(30);
    for (let at = 1; at <= all.entries.length; at++) {
      let nc: NatsConnection | undefined;
      let lines = 0;
      const { log } = logged({ level: "trace" }, () => {
        lines++;
        if (lines >= at) void nc?.close();
      });
      const world = simulate();
      const watched = async (options: ConnectionOptions): Promise<NatsConnection> => {
        nc = await world.connect({ ...options, firstConnect: "background" });
        await world.clock.until(nc.ready.catch(() => {}));
        return nc;
      };
      await eventful({ ...world, connect: (options = {}) => watched(options) }, { log }).catch(() => {});
      await world.clock.until(nc?.closed() ?? Promise.resolve());
      await world.clock.advance(10_000);
      expect([at, world.clock.pendingTimers, nc?.state]).toEqual([at, 0, "closed"]);
    }
  });

  it("P53: is called beside the channels of diagnostics, which hear what they heard before", async () => {
    const heard: string[] = [];
    const channels: Diagnostics = {
      channel: (name) => ({ hasSubscribers: true, publish: () => void heard.push(name) }),
    };
    const heardWith = async (options: ConnectionOptions): Promise<string[]> => {
      await eventful(simulate(1, { diagnostics: diagnosticsOn(channels) }), options);
      return heard.splice(0);
    };
    const without = await heardWith({});
    const beside = await heardWith({ log: logged({ level: "trace" }).log });
    expect(new Set(without).size).toBe(8);
    expect(beside).toEqual(without);
  });

  it.each<[string, unknown, RegExp]>([
    ["no function", () => logTo("console" as never), /^log: must be a function/],
    ["a level there is not", () => logTo(() => {}, { level: "warning" as never }), /^level: must be one of "trace"/],
    [
      "a namespace there is not",
      () => logTo(() => {}, { levels: { tranport: "debug" } as never }),
      /did you mean transport/,
    ],
    [
      "a level of a namespace there is not",
      () => logTo(() => {}, { levels: { pool: "all" as never } }),
      /^levels.pool: must/,
    ],
    ["an option there is not", () => logTo(() => {}, { leve: "debug" } as never), /did you mean level/],
  ])("P53: %s is refused by name", (_, make, message) => {
    expect(make).toThrow(message);
  });

  it("P53: alone is no log, and the error says how it becomes one", async () => {
    const error = await rejection(simulate().connect({ servers: "a", log: (() => {}) as never }));
    expect(error.message).toContain("log: must be what logTo() makes, as in log: logTo(yourFunction)");
  });
});

it("P53: the length of an outage is that of the latest one, also when another link was up already", async () => {
  const world = simulate();
  const [a, b] = [world.serve("a"), world.serve("b")];
  const { lines, log } = logged();
  const nc = await world.connect({ servers: "a,b", noRandomize: true, reconnectJitter: 0, log });
  a.connections.at(-1)?.reset();
  await world.clock.advance(3_600_000);
  b.sendInfo({ ldm: true });
  await world.clock.advance(OVERLAP / 2);
  b.connections.at(-1)?.reset();
  await world.clock.advance(1);
  expect(nc.getServer()).toBe("a:4222");
  expect(lines().at(-1)).toMatch(/^info session: connected again, to a:4222 .*, after 0 ms$/);
  await world.clock.until(nc.close());
});
