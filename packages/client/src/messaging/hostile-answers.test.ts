// Answers that are denied, malformed or late: what a requester is told, and that nothing else suffers. Fakes and virtual time.

import { describe, expect, it } from "vitest";
import { recorded, rejection, simulate } from "../../test/simulated.js";
import { headers, PermissionViolationError } from "../index.js";

describe("a denied inbox", () => {
  it.each([false, true])(
    "SEND-REQUEST-8: rejects the request at once, as does a denied subject (noMux %s)",
    async (noMux) => {
      const { clock, connect, serve } = simulate();
      const denied = { inbox: true, subject: false };
      const a = serve("a", {
        onSub: (connection, { subject }) => {
          if (!denied.inbox || !subject.startsWith("_INBOX.")) return undefined;
          connection.err(`Permissions Violation for Subscription to "${subject}"`);
          return "skip";
        },
        onPub: (connection, { subject }) => {
          if (!denied.subject || subject !== "x") return undefined;
          connection.err(`Permissions Violation for Publish to "${subject}"`);
          return "skip";
        },
      });
      const nc = await connect({ servers: "a" });
      nc.subscribe("x", { callback: (_, msg) => void msg.respond("yes") });
      await clock.settle();
      const begin = clock.now();
      const error = await rejection(clock.until(nc.request("x", "", { timeout: 60_000, noMux })));
      expect(error).toBeInstanceOf(PermissionViolationError);
      expect(error).toMatchObject({ operation: "subscription" });
      expect(clock.now()).toBe(begin);
      denied.subject = true;
      denied.inbox = false;
      expect(await rejection(clock.until(nc.request("x", "", { timeout: 60_000, noMux })))).toMatchObject({
        code: "PERMISSIONS_VIOLATION",
        operation: "publish",
        subject: "x",
      });
      expect(clock.now()).toBe(begin);
      // Allowed again, the next request makes an inbox of its own and works.
      denied.subject = false;
      expect((await clock.until(nc.request("x", "", { noMux }))).string()).toBe("yes");
      expect([nc.state, a.connections.length]).toEqual(["connected", 1]);
    },
  );
});

describe("what was denied", () => {
  it("P22: is not asked for again on the next link, neither a subscription nor an inbox", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a", {
      onSub: (connection, { subject }) => {
        connection.err(`Permissions Violation for Subscription to "${subject}"`);
        return "skip";
      },
    });
    const nc = await connect({ servers: "a" });
    nc.subscribe("secret", { callback: () => {} });
    await rejection(clock.until(nc.request("x")));
    a.script = {};
    nc.subscribe("open", { callback: () => {} });
    await nc.reconnect();
    await clock.advance(5_000);
    const asked = a.connections[1]?.received.filter(({ op }) => op === "SUB").map(({ text }) => text.split(" ")[1]);
    expect(asked).toEqual(["open"]);
  });
});

describe("malformed headers", () => {
  it.each([false, true])(
    "of an answer are that message's alone: the requester gets it, and everybody goes on (noMux %s)",
    async (noMux) => {
      const { clock, connect, serve } = simulate();
      const block = "NATS/1.0\r\nA : b\r\n\r\n";
      const a = serve("a", {
        onPub: (connection, { reply, subject }) => {
          if (subject !== "odd") return undefined;
          const sid = connection.received
            .filter((op) => op.op === "SUB")
            .at(-1)
            ?.text.split(" ")
            .at(-1)
            ?.trim();
          connection.send(`HMSG ${reply} ${sid} ${block.length} ${block.length}\r\n${block}\r\n`);
          return "skip";
        },
      });
      const nc = await connect({ servers: "a" });
      const told = recorded(nc, "error", "disconnect");
      const answer = await clock.until(nc.request("odd", "", { noMux }));
      expect(answer.data).toHaveLength(0);
      expect(() => answer.headers).toThrow(expect.objectContaining({ code: "INVALID_HEADER", problem: "malformed" }));
      const sub = nc.subscribe("x", { callback: () => {} });
      nc.publish("x");
      await clock.until(nc.flush());
      expect([sub.getReceived(), told, a.connections.length]).toEqual([1, [], 1]);
    },
  );
});

describe("header values", () => {
  it("arrive as they were set, whatever text they hold: NUL, other scripts, controls, blanks within", async () => {
    const { clock, connect, serve } = simulate();
    serve("a");
    const nc = await connect({ servers: "a" });
    const values = ["a\0b", "\0", "Zürich", "東京", "🙂", "tab\tin", "a\x01\x7fb", "", "x: y, z", "  kept inside  x"];
    const got: string[][] = [];
    nc.subscribe("x", { callback: (_, msg) => void got.push(msg.headers?.values("Key") ?? []) });
    const some = headers();
    for (const value of values) some.append("Key", value);
    nc.publish("x", "payload", { headers: some });
    await clock.until(nc.flush());
    expect(got).toEqual([values.map((value) => value.trim())]);
    for (const bad of ["a\rb", "a\nb", "a\r\nInjected: yes"]) expect(() => some.append("Key", bad)).toThrow("Key");
  });
});

describe("a confirmed publish", () => {
  it("P13, P22: that is denied, lost, late or closed rejects with class, subject, server, time and caller, each its own", async () => {
    const { clock, connect, serve } = simulate();
    const a = serve("a", {
      onPub: (connection, { subject }) => {
        if (subject !== "secret") return undefined;
        connection.err(`Permissions Violation for Publish to "${subject}"`);
        return "skip";
      },
    });
    const nc = await connect({ servers: "a" });
    const told = recorded(nc, "error");
    const confirm = (timeout?: number): Promise<Error> =>
      rejection(clock.until(nc.publishConfirmed("secret", "x", { timeout })));
    const [one, two] = await Promise.all([confirm(), confirm()]);
    expect(one).not.toBe(two);
    expect([one, two].map((error) => told.some((event) => "error" in event && event.error === error))).toEqual([
      false,
      false,
    ]);
    a.script = { onPing: () => "silence" };
    await clock.advance(100);
    const late = await confirm(50);
    const lost = rejection(nc.publishConfirmed("secret"));
    await clock.settle();
    a.connections[0]?.reset();
    const errors = { PERMISSIONS_VIOLATION: one, TIMEOUT: late, DISCONNECTED: await lost };
    for (const [code, error] of Object.entries(errors)) {
      expect(error).toMatchObject({ code, subject: "secret" });
      expect(error).toHaveProperty("elapsedMs");
      expect(error.message).toContain(code === "DISCONNECTED" ? "a:4222" : '"secret"');
      expect(error.stack?.split("--- called from ---")[1], code).toContain("hostile-answers.test.ts");
    }
    expect(one).toMatchObject({ server: "a:4222" });
    const mine = new Error("enough");
    const aborted = rejection(nc.publishConfirmed("x", "", { signal: AbortSignal.abort(mine) }));
    expect(await aborted).toBe(mine);
    expect(mine.stack).not.toContain("called from");
    await clock.until(nc.close());
  });
});
