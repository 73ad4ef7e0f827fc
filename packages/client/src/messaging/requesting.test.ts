// Asking for one answer: repeating it, and what its failures tell. Fakes and virtual time. Many answers are request-many.test.ts.

import type { MsgHdrs } from "@myelin/protocol";
import { describe, expect, it } from "vitest";
import { answerAt, many } from "../../test/answers.js";
import { last, scene } from "../../test/one-server.js";
import { rejection, simulate } from "../../test/simulated.js";
import {
  ClosedConnectionError,
  DisconnectedError,
  DrainingConnectionError,
  headers,
  InvalidOperationError,
  MaxPayloadError,
  type Msg,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from "../index.js";

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
    const plain = { a: "1" } as unknown as MsgHdrs;
    expect(() => nc.publish("a", "", { ...trace, headers: plain })).toThrow("headers: are not made with headers()");
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
