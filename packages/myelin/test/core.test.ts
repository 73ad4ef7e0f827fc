// What every program leans on, against real servers: limits, drains, outages, requests and events. One test an ID; the
// finer cases of each are unit tests of the client.

import { RealServer } from "@myelin/testing";
import {
  type connect,
  DisconnectedError,
  type Msg,
  NoRespondersError,
  ReconnectBufferFullError,
  type Status,
  TimeoutError,
} from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { elapsed, next, record, rejectionOf, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, fake, open } from "./opened.js";

const BOUND = 30_000;
const QUICK = { reconnectJitter: 0, reconnectTimeWait: 20 };

forEachServer((binary) => {
  async function start(): Promise<RealServer> {
    const server = await RealServer.start({ binary });
    onTestFinished(() => server.stop());
    return server;
  }

  it("RECV-UNSUB-AFTER-4: a limit counts over a reconnect, and a spent one is not subscribed again", {
    timeout: BOUND,
  }, async () => {
    const server = await start();
    const nc = await open({ servers: server.url, ...QUICK });
    const limited: string[] = [];
    const sub = nc.subscribe("s", { max: 5, callback: (_error, msg) => void limited.push(msg.string()) });
    const spent = nc.subscribe("s", { max: 2, callback: () => {} });
    for (const text of ["1", "2"]) nc.publish("s", text);
    await nc.flush();
    await within("the spent one has ended", spent.closed);
    const back = next(nc, "reconnect");
    await server.restart();
    await back;
    await nc.flush();
    const { connections } = await server.connz("subs=detail");
    expect(connections[0]?.["subscriptions_list_detail"]).toMatchObject([{ subject: "s", max: 3 }]);
    for (const text of ["3", "4", "5", "6", "7"]) nc.publish("s", text);
    await nc.flush();
    await within("the limit is reached", sub.closed);
    expect(limited).toEqual(["1", "2", "3", "4", "5"]);
    expect((await server.connz()).connections[0]?.subscriptions).toBe(0);
  });

  it("RECONN-EVENTS-1: disconnect, reconnecting, attemptFailed …, reconnect, with the new server; connect is told once", {
    timeout: BOUND,
  }, async () => {
    const [a, b] = [await start(), await start()];
    const nc = await open({ servers: [a.url, b.url], noRandomize: true, firstConnect: "background", ...QUICK });
    const types = ["connect", "disconnect", "reconnecting", "attemptFailed", "reconnect", "close"] as const;
    const seen: Status[] = record(nc, ...types);
    await nc.ready;
    const back = next(nc, "reconnect");
    await b.kill();
    await a.kill();
    await until("both were tried in vain", () => seen.filter(({ type }) => type === "attemptFailed").length >= 2);
    await b.restart();
    expect((await back).server).toBe(addressOf(b));
    const told = seen.map(({ type }) => type);
    expect(told.slice(0, 3)).toEqual(["connect", "disconnect", "reconnecting"]);
    expect(seen.slice(0, 2)).toMatchObject([
      { server: addressOf(a) },
      { server: addressOf(a), error: expect.any(Error) },
    ]);
    expect(told.join(" ")).toMatch(/^connect disconnect (reconnecting attemptFailed )+reconnecting reconnect$/);
    expect(nc.getServer()).toBe(addressOf(b));
  });

  it("RECV-DRAIN-3: while one of two queue members drains no message is lost", { timeout: BOUND }, async () => {
    const server = await start();
    const total = 2_000;
    const processed = new Set<number>();
    const member = async (): ReturnType<typeof connect> => {
      const nc = await open({ servers: server.url });
      nc.subscribe("work", { queue: "q", callback: (_error, msg) => void processed.add(Number(msg.string())) });
      await nc.flush();
      return nc;
    };
    const [leaving] = [await member(), await member()];
    const publisher = await open({ servers: server.url });
    let drained: Promise<void> = Promise.resolve();
    for (let i = 0; i < total; i++) {
      publisher.publish("work", String(i));
      if (i === total / 4) {
        await publisher.flush();
        drained = leaving.drain();
      }
      if (i % 100 === 99) await publisher.flush();
    }
    await drained;
    await publisher.flush();
    await until("all are processed", () => processed.size === total);
    expect(leaving.isClosed()).toBe(true);
  });

  it("RECONN-BUFFER-1: publishes made while down are sent in order, once each, after the subscriptions", {
    timeout: BOUND,
  }, async () => {
    const server = await start();
    const nc = await open({ servers: server.url, ...QUICK });
    const received: string[] = [];
    nc.subscribe("s.>", { callback: (_error, msg) => void received.push(`${msg.subject} ${msg.string()}`) });
    await nc.flush();
    const lost = next(nc, "disconnect");
    await server.kill();
    await lost;
    const expected = Array.from({ length: 1_000 }, (_, i) => [`s.${i % 7}`, String(i)] as const);
    for (const [subject, text] of expected) nc.publish(subject, text);
    // A flush made while down is settled by the next link, behind everything kept.
    const flushed = nc.flush();
    await server.restart();
    await within("the next link flushes", flushed);
    await nc.flush();
    expect(received).toEqual(expected.map((pair) => pair.join(" ")));
    expect(nc.bufferedBytes).toBe(0);
  });

  it("RECONN-BUFFER-2: a full buffer makes publish throw, and nothing accepted before is lost", {
    timeout: BOUND,
  }, async () => {
    const server = await start();
    const nc = await open({ servers: server.url, reconnectBufferSize: 10_000, ...QUICK });
    const received: number[] = [];
    nc.subscribe("s", { callback: (_error, msg) => void received.push(Number(msg.string().trim())) });
    await nc.flush();
    const dropped = record(nc, "dropped");
    const lost = next(nc, "disconnect");
    await server.kill();
    await lost;
    let accepted = 0;
    expect(() => {
      for (; accepted < 1_000; accepted++) nc.publish("s", String(accepted).padEnd(100));
    }).toThrow(ReconnectBufferFullError);
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(100);
    const back = next(nc, "reconnect");
    await server.restart();
    await back;
    await nc.flush();
    expect(received).toEqual(Array.from({ length: accepted }, (_, i) => i));
    expect(dropped).toEqual([]);
  });

  it.each([
    ["reconnectBufferSize: 0", { reconnectBufferSize: 0 }, ReconnectBufferFullError],
    ['whileDisconnected: "reject"', { whileDisconnected: "reject" }, DisconnectedError],
  ] as const)(
    "RECONN-BUFFER-3: with %s nothing is kept, and publish says so",
    { timeout: BOUND },
    async (_what, options, type) => {
      const server = await start();
      const nc = await open({ servers: server.url, ...options, ...QUICK });
      const received: string[] = [];
      nc.subscribe("s", { callback: (_error, msg) => void received.push(msg.string()) });
      await nc.flush();
      const lost = next(nc, "disconnect");
      await server.kill();
      await lost;
      expect(() => nc.publish("s", "down")).toThrow(type);
      await rejectionOf<Error>(nc.request("s", "down"), type);
      expect(nc.bufferedBytes).toBe(0);
      const back = next(nc, "reconnect");
      await server.restart();
      await back;
      nc.publish("s", "up");
      await nc.flush();
      expect(received).toEqual(["up"]);
    },
  );

  it.each(["close", "drain", "the last attempt"])(
    "EVENTS-3: close is told once, and last, after %s",
    { timeout: BOUND },
    async (how) => {
      const server = await start();
      const nc = await open({ servers: server.url, maxReconnectAttempts: 1, ...QUICK });
      const iterated: Status[] = [];
      const iteration = (async () => {
        for await (const status of nc.status()) iterated.push(status);
      })();
      nc.subscribe("s", { callback: () => {} });
      await nc.flush();
      if (how === "close") await Promise.all([nc.close(), nc.close()]);
      else if (how === "drain") await nc.drain();
      else await server.kill();
      await within("it is closed", nc.closed());
      await nc.close();
      await within("the iterator ends", iteration);
      expect(iterated.filter(({ type }) => type === "close")).toHaveLength(1);
      expect(iterated.at(-1)?.type).toBe("close");
    },
  );

  describe("requests", () => {
    it("SEND-REQUEST-1: the first response wins; later ones are discarded silently", { timeout: BOUND }, async () => {
      const server = await start();
      const service = await open({ servers: server.url });
      const nc = await open({ servers: server.url });
      const errors = record(nc, "error", "slowConsumer");
      service.subscribe("q", {
        callback: (_error, msg: Msg) => {
          for (const text of ["first", "second", "third"]) msg.respond(text);
        },
      });
      await service.flush();
      const answers = await Promise.all(Array.from({ length: 50 }, () => nc.request("q", "?")));
      expect(answers.map((msg) => msg.string())).toEqual(Array(50).fill("first"));
      await service.flush();
      await nc.flush();
      expect(errors).toEqual([]);
    });

    it("SEND-REQUEST-2: no answer in time is a TimeoutError; a late one is ignored", { timeout: BOUND }, async () => {
      const server = await start();
      const service = await open({ servers: server.url });
      const nc = await open({ servers: server.url });
      const asked: Msg[] = [];
      service.subscribe("q", { callback: (_error, msg) => void asked.push(msg) });
      await service.flush();
      const seen = record(nc, "error", "disconnect");
      let error: TimeoutError | undefined;
      const ms = await elapsed(async () => {
        error = await rejectionOf(nc.request("q", "", { timeout: 150 }), TimeoutError);
      });
      expect(error).toMatchObject({ code: "TIMEOUT", timeout: 150 });
      expect(ms).toBeGreaterThanOrEqual(145);
      asked[0]?.respond("too late");
      await service.flush();
      const second = nc.request("q", "", { timeout: 5_000 });
      await until("it has come", () => asked.length === 2);
      asked[1]?.respond("in time");
      expect((await second).string()).toBe("in time");
      expect(seen).toEqual([]);
    });

    it("SEND-REQUEST-3: all requests share one subscription on the server", { timeout: BOUND }, async () => {
      const server = await start();
      const service = await open({ servers: server.url });
      service.subscribe("q", { callback: (_error, msg) => void msg.respond(msg.data) });
      await service.flush();
      const nc = await open({ servers: server.url, name: "requester" });
      const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => nc.request("q", String(i))));
      expect(answers.map((msg) => Number(msg.string()))).toEqual(Array.from({ length: 100 }, (_, i) => i));
      const { connections } = await server.connz("subs=1");
      const own = connections.find(({ name }) => name === "requester");
      expect(own?.["subscriptions_list"]).toEqual([expect.stringMatching(/^_INBOX\.[^.]+\.\*$/)]);
    });

    it("SEND-REQUEST-4: no responders reject at once, long before the time-out", { timeout: BOUND }, async () => {
      const server = await start();
      const nc = await open({ servers: server.url });
      for (const noMux of [false, true]) {
        let error: NoRespondersError | undefined;
        const ms = await elapsed(async () => {
          error = await rejectionOf(nc.request("nobody", "", { timeout: 20_000, noMux }), NoRespondersError);
        });
        expect(error).toMatchObject({ code: "NO_RESPONDERS", subject: "nobody" });
        expect(error?.isNoResponders()).toBe(true);
        expect(ms).toBeLessThan(2_000);
      }
    });
  });

  it("CONN-PING-2: a frozen server is given up as stale within pingInterval × (maxPingOut + 1), and reconnect starts", {
    timeout: BOUND,
  }, async () => {
    const [a, b] = [await start(), await start()];
    const nc = await open({ servers: [a.url, b.url], noRandomize: true, pingInterval: 100, maxPingOut: 2, ...QUICK });
    await nc.flush();
    const seen = record(nc, "staleConnection", "disconnect", "reconnect");
    const lost = next(nc, "disconnect");
    const back = next(nc, "reconnect");
    a.pause();
    onTestFinished(() => a.resume());
    const ms = await elapsed(() => lost);
    await back;
    // 300 ms, and what a busy machine adds.
    expect(ms).toBeLessThan(300 + 300);
    expect(seen.map(({ type }) => type)).toEqual(["staleConnection", "disconnect", "reconnect"]);
    expect(seen[1]).toMatchObject({ error: { code: "STALE_CONNECTION" } });
    expect(nc.getServer()).toBe(addressOf(b));
  });
});

it("CONN-PING-2: a mute fake is pinged at most maxPingOut times, and given up no sooner than the last ping is overdue", async () => {
  const server = await fake();
  const nc = await open({ servers: server.url, pingInterval: 50, maxPingOut: 2, reconnect: false });
  server.script = { onPing: () => "silence" };
  const pings = record(nc, "ping");
  let reason: unknown;
  const ms = await elapsed(async () => {
    reason = await within("it is given up", nc.closed());
  });
  expect(reason).toMatchObject({ code: "STALE_CONNECTION" });
  // A busy machine may leave one out, because it looks late; none is ever added.
  const pending = pings.map((status) => (status.type === "ping" ? status.pendingPings : 0));
  expect([1, 2].slice(0, pending.length)).toEqual(pending);
  expect(pending.length).toBeGreaterThan(0);
  expect(ms).toBeGreaterThan(100);
});
