// More of the same stories: servers that complain, credentials, what is malformed, what is full.

import { connect as connectFull } from "@myelin/client";
import type { Transport } from "@myelin/contracts";
import type { FakeScript } from "@myelin/testing";
import { expect, it } from "vitest";
import { connect, type LightOptions } from "../src/index.js";
import { codeOf, counts, last, play, read, refusing, type Story, settled, thrown, told } from "./same-story.js";

const STORIES: { readonly [name: string]: Story } = {
  async "a refusal right behind INFO, in its chunk: nothing is sent"({ clock, connect, network, serve }) {
    const results: unknown[] = [];
    // Written, whether or not it arrives.
    let written = 0;
    const { schemes } = network.transport;
    const dial: Transport["connect"] = async (...target) => {
      const connection = await network.transport.connect(...target);
      const write = connection.write.bind(connection);
      return Object.assign(connection, { write: (chunk: Uint8Array) => ++written > 0 && write(chunk) });
    };
    const authenticator = (): { auth_token: string } => ({ auth_token: "secret" });
    for (const text of ["maximum connections exceeded", "Authorization Violation", "Authentication Timeout"]) {
      const info = '{"server_id":"a","version":"2.10.0","proto":1,"headers":true,"max_payload":1024}';
      const a = serve("a", {
        info: () => undefined,
        onAccept: (connection) => connection.send(`INFO ${info}\r\n-ERR '${text}'\r\n`),
      });
      const options = { servers: "a", transports: [{ schemes, connect: dial }] };
      for (const credentials of [{}, { user: "u", pass: "secret" }, { authenticator }]) {
        // Whether it waited too long for an authenticator, the two tell apart by different moments.
        if (text.endsWith("Timeout") && "authenticator" in credentials) continue;
        results.push(await clock.until(settled(connect({ ...options, ...credentials }))));
      }
      await a.stop();
    }
    serve("a");
    const before = written;
    await connect({ servers: "a", transports: [{ schemes, connect: dial }] });
    return [results, before, written];
  },
  async "a loop that goes on after the error that ended it"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const loop = nc.subscribe("s")[Symbol.asyncIterator]();
    const first = settled(loop.next());
    last(a).err('Permissions Violation for Subscription to "s"');
    return [await clock.until(first), await loop.next(), await loop.next()];
  },
  async "a refusal while an authenticator is asked"({ begin, clock, serve }) {
    const results: unknown[] = [];
    for (const text of ["Authorization Violation", "Authentication Timeout", "maximum connections exceeded"]) {
      const a = serve("a");
      const authenticator = (_nonce?: string): Promise<{ auth_token: string }> => new Promise(() => {});
      const connecting = settled(begin({ servers: "a", authenticator }));
      await clock.advance(10);
      last(a).err(text);
      results.push(await clock.until(connecting), last(a).received.length);
      await a.stop();
    }
    return results;
  },
  async "what a server says before it closes the link"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    for (const text of [
      "Maximum Payload Violation",
      "Slow Consumer",
      "Stale Connection",
      "Unknown Protocol Operation",
      "Authorization Violation",
      "maximum connections exceeded",
      "User Authentication Revoked",
    ]) {
      last(a).err(text);
      last(a).end();
      await clock.advance(120_000);
    }
    last(a).err("Invalid Publish Subject");
    await clock.advance(1_000);
    return [events, nc.state];
  },
  async "what a server says instead of letting us in"({ begin, clock, serve }) {
    const results: unknown[] = [];
    for (const text of [
      "Authorization Violation",
      "Authentication Timeout",
      "maximum connections exceeded",
      "Connection throttling is active",
      "nonsense",
    ]) {
      const a = serve("a", {
        onConnect: (connection) => {
          connection.err(text);
          connection.end();
          return "skip";
        },
      });
      const error = await clock.until(
        begin({ servers: "a" }).then(
          () => undefined,
          (reason: unknown) => reason,
        ),
      );
      const { attempts } = error as { attempts: readonly { phase: string; error: unknown }[] };
      results.push(
        text,
        codeOf(error),
        attempts.map(({ phase, error: one }) => [phase, codeOf(one)]),
      );
      await a.stop();
    }
    const strange: readonly FakeScript[] = [
      { onAccept: (connection) => connection.send("HTTP/1.1 400 Bad Request\r\n\r\n") },
      { onAccept: (connection) => connection.send("PING\r\n") },
      { onAccept: (connection) => connection.send("+OK\r\n"), info: () => undefined },
      { onAccept: (connection) => connection.send("INFO {]\r\n"), info: () => undefined },
      { onAccept: (connection) => connection.send("INFO 7\r\n"), info: () => undefined },
      { onAccept: (connection) => connection.send("INFO null\r\n"), info: () => undefined },
      { onAccept: (connection) => connection.end() },
      { onPing: () => "silence" },
      { info: { nonce: "abc", auth_required: true } },
    ];
    for (const script of strange) {
      const a = serve("a", script);
      const connecting = begin({ servers: "a" });
      const code = await clock.until(settled(connecting));
      results.push(code);
      if (code === "fulfilled") await clock.until((await connecting).close());
      await a.stop();
    }
    return results;
  },
  async "authenticators that fail, and one that is right in the end"({ begin, clock, connect, serve }) {
    const results: unknown[] = [];
    serve("a", { info: { nonce: "abc" } });
    const authenticators: readonly unknown[] = [
      () => {
        throw new Error("thrown");
      },
      async () => Promise.reject(new Error("rejected")),
      () => undefined,
      () => "text",
      async () => ({ user: "u", pass: "p" }),
      async (nonce: string) => ({ nkey: "N", sig: nonce }),
    ];
    for (const authenticator of authenticators) {
      const connecting = begin({ servers: "nats://x:y@a", authenticator } as LightOptions);
      const code = await clock.until(settled(connecting));
      results.push(code);
      if (code === "fulfilled") await clock.until((await connecting).close());
    }
    const b = serve("b");
    let calls = 0;
    const nc = await connect({
      servers: "b",
      authenticator: async () => {
        if (calls++ % 2 === 1) throw new Error("every other time");
        return { auth_token: "t" };
      },
    });
    const events = told(nc);
    last(b).reset();
    await clock.advance(120_000);
    b.script = refusing;
    return [results, events, nc.state, calls, b.connections.map(({ options }) => options?.auth_token)];
  },
  async permissions({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    const told_: string[] = [];
    const called = nc.subscribe("no", { callback: (error) => void told_.push(codeOf(error)) });
    const [plain, queued, other] = [nc.subscribe("no"), nc.subscribe("no", { queue: "q" }), nc.subscribe("yes")];
    await clock.until(nc.flush());
    const [one, another] = [
      settled(nc.request("denied", "", { timeout: 900 })),
      settled(nc.request("fine", "", { timeout: 900 })),
    ];
    await clock.advance(1);
    last(a).err('Permissions Violation for Publish to "denied"');
    // A server says it of each.
    for (let i = 0; i < 2; i++) last(a).err('Permissions Violation for Subscription to "no"');
    await clock.advance(1);
    const first = [plain, queued, other, called].map((sub) => sub.isClosed());
    last(a).err('Permissions Violation for Subscription to "no" using queue "q"');
    await clock.advance(1_000);
    const loops = await clock.until(Promise.all([read(plain), read(queued)]));
    const closed = [codeOf(await plain.closed), codeOf(await queued.closed), codeOf(await called.closed)];
    last(a).reset();
    await clock.advance(60_000);
    const again = last(a).received.flatMap((op) =>
      op.op === "SUB" && !op.subject.startsWith("_INBOX") ? [op.subject] : [],
    );
    return [first, await one, await another, loops, closed, told_, events, again, nc.state];
  },
  async "an inbox that is denied"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    a.script = {
      onSub: (connection, { subject }) =>
        void (subject.startsWith("_INBOX") && connection.err(`Permissions Violation for Subscription to "${subject}"`)),
    };
    nc.subscribe("echo", { callback: (_, msg) => void msg.respond("x") });
    const denied = await clock.until(settled(nc.request("s", "", { timeout: 900 })));
    a.script = {};
    return [denied, await clock.until(settled(nc.request("echo", "", { timeout: 900 }))), events, nc.state];
  },
  async "headers that are malformed, and a server without any"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    const found: unknown[] = [];
    const sub = nc.subscribe("s", {
      callback: (_, msg) => {
        found.push(
          thrown(() =>
            found.push(
              msg.headers?.keys().map((name) => [name, msg.headers?.values(name)]),
              msg.headers?.code,
              msg.headers?.description,
            ),
          ),
        );
        found.push(thrown(() => found.push(msg.json())).replace(/:.*/s, ""), msg.string(), msg.size, msg.reply);
      },
    });
    await clock.until(nc.flush());
    const blocks = [
      "NATS/1.0\r\n\r\n",
      "NATS/1.0 503\r\n\r\n",
      "NATS/1.0 100 Idle Heartbeat \r\nA: b\r\n\r\n",
      "NATS/1.0\r\nA:b\r\nA: c \r\na:\r\n\r\n",
      "NATS/2.0\r\n\r\n",
      "NATS/1.0\r\nno colon\r\n\r\n",
      "NATS/1.0\r\n: none\r\n\r\n",
      "NATS/1.0 99\r\n\r\n",
      "NATS/1.0\r\nA b: c\r\n\r\n",
      "nats/1.0\r\n\r\n",
      "NATS/1.0\n\n",
      "x",
    ];
    for (const block of blocks)
      last(a).send(`HMSG s ${sub.getID()} reply ${block.length} ${block.length + 4}\r\n${block}{"a"\r\n`);
    last(a).send(`HMSG s ${sub.getID()} 12 15\r\nNATS/1.0\r\n\r\n[1]\r\nMSG s 999 1\r\nx\r\n`);
    await clock.advance(10);
    return [found, events, counts(sub)];
  },
  async "what fills up while the socket takes nothing"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a", maxBufferedBytes: 3_000_000, reconnectBuffer: { bytes: 1_000_000 } });
    const events: string[] = [];
    nc.on("dropped", ({ reason }) => void events.push(reason));
    const results: unknown[] = [];
    await a.stop();
    await clock.advance(10);
    const answers: unknown[] = [];
    for (let i = 0; i < 12; i++) answers.push(thrown(() => nc.publish("s", new Uint8Array(100_000))));
    results.push(answers.filter((one) => one !== "nothing"));
    const kept = settled(nc.request("s", new Uint8Array(100_000), { timeout: 100_000 }));
    results.push(await clock.until(kept));
    const waiting = settled(nc.writable());
    const drained = settled(nc.drain());
    results.push(await clock.until(Promise.all([waiting, drained])), events);
    return results;
  },
  async "a publisher that waits while the link is lost"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    last(a).pause();
    while (nc.publish("s", new Uint8Array(10_000)));
    const waiting = settled(nc.writable());
    await a.stop();
    await clock.advance(1_000);
    serve("a");
    return [await clock.until(waiting), nc.state];
  },
  async "a link that is stale, and a server that pings"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a", pingInterval: 1_000, maxPingOut: 2 });
    const events = told(nc);
    last(a).ping();
    await clock.advance(10);
    const pongs = last(a).received.filter(({ op }) => op === "PONG").length;
    a.script = { onPing: () => "silence" };
    const flushed = settled(nc.flush());
    await clock.advance(10_000);
    a.script = {};
    await clock.advance(60_000);
    return [pongs, await flushed, events.slice(0, 3), nc.state];
  },
  async "events by an iterator: a gap, a loop that is left, and the end"({ clock, connect, serve }) {
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const slow = nc.status();
    const quick = nc.status();
    for (let i = 0; i < 200; i++) last(a).err(`error ${i}`);
    await clock.advance(10);
    const first = ((await slow.next()).value as { type: string; dropped?: number } | undefined) ?? { type: "none" };
    for await (const event of quick) if (event.type === "error") break;
    const left = await quick.next();
    await clock.until(nc.close());
    const rest: string[] = [];
    for await (const { type } of slow) rest.push(type);
    const late = await nc.status().next();
    return [first.type, first.dropped, left.done, rest.length, rest.at(-1), late.done];
  },
};

it.each(Object.entries(STORIES))("%s: the same is told by the full client", async (_name, story) => {
  expect(await play(story, connect)).toEqual(await play(story, connectFull as never));
});
