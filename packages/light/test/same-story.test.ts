// The same small programs with this client and with the full one, in the same world: what each tells is the same.

import { connect as connectFull } from "@myelin/client";
import { expect, it } from "vitest";
import { connect } from "../src/index.js";
import { codeOf, counts, last, play, read, refusing, type Story, settled, thrown, told } from "./same-story.js";
import { EVERY_TYPE } from "./simulated.js";

const STORIES: { readonly [name: string]: Story } = {
  async "a max_payload that shrinks with the next link, with publishes and a request kept"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    a.script = { info: { max_payload: 3 } };
    await a.stop();
    await clock.advance(10);
    nc.publish("s", "1234");
    nc.publish("s", "123");
    const asked = settled(nc.request("s", "1234", { timeout: 300_000 }));
    const b = serve("a", { info: { max_payload: 3 } });
    await clock.advance(60_000);
    // Which of the two is told first says nothing.
    return [events.sort(), await clock.until(asked), last(b).received.filter(({ op }) => op === "PUB").length];
  },
  async "a message of which only a half arrives, and an INFO in pieces"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    const sub = nc.subscribe("s");
    await clock.until(nc.flush());
    const [{ sid }] = a.subscriptions as unknown as [{ sid: number }];
    last(a).send('INFO {"server_id":"x","server_name":"y","version":"2.10.0","headers":true,"max');
    last(a).send(`_payload":100}\r\nMSG s ${sid} 2\r\nok\r\nMSG s ${sid} 10\r\nhal`);
    await clock.advance(10);
    const info = nc.info?.max_payload;
    const large = thrown(() => nc.publish("s", "x".repeat(101)));
    last(a).reset();
    await clock.advance(60_000);
    nc.publish("s", "whole");
    await clock.until(nc.flush());
    return [events, info, large, await clock.until(read(sub, 2)), counts(sub)];
  },
  async "limits that grow, shrink, and are reached already"({ clock, connect, serve }) {
    serve("a");
    const nc = await connect({ servers: "a" });
    const subs = [2, 5, undefined].map((max) => nc.subscribe("s", max === undefined ? {} : { max }));
    nc.publish("s", "1");
    await clock.until(nc.flush());
    subs[0]?.unsubscribe(4);
    subs[1]?.unsubscribe(2);
    subs[2]?.unsubscribe(1);
    for (let i = 2; i < 8; i++) nc.publish("s", String(i));
    await clock.until(nc.flush());
    const before = subs.map(counts);
    const found = await clock.until(Promise.all(subs.map((sub) => read(sub))));
    return [before, found, subs.map(counts)];
  },
  async "drains that are asked for twice, while they wait, while all closes, and later"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const order: string[] = [];
    const drain = (what: string, one: { drain(): Promise<unknown> }): void => {
      void settled(one.drain()).then((end) => order.push(`${what} ${end}`));
    };
    const subs = [nc.subscribe("s", { callback: () => {} }), nc.subscribe("s"), nc.subscribe("s", { max: 1 })];
    const reading = subs.slice(1).map((sub) => read(sub));
    await clock.until(nc.flush());
    a.script = { onPing: () => "silence" };
    for (const round of [1, 2]) subs.forEach((sub, index) => void drain(`${index} ${round}`, sub));
    await clock.advance(100);
    const before = [...order];
    for (const _ of subs) last(a).pong();
    await clock.until(Promise.all(reading));
    await clock.advance(100);
    for (const sub of subs) drain("later", sub);
    await clock.advance(100);
    nc.on("close", () => drain("closing", nc));
    // The server answers no more, and then it is gone.
    drain("connection", nc);
    drain("connection", nc);
    await clock.advance(100);
    const waiting = order.filter((one) => one.startsWith("connection"));
    await a.stop();
    await clock.advance(1_000);
    drain("afterwards", nc);
    await clock.settle();
    // Who of several that end in one turn is told first says nothing.
    return [before, waiting, order.sort()];
  },
  async "a drain of what ended otherwise, and one while there is no link"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s");
    sub.unsubscribe();
    const ended = [await settled(sub.drain()), await settled(sub.drain())];
    await a.stop();
    await clock.advance(10);
    nc.publish("s");
    const both = await clock.until(Promise.all([settled(nc.drain()), settled(nc.drain())]));
    serve("b");
    const other = await connect({ servers: "b" });
    await clock.until(other.close());
    const closed = [await settled(other.drain()), await settled(other.drain({ timeout: -1 }))];
    return [ended, both, await settled(nc.drain()), closed];
  },
  async "a loop that is left before the end of one that has ended"({ clock, connect, serve }) {
    serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s", { max: 4 });
    for (let i = 0; i < 4; i++) nc.publish("s", String(i));
    await clock.until(nc.flush());
    const found = await clock.until(read(sub, 2));
    const drained = await clock.until(settled(nc.drain()));
    return [found, sub.isClosed(), drained];
  },
  async "drain() of what a callback and a loop are busy with"({ clock, connect, serve }) {
    serve("a");
    const results: unknown[] = [];
    for (const how of ["callback", "loop", "sub of a callback", "sub of a loop"]) {
      const nc = await connect({ servers: "a" });
      const begin = clock.now();
      const sub = nc.subscribe("s", {
        ...(how.includes("callback")
          ? { callback: async () => void results.push(how, await settled(how[0] === "s" ? sub.drain() : nc.drain())) }
          : {}),
      });
      if (how.includes("loop")) {
        void (async () => {
          for await (const _ of sub) results.push(how, await settled(how[0] === "s" ? sub.drain() : nc.drain()));
        })();
      }
      nc.publish("s");
      await clock.advance(100_000);
      results.push(nc.state, sub.isClosed(), clock.now() - begin);
      await clock.until(nc.close());
    }
    return results;
  },
  async "drain() under load, with what the handlers publish"({ clock, connect, serve }) {
    serve("a");
    const [nc, other] = [await connect({ servers: "a" }), await connect({ servers: "a" })];
    const events = told(nc);
    let answered = 0;
    other.subscribe("done", { callback: () => void answered++ });
    await clock.until(other.flush());
    const sub = nc.subscribe("s", { callback: async (_, msg) => void nc.publish("done", msg.data) });
    const loop = read(nc.subscribe("s"));
    for (let i = 0; i < 500; i++) nc.publish("s", String(i));
    const drained = settled(nc.drain());
    const late = [thrown(() => nc.subscribe("x")), await settled(nc.request("x"))];
    const result = await clock.until(drained);
    await clock.until(other.flush());
    await clock.until(other.close());
    return [result, late, answered, (await loop).length, counts(sub), events, thrown(() => nc.publish("s"))];
  },
  async "drains and closes that are repeated, and calls after them"({ clock, connect, serve }) {
    serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s");
    const both = [settled(sub.drain()), settled(sub.drain())];
    const results: unknown[] = [
      await clock.until(Promise.all(both)),
      await settled(sub.drain()),
      thrown(() => sub.unsubscribe()),
    ];
    const more = [settled(nc.drain()), settled(nc.drain()), settled(nc.flush()), settled(nc.writable())];
    results.push(nc.isDraining(), await clock.until(Promise.all(more)));
    for (const call of [
      () => nc.drain(),
      () => nc.flush(),
      () => nc.rtt(),
      () => nc.writable(),
      () => nc.request("s"),
      () => nc.close(),
    ])
      results.push(await settled(call()));
    results.push(
      thrown(() => nc.publish("s")),
      thrown(() => nc.subscribe("s")),
      String(await nc.closed()),
      nc.getServer(),
    );
    return results;
  },
  async "credentials that expire, and are refused for a while"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a", user: "u", pass: "p" });
    const events = told(nc);
    a.script = refusing;
    last(a).err("User Authentication Expired");
    last(a).end();
    await clock.advance(300_000);
    const away = nc.state === "connected";
    a.script = {};
    await clock.advance(300_000);
    return [events, away, nc.state];
  },
  async "100 000 messages for one who reads slowly"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    const [sub, all] = [nc.subscribe("s", { pending: { messages: 1_000 } }), nc.subscribe("s")];
    await clock.until(nc.flush());
    const sids = a.subscriptions.map((one) => (one as unknown as { sid: number }).sid);
    last(a).send(
      sids
        .map((sid) => `MSG s ${sid} 1\r\nx\r\n`)
        .join("")
        .repeat(100_000),
    );
    await clock.advance(10);
    const before = [counts(sub), counts(all)];
    const found = [(await clock.until(read(sub, 1_000))).length, (await clock.until(read(all, 100_000))).length];
    return [before, found, counts(sub), counts(all), events];
  },
  async "signals, before and while"({ clock, connect, begin, serve }) {
    const results: unknown[] = [];
    const early = AbortSignal.abort(Object.assign(new Error("early"), { code: "EARLY" }));
    results.push(await clock.until(settled(begin({ servers: "a", signal: early }))));
    serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("s");
    for (const call of [
      (signal: AbortSignal) => nc.flush({ signal }),
      (signal: AbortSignal) => nc.request("s", "", { signal }),
    ]) {
      results.push(await settled(call(early)));
      const abort = new AbortController();
      const pending = settled(call(abort.signal));
      abort.abort(Object.assign(new Error("late"), { code: "LATE" }));
      results.push(await clock.until(pending));
    }
    results.push(nc.state);
    return results;
  },
  async "close() by a listener, of every event there is"({ clock, connect, serve }) {
    const results: unknown[] = [];
    for (const type of [
      "disconnect",
      "reconnecting",
      "attemptFailed",
      "reconnect",
      "error",
      "update",
      "ldm",
      "dropped",
    ] as const) {
      const a = serve("a");
      const nc = await connect({ servers: "a", reconnectTimeWait: 100 });
      const sub = nc.subscribe("s");
      const events: string[] = [];
      for (const one of EVERY_TYPE) nc.on(one, () => void events.push(one));
      nc.on(type, () => void nc.close());
      last(a).sendInfo({ ldm: true, connect_urls: ["b:4222"] } as never);
      last(a).err("unknown");
      await clock.advance(10);
      await a.stop();
      await clock.advance(10);
      if (!nc.isClosed()) nc.publish("s", "12345678901");
      await clock.advance(5_000);
      const b = serve("a", { info: { max_payload: 10 } });
      await clock.advance(100_000);
      results.push(type, nc.state, sub.isClosed(), events.at(-1), events.filter((one) => one === "close").length);
      await clock.until(nc.close());
      await b.stop();
    }
    return results;
  },
  async "publishes of listeners, before and behind what is kept"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("sub");
    nc.on("disconnect", () => nc.publish("s", "lost"));
    nc.on("reconnect", () => nc.publish("s", "back"));
    await a.stop();
    await clock.advance(1_000);
    nc.publish("s", "kept");
    const b = serve("a");
    await clock.advance(60_000);
    await clock.until(nc.flush());
    return last(b).received.flatMap((one) =>
      one.op === "PUB" ? [String(Buffer.from(one.payload))] : one.op === "SUB" ? ["SUB"] : [],
    );
  },
  async "requests and flushes over an outage"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("echo", { callback: (_, msg) => void msg.respond(msg.data) });
    const silent = nc.subscribe("silent");
    await clock.until(nc.flush());
    const sent = settled(nc.request("silent", "", { timeout: 100_000 }));
    const flushed = settled(nc.flush());
    a.script = { onPing: () => "silence" };
    const unanswered = settled(nc.flush());
    await clock.advance(1);
    await a.stop();
    await clock.advance(100);
    const early = await Promise.all([sent, flushed, unanswered]);
    const kept = settled(nc.request("echo", "", { timeout: 100_000 }));
    const short = settled(nc.request("echo", "", { timeout: 100 }));
    const waiting = [settled(nc.flush()), settled(nc.flush({ timeout: 50 })), settled(nc.writable())];
    const drain = settled(silent.drain());
    await clock.advance(1_000);
    serve("a");
    const late = await clock.until(Promise.all([kept, short, ...waiting, drain]));
    return [early, late, counts(silent)];
  },
  async "a drain of a subscription whose link is lost before it is over"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const sub = nc.subscribe("s");
    await clock.until(nc.flush());
    a.script = { onPing: () => "silence" };
    const drained = settled(sub.drain());
    await clock.advance(1);
    last(a).reset();
    await clock.advance(60_000);
    return [await clock.until(drained), counts(sub), nc.state, await settled(Promise.resolve(sub.closed))];
  },
  async "no second consumer, no second reader"({ clock, connect, serve }) {
    serve("a");
    const nc = await connect({ servers: "a" });
    const [called, read] = [nc.subscribe("s", { callback: () => {} }), nc.subscribe("s")];
    const results = [thrown(() => called[Symbol.asyncIterator]())];
    read[Symbol.asyncIterator]();
    results.push(thrown(() => read[Symbol.asyncIterator]()));
    await clock.until(nc.close());
    return results;
  },
  async "an end without reconnects, and one after two attempts"({ clock, connect, serve }) {
    const results: unknown[] = [];
    for (const options of [{ reconnect: false }, { maxReconnectAttempts: 2 }, { maxReconnectAttempts: 0 }]) {
      const a = serve("a");
      const nc = await connect({ servers: "a", ...options });
      const events = told(nc);
      const sub = nc.subscribe("s");
      await a.stop();
      await clock.advance(1);
      const publish = thrown(() => nc.publish("s"));
      const waits = [settled(nc.flush()), settled(nc.request("s", "", { timeout: 500_000 }))];
      await clock.advance(200_000);
      const ends = await clock.until(Promise.all(waits));
      results.push(
        publish,
        ends,
        events,
        codeOf(await nc.closed()),
        codeOf(await sub.closed),
        thrown(() => nc.publish("s")),
      );
    }
    return results;
  },
  async "a cluster that grows and shrinks"({ clock, connect, serve }) {
    const a = serve("a", { info: { connect_urls: ["b:4222", "c:4222"] } as never });
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    for (const connect_urls of [
      ["b:4222", "d:1"],
      ["a:4222"],
      [],
      ["b:4222", "user:pass@e:4222", "b:4222", " ", "[::1]:7", "nats://f:4222"],
    ]) {
      last(a).sendInfo({ connect_urls } as never);
      await clock.advance(10);
    }
    return events;
  },
};

it.each(Object.entries(STORIES))("%s: the same is told by the full client", async (_name, story) => {
  expect(await play(story, connect)).toEqual(await play(story, connectFull as never));
});
