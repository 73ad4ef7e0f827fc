// Receiving and sending as the documentation describes them, against real servers.

import { RealServer } from "@myelin/testing";
import {
  createInbox,
  DisconnectedError,
  headers,
  type Msg,
  type NatsConnection,
  PermissionViolationError,
  type Subscription,
} from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { open } from "./opened.js";

const BOUND = 30_000;
const text = new TextEncoder();

forEachServer((binary) => {
  async function connected(config = ""): Promise<NatsConnection> {
    const server = await RealServer.start({ binary, config });
    onTestFinished(() => server.stop());
    return open({ servers: server.url });
  }

  function collected(sub: Subscription): Msg[] {
    const found: Msg[] = [];
    sub.callback = (_, msg) => found.push(msg);
    return found;
  }

  describe("receiving", () => {
    it("RECV-1: overlapping subscriptions each get their copy", { timeout: BOUND }, async () => {
      const nc = await connected();
      const [one, all] = [collected(nc.subscribe("foo")), collected(nc.subscribe(">"))];
      nc.publish("foo", "x");
      await nc.flush();
      expect([one.length, all.length]).toEqual([1, 1]);
    });

    it("RECV-2, SEND-FLUSH-2: behind flush() the server knows every subscription, also for another connection", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const other = await open({ servers: nc.getServer() });
      const subs = Array.from({ length: 50 }, (_, i) => collected(nc.subscribe(`s.${i}`)));
      await nc.flush();
      for (let i = 0; i < 50; i++) other.publish(`s.${i}`);
      await other.flush();
      await nc.flush();
      expect(subs.map((one) => one.length)).toEqual(subs.map(() => 1));
    });

    it("RECV-WILD-1, RECV-WILD-2: wildcards match as documented, and the message names its concrete subject", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const patterns = ["time.us.*", "time.*.east", "time.>"];
      const found = patterns.map((pattern) => collected(nc.subscribe(pattern)));
      for (const place of ["us.east", "us.east.atlanta", "eu.east", "eu.east.warsaw"]) nc.publish(`time.${place}`);
      await nc.flush();
      expect(found.map((one) => one.map(({ subject }) => subject))).toEqual([
        ["time.us.east"],
        ["time.us.east", "time.eu.east"],
        ["time.us.east", "time.us.east.atlanta", "time.eu.east", "time.eu.east.warsaw"],
      ]);
    });

    it("RECV-WILD-3: whitespace and empty tokens are refused here, and a token that only holds a star is a literal", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      for (const bad of ["a b", "a..b", ".a", "a.", "", "a.>.b"]) expect(() => nc.subscribe(bad), bad).toThrow();
      const literal = collected(nc.subscribe("foo*.bar"));
      nc.publish("foo*.bar");
      nc.publish("fooo.bar");
      await nc.flush();
      expect(literal).toHaveLength(1);
    });

    it("RECV-UNSUB-AFTER-1: max and unsubscribe(n) end it after exactly so many", { timeout: BOUND }, async () => {
      const nc = await connected();
      const [one, two] = [nc.subscribe("a", { max: 3 }), nc.subscribe("a")];
      const [first, second] = [collected(one), collected(two)];
      two.unsubscribe(5);
      for (let i = 0; i < 10; i++) nc.publish("a");
      await nc.flush();
      expect([first.length, second.length, one.isClosed(), two.isClosed()]).toEqual([3, 5, true, true]);
    });

    it("RECV-QUEUE-4, RECONN-1: a queue group and a plain subscription are there again after a reconnect", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const [one, two, plain] = [
        collected(nc.subscribe("a", { queue: "q" })),
        collected(nc.subscribe("a", { queue: "q" })),
        collected(nc.subscribe("a")),
      ];
      const back = next(nc, "reconnect");
      await nc.reconnect();
      await back;
      for (let i = 0; i < 50; i++) nc.publish("a");
      await nc.flush();
      expect(one.length + two.length).toBe(50);
      expect(plain.length).toBe(50);
    });

    it("RECV-REPLY-2: a reply subject of another account is used verbatim", { timeout: BOUND }, async () => {
      const nc = await connected(`
        accounts {
          A { users: [ { user: a, password: a } ], exports: [ { service: q } ] }
          B { users: [ { user: b, password: b } ], imports: [ { service: { account: A, subject: q }, to: Q } ] }
        }
        no_auth_user: a`);
      const replies: (string | undefined)[] = [];
      nc.subscribe("q", {
        callback: (_, msg) => {
          replies.push(msg.reply);
          msg.respond("across");
        },
      });
      await nc.flush();
      const other = await open({ servers: nc.getServer(), user: "b", pass: "b" });
      expect((await other.request("Q", "?")).string()).toBe("across");
      expect(replies[0]).toMatch(/^_R_\./);
    });

    it("RECV-JSON-1, SEND-1: every byte arrives as it was sent, text as UTF-8, and nothing as nothing", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const got = collected(nc.subscribe("a"));
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      const tricky = text.encode("\r\nPING\r\n\0MSG a 1 5\r\n");
      for (const payload of [all, tricky, "All is Well", "é", "", undefined]) nc.publish("a", payload);
      await nc.flush();
      expect(got.map(({ data }) => data.length)).toEqual([256, tricky.length, 11, 2, 0, 0]);
      expect([...(got[0]?.data ?? [])]).toEqual([...all]);
      expect([...(got[1]?.data ?? [])]).toEqual([...tricky]);
      expect(nc.stats().outBytes).toBe(256 + tricky.length + 13);
    });

    it("RECV-JSON-2, RECV-JSON-3: json() and string() read the payload; bad JSON is that message's error alone", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const got = collected(nc.subscribe("a"));
      nc.publish("a", "{no");
      nc.publish("a", JSON.stringify({ price: 3, place: "Zürich" }));
      await nc.flush();
      expect(() => got[0]?.json()).toThrow();
      expect(got[0]?.string()).toBe("{no");
      expect(got[1]?.json()).toEqual({ price: 3, place: "Zürich" });
    });
  });

  describe("sending", () => {
    it("SEND-4: messages of one publisher keep their order", { timeout: BOUND }, async () => {
      const nc = await connected();
      const other = await open({ servers: nc.getServer() });
      const got = collected(other.subscribe("a"));
      await other.flush();
      for (let i = 0; i < 5_000; i++) nc.publish("a", String(i));
      await nc.flush();
      await until("all have come", () => got.length === 5_000);
      expect(got.map((msg) => Number(msg.string()))).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
    });

    it("SEND-REPLYTO-1, SEND-REPLYTO-3: a reply subject of one's own gets exactly one answer with max 1", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const seen: (string | undefined)[] = [];
      for (let i = 0; i < 2; i++) {
        nc.subscribe("time", {
          callback: (_, msg) => {
            seen.push(msg.reply);
            msg.respond("now");
          },
        });
      }
      const inbox = createInbox();
      const answers = collected(nc.subscribe(inbox, { max: 1 }));
      nc.publish("time", "", { reply: inbox });
      await nc.flush();
      await nc.flush();
      expect(seen).toEqual([inbox, inbox]);
      expect(answers).toHaveLength(1);
    });

    it("SEND-REQUEST-5: a request with an inbox of its own works like any other, also with a chosen reply subject", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const replies: (string | undefined)[] = [];
      nc.subscribe("q", {
        callback: (_, msg) => {
          replies.push(msg.reply);
          msg.respond("a");
        },
      });
      expect((await nc.request("q", "", { noMux: true })).string()).toBe("a");
      expect((await nc.request("q", "", { noMux: true, reply: "my.reply" })).string()).toBe("a");
      expect(replies[0]).toMatch(/^_INBOX\./);
      expect(replies[1]).toBe("my.reply");
    });

    it("SEND-FLUSH-1: a lone publish leaves at once, without a flush", { timeout: BOUND }, async () => {
      const nc = await connected();
      const other = await open({ servers: nc.getServer() });
      const got = collected(other.subscribe("a"));
      await other.flush();
      nc.publish("a", "x");
      await until("it has come", () => got.length === 1, 1_000);
    });

    it("SEND-FLUSH-4: a flush in flight rejects when the link is lost", { timeout: BOUND }, async () => {
      const nc = await connected();
      const flushed = nc.flush();
      await nc.reconnect();
      await rejectionOf(flushed, DisconnectedError);
    });

    it("SEND-FLUSH-5: rtt() is the time to the server and back", { timeout: BOUND }, async () => {
      const nc = await connected();
      const rtt = await nc.rtt();
      expect(rtt).toBeGreaterThanOrEqual(0);
      expect(rtt).toBeLessThan(5_000);
    });

    it("SEND-JSON-1: an object that is no JSON throws in the caller's hands, and nothing is sent", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const got = collected(nc.subscribe("a"));
      const circular: Record<string, unknown> = {};
      circular["self"] = circular;
      expect(() => nc.publish("a", JSON.stringify(circular))).toThrow(TypeError);
      expect(() => nc.publish("a", circular as unknown as string)).toThrow();
      nc.publish("a", JSON.stringify({ plain: true }));
      await nc.flush();
      expect(got.map((msg) => msg.json())).toEqual([{ plain: true }]);
    });

    it("PROTO-13, PROTO-30: headers of every kind arrive with names, case and order kept", {
      timeout: BOUND,
    }, async () => {
      const nc = await connected();
      const got = collected(nc.subscribe("a"));
      const sent = headers();
      sent.append("BREAKFAST", "donut");
      sent.append("BREAKFAST", "eggs, fried");
      sent.append("breakfast", "none");
      nc.publish("a", "Yum!", { headers: sent });
      nc.publish("a", "", { headers: sent });
      await nc.flush();
      for (const msg of got) {
        expect(msg.headers?.values("BREAKFAST")).toEqual(["donut", "eggs, fried"]);
        expect(msg.headers?.get("breakfast")).toBe("none");
        expect(msg.headers?.has("Breakfast")).toBe(false);
      }
      expect(got.map((msg) => msg.string())).toEqual(["Yum!", ""]);
    });
  });

  describe("permissions", () => {
    const config = `authorization { users: [ { user: u, password: p, permissions: {
      publish: { deny: [ "no.>" ] }, subscribe: { deny: [ "no.>" ] } } } ] }`;

    it("P22, EVENTS-ERR-1, EVENTS-ERR-2, EVENTS-ERR-3: a denial reaches what was denied and nothing else", {
      timeout: BOUND,
    }, async () => {
      const server = await RealServer.start({ binary, config });
      onTestFinished(() => server.stop());
      const nc = await open({ servers: server.url, user: "u", pass: "p" });
      const [denied, queued, fine] = [
        nc.subscribe("no.one"),
        nc.subscribe("no.q", { queue: "q" }),
        nc.subscribe("yes"),
      ];
      const got = collected(fine);
      expect(await denied.closed).toBeInstanceOf(PermissionViolationError);
      expect(await queued.closed).toMatchObject({ operation: "subscription", subject: "no.q" });
      await rejectionOf(nc.publishConfirmed("no.two", "x"), PermissionViolationError);
      await rejectionOf(nc.request("no.three"), PermissionViolationError);
      const errors = record(nc, "error");
      nc.publish("no.four");
      nc.publish("yes");
      await nc.flush();
      expect(errors).toMatchObject([
        { error: { code: "PERMISSIONS_VIOLATION", subject: "no.four", operation: "publish" } },
      ]);
      expect(got).toHaveLength(1);
      // A denied subscription is not made again.
      const back = next(nc, "reconnect");
      const later = record(nc, "error");
      await nc.reconnect();
      await back;
      await nc.flush();
      expect(later).toEqual([]);
    });
  });

  describe("slow consumers of the server", () => {
    it("EVENTS-SLOW-4: a client the server cuts for not reading reconnects like any other", {
      timeout: BOUND,
    }, async () => {
      const server = await RealServer.start({ binary, config: 'max_pending: 1048576\nwrite_deadline: "1s"\n' });
      onTestFinished(() => server.stop());
      const nc = await open({ servers: server.url });
      const publisher = await open({ servers: server.url });
      const sub = nc.subscribe("a", { pending: { messages: 1, overflow: "pause" } });
      await nc.flush();
      const lost = next(nc, "disconnect", 20_000);
      const flood = "x".repeat(64 * 1024);
      for (let i = 0; i < 2_000 && nc.state === "connected"; i++) {
        publisher.publish("a", flood);
        if (i % 50 === 0) await publisher.flush();
        sub.getPending() > 100_000 && sub.unsubscribe();
      }
      sub.unsubscribe();
      await lost;
      await until("it is back", () => nc.state === "connected");
      await nc.flush();
    });
  });
});
