// Asking for one answer and for many, against a fake server that routes, under virtual time.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, type Simulation, simulate } from "../../test/simulated.js";
import {
  ClosedConnectionError,
  type ConnectionOptions,
  DisconnectedError,
  DrainingConnectionError,
  headers,
  InvalidOperationError,
  MaxPayloadError,
  type Msg,
  type NatsConnection,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  type RequestManyOptions,
  TimeoutError,
} from "../index.js";

interface Scene extends Simulation {
  readonly nc: NatsConnection;
  readonly server: FakeServer;
}

async function scene(options: ConnectionOptions = {}): Promise<Scene> {
  const simulation = simulate();
  const server = simulation.serve("a");
  return { ...simulation, server, nc: await simulation.connect({ servers: "a", ...options }) };
}

/** Answers every request on `subject` at these milliseconds, with `1`, `2`, … as payload, or with `payloads`. */
function answerAt({ clock, nc }: Scene, subject: string, times: readonly number[], payloads?: readonly string[]): void {
  nc.subscribe(subject, {
    callback: (_, msg) => {
      for (const [index, at] of times.entries()) {
        clock.after(at, () => void msg.respond(payloads?.[index] ?? String(index + 1)));
      }
    },
  });
}

/** What came, and when it was over, in milliseconds from the request. */
async function many(
  { clock, nc }: Scene,
  options: RequestManyOptions,
): Promise<{ readonly answers: string[]; readonly ms: number }> {
  const begin = clock.now();
  const answers: string[] = [];
  await clock.until(
    (async () => {
      for await (const msg of await nc.requestMany("many", "?", options)) answers.push(msg.string());
    })(),
  );
  return { answers, ms: clock.now() - begin };
}

const last = (server: FakeServer): FakeConnection | undefined => server.connections.at(-1);
const subs = (server: FakeServer): number => last(server)?.received.filter(({ op }) => op === "SUB").length ?? 0;
const unsubs = (server: FakeServer): number => last(server)?.received.filter(({ op }) => op === "UNSUB").length ?? 0;

describe("requestMany", () => {
  it("SEND-REQUEST-6: collects until the total time has passed", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 900, 1_100]);
    expect(await many(world, {})).toEqual({ answers: ["1", "2", "3"], ms: 1_000 });
    expect(await many(world, { maxWait: 50 })).toEqual({ answers: ["1", "2"], ms: 50 });
  });

  it("SEND-REQUEST-6: a count ends it with the last of them", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30]);
    expect(await many(world, { strategy: "count", maxMessages: 2 })).toEqual({ answers: ["1", "2"], ms: 20 });
  });

  it.each([false, true])(
    "SEND-REQUEST-6: silence after an answer ends it, exactly as long as asked (noMux %s)",
    async (noMux) => {
      const world = await scene();
      answerAt(world, "many", [500, 530, 700]);
      expect(await many(world, { stall: 50, noMux })).toEqual({ answers: ["1", "2"], ms: 580 });
      expect(await many(world, { strategy: "stall", noMux })).toEqual({ answers: ["1", "2", "3"], ms: 1_000 });
    },
  );

  it("SEND-REQUEST-6: the total time holds, however the stall timer stands", async () => {
    const world = await scene();
    answerAt(world, "many", [100, 300, 490, 700, 900, 1_100]);
    expect(await many(world, { maxWait: 500, stall: 300 })).toEqual({ answers: ["1", "2", "3"], ms: 500 });
  });

  it("SEND-REQUEST-6: an empty answer is the standard sentinel; a predicate chooses another; it is delivered", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30, 40], ["a", "stop", "", "b"]);
    expect((await many(world, { strategy: "sentinel" })).answers).toEqual(["a", "stop", ""]);
    expect((await many(world, { sentinel: true })).answers).toEqual(["a", "stop", ""]);
    expect((await many(world, { sentinel: (msg: Msg) => msg.string() === "stop" })).answers).toEqual(["a", "stop"]);
  });

  it("SEND-REQUEST-6: conditions combine, and the first to hold ends it", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30, 200], ["a", "b", "c", ""]);
    const all: RequestManyOptions = { maxWait: 500, stall: 100, sentinel: true, maxMessages: 5 };
    expect(await many(world, all)).toEqual({ answers: ["a", "b", "c"], ms: 130 });
    expect((await many(world, { ...all, maxMessages: 2 })).answers).toEqual(["a", "b"]);
    expect((await many(world, { ...all, stall: 300 })).answers).toEqual(["a", "b", "c", ""]);
    expect(await many(world, { ...all, stall: 300, maxWait: 25 })).toEqual({ answers: ["a", "b"], ms: 25 });
  });

  it("SEND-REQUEST-6: nobody listening ends it with NoRespondersError", async () => {
    const world = await scene();
    expect(await rejection(many(world, {}))).toBeInstanceOf(NoRespondersError);
  });

  it("leaving the loop tells the server, and no timer stays", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20, 30]);
    const timers = world.clock.pendingTimers;
    await world.clock.until(
      (async () => {
        for await (const msg of await world.nc.requestMany("many")) if (msg.string() === "2") break;
      })(),
    );
    await world.clock.settle();
    expect(unsubs(world.server)).toBe(1);
    await world.clock.advance(30);
    expect(world.clock.pendingTimers).toBe(timers);
  });

  it("D9: a lost link and a closed connection end it with their error, after the answers that came", async () => {
    const world = await scene();
    answerAt(world, "many", [10]);
    const answers: string[] = [];
    const collect = async (): Promise<void> => {
      for await (const msg of await world.nc.requestMany("many")) answers.push(msg.string());
    };
    const lost = rejection(collect());
    await world.clock.advance(100);
    last(world.server)?.reset();
    expect(await lost).toBeInstanceOf(DisconnectedError);
    await world.clock.advance(1_000);
    const closed = rejection(collect());
    await world.clock.advance(100);
    await world.nc.close();
    expect(await closed).toBeInstanceOf(ClosedConnectionError);
    expect(answers).toEqual(["1", "1"]);
  });

  it("SEND-REQUEST-9: an aborted signal ends it with its reason", async () => {
    const world = await scene();
    answerAt(world, "many", [10]);
    const abort = new AbortController();
    world.clock.after(50, () => abort.abort(new Error("enough")));
    expect((await rejection(many(world, { signal: abort.signal }))).message).toBe("enough");
  });

  it("a bad option is refused before anything is sent", async () => {
    const { nc, server } = await scene();
    const before = subs(server);
    for (const options of [
      { maxWait: 0 },
      { stall: Number.NaN },
      { strategy: "count" },
      { strategy: "all" },
      { maxMessages: 1.5 },
    ]) {
      expect((await rejection(nc.requestMany("a", "", options as RequestManyOptions))).code).toBe("INVALID_ARGUMENT");
    }
    expect(subs(server)).toBe(before);
  });

  it("answers nobody takes are bounded, and their loss is told once", async () => {
    const world = await scene({ pending: { messages: 2 } });
    const slow = recorded(world.nc, "slowConsumer");
    answerAt(world, "many", [1, 2, 3, 4, 5]);
    const answers = await world.nc.requestMany("many");
    await world.clock.advance(1_000);
    const kept: string[] = [];
    for await (const msg of answers) kept.push(msg.string());
    expect(kept).toEqual(["1", "2"]);
    expect(slow).toHaveLength(1);
  });
});

describe("retry", () => {
  it("D9: a request is sent once unless retry is asked for", async () => {
    const world = await scene();
    expect(await rejection(world.clock.until(world.nc.request("late")))).toBeInstanceOf(NoRespondersError);
  });

  it("repeats after no responders, within the one time-out", async () => {
    const world = await scene();
    world.clock.after(600, () => answerAt(world, "late", [0]));
    const answer = await world.clock.until(world.nc.request("late", "x", { timeout: 2_000, retry: { attempts: 5 } }));
    expect(answer.string()).toBe("1");
    const begin = world.clock.now();
    const options = { timeout: 1_000, retry: { attempts: 100, wait: 100 } };
    expect(await rejection(world.clock.until(world.nc.request("never", "", options)))).toBeInstanceOf(
      NoRespondersError,
    );
    expect(world.clock.now() - begin).toBeLessThanOrEqual(1_000);
  });

  it("P14: repeats after a lost link on the next one, and not when only no responders are to be repeated", async () => {
    const world = await scene();
    world.nc.subscribe("echo", { callback: (_, msg) => void world.clock.after(200, () => void msg.respond(msg.data)) });
    const options = { timeout: 5_000, retry: { attempts: 3 } };
    const both = world.nc.request("echo", "again", options);
    const one = rejection(
      world.nc.request("echo", "", { timeout: 5_000, retry: { attempts: 3, on: ["no-responders"] } }),
    );
    await world.clock.advance(50);
    last(world.server)?.reset();
    expect((await world.clock.until(both)).string()).toBe("again");
    expect(await one).toBeInstanceOf(DisconnectedError);
  });
});

describe("a request that waits to be sent again", () => {
  const options = { timeout: 60_000, retry: { attempts: 5, wait: 10_000 } };

  it("ends with the connection, and when it drains, with its facts", async () => {
    for (const end of ["close", "drain"] as const) {
      const world = await scene();
      const failed = rejection(world.nc.request("nobody", "", options));
      await world.clock.advance(100);
      const begin = world.clock.now();
      await world.clock.until(world.nc[end]());
      const error = await failed;
      expect(error).toBeInstanceOf(end === "close" ? ClosedConnectionError : DrainingConnectionError);
      expect(error).toMatchObject({ subject: "nobody", elapsedMs: expect.any(Number) as number });
      expect(world.clock.now() - begin).toBeLessThan(1_000);
    }
  });

  it("never takes longer than its one time-out, and its TimeoutError tells as much as any", async () => {
    const world = await scene();
    const silent = world.nc.subscribe("a", { callback: () => {} });
    world.clock.after(150, () => silent.unsubscribe());
    world.clock.after(260, () => void world.nc.subscribe("a", { callback: () => {} }));
    const begin = world.clock.now();
    silent.unsubscribe();
    const error = await rejection(
      world.clock.until(world.nc.request("a", "", { timeout: 500, retry: { attempts: 9, wait: 100 } })),
    );
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ subject: "a", server: "a:4222", timeout: 500, elapsedMs: 500 });
    expect(error.stack).toContain("requesting.test.ts");
    expect(world.clock.now() - begin).toBe(500);
  });
});

describe("errors of one cause", () => {
  it("are each request's own", async () => {
    const simulation = simulate();
    simulation.serve("a", {
      onPub: (connection) => {
        connection.err('Permissions Violation for Publish to "a"');
        return "skip";
      },
    });
    const nc = await simulation.connect({ servers: "a" });
    const [one, two] = await simulation.clock.until(
      Promise.all([rejection(nc.request("a")), rejection(nc.request("a"))]),
    );
    expect(one).not.toBe(two);
    expect(one.stack?.split("--- called from ---")).toHaveLength(2);
  });

  it("a sentinel that throws ends its request with a CallbackError", async () => {
    const world = await scene();
    answerAt(world, "many", [10, 20]);
    const sentinel = (): boolean => {
      throw new Error("mine");
    };
    expect(await rejection(many(world, { sentinel }))).toMatchObject({ code: "CALLBACK_FAILED", subject: "many" });
  });

  it("P39: whileDisconnected drop refuses what the last server would have refused", async () => {
    const simulation = simulate();
    const server = simulation.serve("a", { info: { max_payload: 5 } });
    const nc = await simulation.connect({ servers: "a", whileDisconnected: "drop" });
    void server.stop();
    await simulation.clock.advance(10);
    expect(() => nc.publish("a", "123456")).toThrow(MaxPayloadError);
    nc.publish("a", "12345");
  });
});

describe("publishConfirmed", () => {
  it("P22: rejects with the denial of its own subject, and of no other", async () => {
    const simulation = simulate();
    simulation.serve("a", {
      onPub: (connection, { subject }) => {
        if (!subject.startsWith("denied")) return undefined;
        connection.err(`Permissions Violation for Publish to "${subject}"`);
        return "skip";
      },
    });
    const nc = await simulation.connect({ servers: "a" });
    const denied = recorded(nc, "error");
    const [bad, good] = await simulation.clock.until(
      Promise.allSettled([nc.publishConfirmed("denied.one", "x"), nc.publishConfirmed("fine", "x")]),
    );
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "PERMISSIONS_VIOLATION", subject: "denied.one" } });
    expect(good.status).toBe("fulfilled");
    expect(denied).toHaveLength(1);
    await simulation.clock.until(nc.flush());
  });

  it("P22: waits for a link within its own time-out, and leaves nothing behind", async () => {
    const world = await scene();
    void world.server.stop();
    await world.clock.advance(10);
    const timedOut = rejection(world.clock.until(world.nc.publishConfirmed("a", "x", { timeout: 500 })));
    expect(await timedOut).toBeInstanceOf(TimeoutError);
    const confirmed = world.nc.publishConfirmed("a", "later");
    world.serve("a");
    await world.clock.until(confirmed);
    expect(world.nc.stats().outMsgs).toBe(1);
  });
});

describe("what a failed request tells", () => {
  it("P13: every way to fail has a class and code of its own, with subject, server and time", async () => {
    const told: Record<string, { readonly type: string; readonly subject: unknown; readonly server: unknown }> = {};
    const tell = (error: Error & { readonly code?: string }): void => {
      const { code = "none", subject, server } = error as typeof error & { subject?: string; server?: string };
      const sent = error instanceof DisconnectedError ? ` sent ${error.sent}` : "";
      told[code + sent] = { type: error.name, subject, server };
      expect(error.message).toContain('"ask"');
      expect((error as { elapsedMs?: number }).elapsedMs).toBeGreaterThanOrEqual(0);
    };
    const simulation = simulate();
    const server = simulation.serve("a", {
      onPub: (connection, { payload }) => {
        if (new TextDecoder().decode(payload) !== "deny") return undefined;
        connection.err('Permissions Violation for Publish to "ask"');
        return "skip";
      },
    });
    const nc = await simulation.connect({ servers: "a", whileDisconnected: "reject" });
    const ask = (payload: string, options = {}): Promise<Error & { readonly code?: string }> =>
      rejection(simulation.clock.until(nc.request("ask", payload, options)));
    tell(await ask(""));
    const silent = nc.subscribe("ask", { callback: () => {} });
    tell(await ask("", { timeout: 50 }));
    tell(await ask("deny"));
    const inFlight = rejection(nc.request("ask"));
    await simulation.clock.advance(10);
    server.connections.at(-1)?.reset();
    tell(await inFlight);
    tell(await rejection(nc.request("ask")));
    await simulation.clock.advance(1_000);
    silent.unsubscribe();
    let resolve = (): void => {};
    const handled = new Promise<void>((done) => {
      resolve = done;
    });
    nc.subscribe("held", { callback: () => handled });
    nc.publish("held");
    await simulation.clock.until(nc.flush());
    const drained = nc.drain();
    tell(await rejection(nc.request("ask")));
    resolve();
    await simulation.clock.until(drained);
    tell(await rejection(nc.request("ask")));
    expect(told).toEqual({
      NO_RESPONDERS: { type: "NoRespondersError", subject: "ask", server: "a:4222" },
      TIMEOUT: { type: "TimeoutError", subject: "ask", server: "a:4222" },
      PERMISSIONS_VIOLATION: { type: "PermissionViolationError", subject: "ask", server: "a:4222" },
      "DISCONNECTED sent true": { type: "DisconnectedError", subject: "ask", server: expect.anything() },
      "DISCONNECTED sent false": { type: "DisconnectedError", subject: "ask", server: undefined },
      CONNECTION_DRAINING: { type: "DrainingConnectionError", subject: "ask", server: "a:4222" },
      CONNECTION_CLOSED: { type: "ClosedConnectionError", subject: "ask", server: undefined },
    });
    expect(new DrainingConnectionError()).toBeInstanceOf(Error);
    expect(new PermissionViolationError("publish", "ask", undefined).operation).toBe("publish");
  });

  it("P13: a RequestError says whether nobody was there", async () => {
    const world = await scene();
    const error = await rejection(world.clock.until(world.nc.request("nobody")));
    expect(error).toBeInstanceOf(RequestError);
    expect((error as RequestError).isNoResponders()).toBe(true);
  });

  it("P10: the stack of an asynchronous error names the caller's file, unless noAsyncTraces is set", async () => {
    for (const noAsyncTraces of [false, true]) {
      const world = await scene({ noAsyncTraces });
      for (const noMux of [false, true]) {
        const error = await rejection(world.clock.until(world.nc.request("nobody", "", { noMux })));
        expect(error.stack?.includes("--- called from ---")).toBe(!noAsyncTraces);
        if (!noAsyncTraces) expect(error.stack?.split("--- called from ---")[1]).toContain("requesting.test.ts");
      }
    }
  });
});

describe("trace headers", () => {
  it("go with publishes, responses and requests of either kind, and leave the caller's headers alone", async () => {
    const { nc, server, clock } = await scene();
    const own = headers();
    own.set("Kept", "yes");
    const trace = { traceDestination: "trace.here", traceOnly: true, headers: own };
    nc.publish("traced", "", trace);
    rejection(nc.request("traced", "", { ...trace, timeout: 10 })).catch(() => {});
    rejection(nc.request("traced", "", { ...trace, timeout: 10, noMux: true })).catch(() => {});
    await nc.requestMany("traced", "", { ...trace, maxWait: 10 });
    nc.subscribe("ask", { callback: (_, msg) => void msg.respond("", trace) });
    nc.publish("ask", "", { reply: "answer" });
    await clock.advance(100);
    const published = (last(server)?.received ?? []).filter(({ text }) => text.startsWith("HPUB"));
    expect(published.map(({ text }) => text.split(" ")[1])).toEqual(["traced", "traced", "traced", "traced", "answer"]);
    for (const { text } of published) {
      expect(text).toContain("Nats-Trace-Dest: trace.here");
      expect(text).toContain("Nats-Trace-Only: true");
      expect(text).toContain("Kept: yes");
    }
    expect(own.keys()).toEqual(["Kept"]);
    expect(() => nc.publish("a", "", { traceOnly: true })).toThrow("traceDestination");
  });
});

describe("whileDisconnected of one publish", () => {
  it("P5: beats the connection's own, for that publish alone", async () => {
    const world = await scene();
    const dropped = recorded(world.nc, "dropped");
    void world.server.stop();
    await world.clock.advance(10);
    world.nc.publish("kept", "1");
    expect(() => world.nc.publish("refused", "", { whileDisconnected: "reject" })).toThrow(DisconnectedError);
    world.nc.publish("dropped", "", { whileDisconnected: "drop" });
    expect(dropped).toMatchObject([{ messages: 1, reason: "disconnected" }]);
    expect(() => world.nc.publish("a", "", { whileDisconnected: "maybe" as "drop" })).toThrow("whileDisconnected");
    const again = world.serve("a");
    await world.clock.advance(60_000);
    const published = again.connections.at(-1)?.received.filter(({ op }) => op === "PUB");
    expect(published?.map(({ text }) => text.split(" ")[1])).toEqual(["kept"]);
  });

  it('"drop" judges publishes as a link would: pedantic leaves wildcards to the server', async () => {
    for (const pedantic of [false, true]) {
      const world = await scene({ pedantic, whileDisconnected: "drop" });
      void world.server.stop();
      await world.clock.advance(10);
      if (pedantic) world.nc.publish("a.*", "");
      else expect(() => world.nc.publish("a.*", "")).toThrow("a.*");
    }
  });
});

describe("after the end", () => {
  it("SEND-3: publish, respond and request on a closed connection are typed errors", async () => {
    const world = await scene();
    const kept: Msg[] = [];
    world.nc.subscribe("a", { callback: (_, msg) => kept.push(msg) });
    world.nc.publish("a", "", { reply: "b" });
    await world.clock.until(world.nc.flush());
    await world.nc.close();
    expect(() => world.nc.publish("a")).toThrow(ClosedConnectionError);
    expect(() => kept[0]?.respond("")).toThrow(ClosedConnectionError);
    for (const noMux of [false, true]) {
      expect(await rejection(world.nc.request("a", "", { noMux }))).toBeInstanceOf(ClosedConnectionError);
    }
    expect(await rejection(world.nc.requestMany("a"))).toBeInstanceOf(ClosedConnectionError);
    expect(await rejection(world.nc.publishConfirmed("a"))).toBeInstanceOf(ClosedConnectionError);
  });

  it("PROTO-35: headers to a server without them are refused before anything is sent", async () => {
    const simulation = simulate();
    const server = simulation.serve("a", { info: { headers: false } });
    const nc = await simulation.connect({ servers: "a" });
    expect(() => nc.publish("a", "", { headers: headers() })).toThrow(InvalidOperationError);
    expect(() => nc.publish("a", "", { traceDestination: "b" })).toThrow(InvalidOperationError);
    await simulation.clock.until(nc.flush());
    expect(last(server)?.received.some(({ text }) => text.startsWith("HPUB"))).toBe(false);
  });
});
