// What a connection remembers of its control traffic: what is in it, in which order and words, how much of it, and on which errors. That
// no secret is in it is packages/myelin/test/log-secrets.test.ts.

import { inspect } from "node:util";
import { type HistoryEntry, NatsError } from "@myelin/contracts";
import { VirtualClock } from "@myelin/testing";
import { describe, expect, it, vi } from "vitest";
import { rejection, simulate } from "../test/simulated.js";
import { History } from "./history.js";

// Without the times, which are another test's business.
const lines = (entries: readonly HistoryEntry[] | undefined): string[] =>
  (entries ?? []).map((entry) => String(entry).replace(/^\S+Z /, ""));

const some = (pattern: RegExp): unknown => expect.stringMatching(pattern);

function remembered(clock = new VirtualClock()) {
  const told: string[] = [];
  const history = new History(clock, ({ text }) => told.push(text));
  return { clock, told, history, note: history.of({ epoch: 1, server: "a:4222" }) };
}

describe("what a connection remembers", () => {
  it("P53: dials, INFO, CONNECT, PING, SUB, -ERR and the end of links in their order, with server, attempt and link", async () => {
    const world = simulate();
    const a = world.serve("a");
    const nc = await world.connect({ servers: "dead,a", noRandomize: true, user: "ann", pass: "secret" });
    const sub = nc.subscribe("news", { queue: "q" });
    await world.clock.until(nc.flush());
    sub.unsubscribe();
    await world.clock.until(nc.flush());
    a.connections.at(-1)?.err("Something Odd");
    await world.clock.advance(10);
    a.connections.at(-1)?.reset();
    await world.clock.advance(2_000);
    await world.clock.until(nc.close());
    const told = lines(nc.history()).filter(
      (line) => !line.includes("link 1 < INFO") && !line.includes("link 2 < INFO"),
    );
    const loss = told.findIndex((line) => line.includes("link ended"));
    expect(told.slice(0, loss + 1)).toEqual([
      "dead:4222 attempt 1 - dial nats://dead:4222",
      some(/^dead:4222 attempt 1 - failed in phase tcp: dead:4222 refused/),
      "a:4222 attempt 2 - dial nats://a:4222",
      "a:4222 attempt 2 - open: a:4222",
      some(/^a:4222 attempt 2 < INFO fake-4222 \d+\.\d+\.\d+$/),
      "a:4222 attempt 2 > CONNECT with user, pass",
      "a:4222 attempt 2 > PING",
      "a:4222 attempt 2 < PONG",
      "a:4222 link 1 - link up: a:4222",
      "a:4222 link 1 > SUB news q 1",
      some(/^a:4222 link 1 > PING \(2 of them until \S+Z\)$/),
      some(/^a:4222 link 1 < PONG \(2 of them until \S+Z\)$/),
      "a:4222 link 1 > UNSUB 1",
      "a:4222 link 1 < -ERR Something Odd",
      some(/^a:4222 link 1 - link ended: ./),
    ]);
    expect(told.slice(loss + 1).join("\n")).toMatch(/^- wait \d+ ms\n(.+\n)*\S+ attempt 3 - dial .+\n/);
    expect(told.slice(-3)).toEqual(["a:4222 link 2 - link up: a:4222", "a:4222 link 2 - link closed", "- closed"]);
  });

  it("P53: what the server's INFO said of itself, and that we go without credentials", async () => {
    const world = simulate();
    world.serve("a", {
      info: { tls_required: true, cluster: "c1", nonce: "n0nce", connect_urls: ["a:4222", "b:4222"] },
    });
    const error = await rejection(world.connect({ servers: "a", tls: null }));
    expect(lines((error as NatsError).history)).toContainEqual(
      some(/ < INFO fake-4222 \d\S+ cluster c1 tls_required nonce connect_urls a:4222,b:4222$/),
    );
    const plain = simulate();
    plain.serve("a");
    const nc = await plain.connect({ servers: "a" });
    expect(lines(nc.history())).toContain("a:4222 attempt 1 > CONNECT without credentials");
  });

  it("P53: when, on the clock of the wall, the first and the last of a run", () => {
    const { clock, history, note } = remembered();
    const begin = clock.wallTime();
    note("out", "SUB", "a", undefined, 1);
    void clock.advance(0);
    const [entry] = history.entries();
    expect(entry).toMatchObject({ at: begin, until: begin, count: 1, epoch: 1, attempt: undefined, direction: "out" });
    expect(String(entry)).toBe(`${new Date(begin).toISOString()} a:4222 link 1 > SUB a 1`);
  });

  it("P53: 200 entries at most, the latest ones", () => {
    const { history, note } = remembered();
    for (let i = 0; i < 1_000; i++) note("in", "INFO", i);
    const entries = history.entries();
    expect(entries).toHaveLength(200);
    expect([entries[0]?.text, entries[199]?.text]).toEqual(["INFO 800", "INFO 999"]);
  });

  it("P53: a run of one verb is one entry: 200 000 SUBs, UNSUBs in between, pings of days, the same -ERR, push nothing out", () => {
    const { history, note, told } = remembered();
    note("own", "dial");
    for (let sid = 1; sid <= 200_000; sid++) {
      note("out", "SUB", "s", undefined, sid);
      if (sid % 2 === 0) note("out", "UNSUB", sid, 1);
    }
    for (let i = 0; i < 5_000; i++) {
      note("out", "PING");
      note("in", "PONG");
      note("in", "PING");
      note("out", "PONG");
      note("in", "-ERR Permissions Violation");
    }
    expect(history.entries().map(({ count, direction, text }) => `${direction} ${text} ${count}`)).toEqual([
      "own dial 1",
      "out SUB s 1 200000",
      "out UNSUB 2 1 100000",
      "out PING 5000",
      "in PONG 5000",
      "in PING 5000",
      "out PONG 5000",
      "in -ERR Permissions Violation 5000",
    ]);
    expect(told).toHaveLength(8);
  });

  it("P53: what is of another link, or comes behind another step, is an entry of its own", () => {
    const { history, note } = remembered();
    const other = history.of({ epoch: 2, server: "a:4222" });
    note("out", "PING");
    other("out", "PING");
    other("in", "INFO");
    other("out", "PING");
    expect(history.entries().map(({ count, epoch, text }) => `${epoch} ${text} ${count}`)).toEqual([
      "1 PING 1",
      "2 PING 1",
      "2 INFO 1",
      "2 PING 1",
    ]);
  });

  it("P53: what was read stays as it was, and text of a server is one short line", () => {
    const { history, note } = remembered();
    note("in", "-ERR a\r\nfake line\u001b[31m\u202e");
    const before = history.entries();
    note("in", "-ERR a\r\nfake line\u001b[31m\u202e");
    note("in", `-ERR ${"x".repeat(5_000)}`);
    expect(before.map(({ count, text }) => [count, text])).toEqual([[1, "-ERR a fake line [31m "]]);
    expect(history.entries()[1]?.text).toHaveLength(300);
  });

  it("P53: messages never: neither publishing nor receiving asks for the time, and nothing is added", async () => {
    const world = simulate();
    world.serve("a");
    const nc = await world.connect({ servers: "a" });
    let got = 0;
    nc.subscribe("x", { callback: () => void got++ });
    await world.clock.until(nc.flush());
    const entries = nc.history().length;
    const asked = vi.spyOn(world.clock, "wallTime");
    for (let i = 0; i < 1_000; i++) nc.publish("x", "payload");
    expect(asked).not.toHaveBeenCalled();
    await world.clock.until(nc.flush());
    expect(got).toBe(1_000);
    // The PING and the PONG of the flush.
    expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
    expect(nc.history()).toHaveLength(entries);
    await world.clock.until(nc.close());
  });
});

describe("errors that end a connection", () => {
  it("P53: connect() that fails has what was tried, to the end, and prints and serialises as before", async () => {
    const world = simulate();
    world.serve("a", {
      onConnect: (connection) => {
        connection.err("Authorization Violation");
        connection.end();
        return "skip";
      },
    });
    const error = (await rejection(world.connect({ servers: "dead,a", noRandomize: true, token: "t" }))) as NatsError;
    const told = lines(error.history);
    expect(told[0]).toBe("dead:4222 attempt 1 - dial nats://dead:4222");
    expect(told).toContain("a:4222 attempt 2 > CONNECT with token");
    expect(told).toContain("a:4222 attempt 2 < -ERR Authorization Violation");
    expect(told.at(-2)).toMatch(/^a:4222 attempt 2 - failed in phase auth: /);
    expect(told.at(-1)).toBe("- closed with an error");
    expect(Object.keys(error)).not.toContain("history");
    expect(`${JSON.stringify(error)}${inspect(error, { depth: 9 })}`).not.toMatch(/history|attempt 2 -/);
  });

  it("P53: the error of closed() has it, with the loss that ended the connection", async () => {
    const world = simulate();
    const a = world.serve("a");
    const nc = await world.connect({ servers: "a", reconnect: false });
    a.connections.at(-1)?.reset();
    const error = await world.clock.until(nc.closed());
    expect(error).toBeInstanceOf(NatsError);
    const told = lines((error as NatsError).history);
    expect(told.slice(-2)).toEqual([some(/^a:4222 link 1 - link ended: /), "- closed with an error"]);
    expect(told).toEqual(lines(nc.history()));
  });

  it("P53: giving up after an outage has it too; a reason that is the caller's own is left alone", async () => {
    const world = simulate();
    const a = world.serve("a");
    const nc = await world.connect({ servers: "a", maxReconnectAttempts: 3 });
    await a.stop();
    const error = await world.clock.until(nc.closed());
    expect(lines((error as NatsError).history).filter((line) => line.includes("dial"))).toHaveLength(4);

    const stop = new AbortController();
    const reason = new Error("enough");
    world.clock.after(10, () => stop.abort(reason));
    expect(await rejection(world.connect({ servers: "a", firstConnect: "retry", signal: stop.signal }))).toBe(reason);
    expect(reason).not.toHaveProperty("history");
  });
});
