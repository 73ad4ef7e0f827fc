// Moving from one server to another without being without one: fakes and virtual time.

import type { FakeConnection, FakeServer } from "@myelin/testing";
import { describe, expect, it } from "vitest";
import { recorded, rejection, type Simulation, simulate } from "../test/simulated.js";
import { OVERLAP } from "./handover.js";
import { ConnectionError, type NatsConnection, type StatusType } from "./index.js";

const TOLD: readonly StatusType[] = [
  "disconnect",
  "reconnect",
  "handover",
  "attemptFailed",
  "error",
  "ldm",
  "close",
  "dropped",
];
const told = (nc: NatsConnection): (() => string[]) => {
  const events = recorded(nc, ...TOLD);
  return () => events.map(({ type }) => type);
};
const last = (server: FakeServer): FakeConnection => {
  const connection = server.connections.at(-1);
  if (connection === undefined) throw new Error("nobody has connected");
  return connection;
};
const lines = (server: FakeServer): string[] => last(server).received.map(({ text }) => text.split("\r\n")[0] ?? "");

/** A client on `a`, with `b` in its pool. */
async function onA(
  options: Parameters<Simulation["connect"]>[0] = {},
): Promise<Simulation & { a: FakeServer; b: FakeServer; nc: NatsConnection }> {
  const world = simulate();
  const a = world.serve("a");
  const b = world.serve("b");
  const nc = await world.connect({ servers: "a,b", noRandomize: true, ...options });
  return { ...world, a, b, nc };
}

const lameDuck = (server: FakeServer): void => server.sendInfo({ ldm: true });

describe("P17: a server that announces its leaving", () => {
  it("is left for another one that was connected to first: no disconnect, the subscriptions and their queue groups moved", async () => {
    const { a, b, nc, clock } = await onA();
    nc.subscribe("plain");
    nc.subscribe("shared", { queue: "workers" });
    nc.subscribe("few", { max: 3 });
    await clock.until(nc.flush());
    const events = told(nc);
    lameDuck(a);
    await clock.advance(3_000);
    expect(events()).toEqual(["ldm", "handover"]);
    expect(nc.getServer()).toBe("b:4222");
    expect(lines(b).filter((line) => /^(UN)?SUB/.test(line))).toEqual([
      "SUB plain 1",
      "SUB shared workers 2",
      "SUB few 3",
      "UNSUB 3 3",
    ]);
    expect(last(a).isOpen).toBe(false);
    expect(nc.state).toBe("connected");
    expect(nc.stats()).toMatchObject({ connects: 2, reconnects: 1 });
    await clock.until(nc.close());
    expect(clock.pendingTimers).toBe(0);
  });

  it("stays in use until the new server has had the subscriptions for a while", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    nc.subscribe("x");
    lameDuck(a);
    await clock.advance(OVERLAP - 50);
    expect(lines(b)).toContain("SUB x 1");
    expect(nc.getServer()).toBe("a:4222");
    expect(last(a).isOpen).toBe(true);
    nc.publish("still", "here");
    await clock.advance(1);
    expect(lines(a)).toContain("PUB still 4");
  });

  it("is only told of with lameDuck: notify", async () => {
    const { a, b, nc, clock } = await onA({ lameDuck: "notify" });
    const events = told(nc);
    lameDuck(a);
    await clock.advance(10_000);
    expect(events()).toEqual(["ldm"]);
    expect(b.dials).toBe(0);
    expect(nc.getServer()).toBe("a:4222");
  });

  it("is left at a moment of each client's own, so that not all of its clients arrive together", async () => {
    const dials: number[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      const { serve, connect, clock, network } = simulate(seed);
      const a = serve("a");
      serve("b");
      await connect({ servers: "a,b", noRandomize: true });
      const begin = clock.now();
      lameDuck(a);
      await clock.advance(2_000);
      dials.push((network.dials.at(-1)?.at ?? 0) - begin);
    }
    expect(Math.max(...dials) - Math.min(...dials)).toBeGreaterThan(500);
    expect(Math.max(...dials)).toBeLessThanOrEqual(1_000);
  });

  it("is kept while there is no other, which is asked for again and again", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    const events = told(nc);
    lameDuck(a);
    await clock.advance(10_000);
    expect([nc.getServer(), nc.state]).toEqual(["a:4222", "connected"]);
    serve("c");
    a.sendInfo({ ldm: true, connect_urls: ["c:4222"] });
    await clock.advance(10_000);
    expect(events()).toEqual(["ldm", "handover"]);
    expect(nc.getServer()).toBe("c:4222");
  });

  it("is never moved to", async () => {
    const { serve, connect, clock } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    serve("c");
    const nc = await connect({ servers: "a,b,c", noRandomize: true });
    lameDuck(a);
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("b:4222");
    lameDuck(b);
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("c:4222");
  });

  it("is left soon when the one that was moved to begins to leave meanwhile", async () => {
    const { serve, connect, clock } = simulate();
    const [a, b] = [serve("a"), serve("b")];
    serve("c");
    const nc = await connect({ servers: "a,b,c", noRandomize: true, reconnectJitter: 0 });
    const events = told(nc);
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    lameDuck(b);
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("c:4222");
    expect(events().filter((type) => type === "disconnect")).toEqual([]);
  });
});

describe("what is in flight during a move", () => {
  it("requests asked over the old link are answered, by way of either", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const replies: string[] = [];
    a.script = {
      onPub: (_, { reply }) => {
        replies.push(reply ?? "");
        return "skip";
      },
    };
    nc.subscribe("held", { callback: () => {} });
    const first = nc.request("svc", "1", { timeout: 20_000 });
    const second = nc.request("svc", "2", { timeout: 20_000 });
    await clock.advance(1);
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    // The responder's answer comes to the inbox of the new link, long before the old one is left.
    const inbox = b.subscriptions.find(({ subject }) => replies[0]?.startsWith(subject.slice(0, -1)));
    last(b).deliver({
      subject: replies[0] ?? "",
      sid: inbox?.sid ?? "",
      reply: undefined,
      headerBlock: undefined,
      payload: "one",
    });
    expect((await clock.until(first)).string()).toBe("one");
    await clock.advance(3_000);
    expect(nc.getServer()).toBe("b:4222");
    last(b).deliver({
      subject: replies[1] ?? "",
      sid: inbox?.sid ?? "",
      reply: undefined,
      headerBlock: undefined,
      payload: "two",
    });
    expect((await clock.until(second)).string()).toBe("two");
  });

  it("a flush over the old link resolves", async () => {
    const { a, nc, clock } = await onA({ reconnectJitter: 0 });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    const flushed = nc.flush();
    await clock.advance(3_000);
    await flushed;
    expect(nc.getServer()).toBe("b:4222");
  });

  it("every publish goes out once, in order, and none over the new link before the old server has had all of those before", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const seen: string[] = [];
    const keep = (where: string) => ({
      onPub: (_: unknown, { text }: { readonly text: string }): void =>
        void seen.push(`${where} ${text.split("\r\n")[1]}`),
    });
    a.script = keep("a");
    b.script = keep("b");
    lameDuck(a);
    for (let n = 0; n < 300; n++) {
      nc.publish("n", String(n));
      await clock.advance(5);
    }
    await clock.until(nc.flush());
    expect(seen.map((line) => Number(line.split(" ")[1]))).toEqual(Array.from({ length: 300 }, (_, n) => n));
    const firstOnB = seen.findIndex((line) => line.startsWith("b"));
    expect(firstOnB).toBeGreaterThan(50);
    expect(seen.slice(firstOnB).every((line) => line.startsWith("b"))).toBe(true);
  });

  it("publishes between the links are kept whatever whileDisconnected and reconnectBufferSize say: it is no outage", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0, whileDisconnected: "reject", reconnectBufferSize: 0 });
    // Its answer to the last PING is late.
    let hold = false;
    a.script = { onPing: () => (hold ? "silence" : "pong") };
    lameDuck(a);
    await clock.advance(OVERLAP - 100);
    hold = true;
    await clock.advance(300);
    nc.publish("between", "1");
    const asked = nc.request("svc", "2", { timeout: 20_000 });
    expect(nc.bufferedBytes).toBeGreaterThan(0);
    expect(
      lines(a)
        .concat(lines(b))
        .filter((line) => /PUB/.test(line)),
    ).toEqual([]);
    last(a).pong();
    await clock.advance(100);
    expect(lines(b).filter((line) => line.startsWith("PUB"))).toHaveLength(2);
    expect(nc.getServer()).toBe("b:4222");
    asked.catch(() => {});
  });

  it("subscriptions made and ended during a move are so on both links", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const early = nc.subscribe("early");
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    nc.subscribe("late", { max: 2 });
    early.unsubscribe();
    await clock.advance(1);
    for (const server of [a, b]) {
      expect(lines(server)).toEqual(expect.arrayContaining(["SUB late 2", "UNSUB 2 2", "UNSUB 1"]));
    }
  });

  it("a limit counts once: what the new link brought too does not use it up, and both servers are told of the end", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const got: string[] = [];
    nc.subscribe("few", { max: 3, callback: (_, msg) => got.push(msg.string()) });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    for (const server of [a, b]) last(server).send("MSG few 1 1\r\nA\r\nMSG few 1 1\r\nB\r\n");
    await clock.advance(2_000);
    expect(got).toEqual(["A", "B"]);
    last(b).send("MSG few 1 1\r\nC\r\n");
    await clock.advance(10);
    expect(got).toEqual(["A", "B", "C"]);
    expect(lines(b)).toContain("UNSUB 1");
  });
});

describe("a move that does not work out", () => {
  it("leaves the present link as it is, tells of the failed attempt and tries again", async () => {
    const { a, b, nc, clock, network } = await onA({ reconnectJitter: 0 });
    const events = told(nc);
    network.refuse("b", 4222);
    lameDuck(a);
    await clock.advance(5_000);
    expect(nc.getServer()).toBe("a:4222");
    expect(new Set(events())).toEqual(new Set(["ldm", "attemptFailed"]));
    network.heal("b", 4222);
    await clock.advance(60_000);
    expect(nc.getServer()).toBe("b:4222");
    expect(b.dials).toBe(1);
  });

  it("when the new link is lost first, the old one stays and nothing is missing", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    last(b).send("MSG x 1 1\r\n1\r\n");
    await clock.advance(1);
    last(b).reset();
    last(a).send("MSG x 1 1\r\n1\r\n");
    await clock.advance(1);
    expect(got).toEqual(["1"]);
    expect([nc.getServer(), nc.state]).toEqual(["a:4222", "connected"]);
  });

  it("when the old link is lost first, the new one takes its place at once, with what it had brought", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const events = told(nc);
    const got: string[] = [];
    nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
    a.script = { onPub: () => "skip" };
    const asked = rejection(nc.request("svc", "", { timeout: 20_000 }));
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    last(a).send("MSG x 1 1\r\n1\r\n");
    last(b).send("MSG x 1 1\r\n1\r\nMSG x 1 1\r\n2\r\n");
    await clock.advance(1);
    expect(got).toEqual(["1"]);
    last(a).reset();
    await clock.advance(1);
    expect(got).toEqual(["1", "2"]);
    expect(nc.getServer()).toBe("b:4222");
    expect(events()).toEqual(["ldm", "disconnect", "reconnect"]);
    expect((await asked).code).toBe("DISCONNECTED");
    expect(lines(b).filter((line) => line.startsWith("SUB x"))).toHaveLength(1);
    nc.publish("after", "");
    await clock.until(nc.flush());
    expect(lines(b)).toContain("PUB after 0");
  });

  it("a listener that reconnects at that loss is told of the link that took its place, and then of its end", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    const events = told(nc);
    nc.on("disconnect", ({ epoch }) => {
      if (epoch === 1) void nc.reconnect();
    });
    lameDuck(a);
    await clock.advance(OVERLAP / 2);
    expect(b.dials).toBe(1);
    last(a).reset();
    await clock.advance(5_000);
    expect(events()).toEqual(["ldm", "disconnect", "reconnect", "disconnect", "reconnect"]);
  });

  it("when the old link does not answer at the cut, it counts as lost after two seconds", async () => {
    const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
    let hold = false;
    a.script = { onPing: () => (hold ? "silence" : "pong") };
    lameDuck(a);
    await clock.advance(OVERLAP - 100);
    hold = true;
    await clock.advance(300);
    nc.publish("between", "1");
    await clock.advance(2_500);
    expect(nc.getServer()).toBe("b:4222");
    expect(lines(b)).toContain("PUB between 1");
  });

  it.each([10, OVERLAP / 2, OVERLAP - 5, OVERLAP + 20])(
    "close() and drain() %s ms into it end everything, and both links",
    async (ms) => {
      for (const end of ["close", "drain"] as const) {
        const { a, b, nc, clock } = await onA({ reconnectJitter: 0 });
        const got: string[] = [];
        nc.subscribe("x", { callback: (_, msg) => got.push(msg.string()) });
        lameDuck(a);
        await clock.advance(ms);
        nc.publish("last", "word");
        await clock.until(nc[end]());
        await clock.advance(10);
        const sent = [a, b].flatMap((server) =>
          server.connections.flatMap(({ received }) => received.map(({ text }) => text)),
        );
        expect(sent.filter((text) => text.startsWith("PUB last"))).toHaveLength(1);
        for (const server of [a, b]) expect(server.connections.every(({ isOpen }) => !isOpen)).toBe(true);
        expect(nc.state).toBe("closed");
        await clock.advance(5_000);
        expect(clock.pendingTimers).toBe(0);
      }
    },
  );
});

describe("reconnect({ graceful: true })", () => {
  it("moves to another server and resolves when it has", async () => {
    const { a, nc, clock } = await onA();
    const events = told(nc);
    await clock.until(nc.reconnect({ graceful: true }));
    expect(nc.getServer()).toBe("b:4222");
    expect(events()).toEqual(["handover"]);
    await clock.advance(3_000);
    expect(last(a).isOpen).toBe(false);
  });

  it("makes a new link to the same server where there is no other", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const nc = await connect({ servers: "a" });
    nc.subscribe("x");
    const events = recorded(nc, "handover", "disconnect");
    await clock.until(nc.reconnect({ graceful: true }));
    await clock.advance(3_000);
    expect(events).toEqual([{ type: "handover", epoch: 2, from: "a:4222", server: "a:4222", reason: "requested" }]);
    expect(a.connections.map(({ isOpen }) => isOpen)).toEqual([false, true]);
    expect(a.subscriptions.map(({ subject }) => subject)).toEqual(["x"]);
    last(a).reset();
    await clock.advance(3_000);
    expect(a.dials).toBe(3);
    expect(nc.state).toBe("connected");
  });

  it("rejects with the reason when it cannot, and the link stays", async () => {
    const { network, nc, clock } = await onA();
    network.refuse("b", 4222);
    const error = await rejection(clock.until(nc.reconnect({ graceful: true })));
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect([nc.getServer(), nc.state]).toEqual(["a:4222", "connected"]);
    await clock.until(nc.flush());
  });

  it("rejects when the connection is closed meanwhile", async () => {
    for (const ms of [0, 1, OVERLAP / 2]) {
      const { nc, clock } = await onA();
      const moving = rejection(nc.reconnect({ graceful: true }));
      await clock.advance(ms);
      await clock.until(nc.close());
      expect(await clock.until(moving)).toBeInstanceOf(ConnectionError);
      expect(clock.pendingTimers).toBe(0);
    }
  });

  it("takes the new link at once when reconnect() drops the old one meanwhile", async () => {
    const { nc, clock } = await onA();
    const moving = nc.reconnect({ graceful: true });
    await clock.advance(OVERLAP / 2);
    await nc.reconnect();
    await clock.until(moving);
    expect([nc.getServer(), nc.state]).toEqual(["b:4222", "connected"]);
  });
});

describe("P2: credentials that are about to end", () => {
  /** A token service: each token lives for `life`. */
  const tokens = (clock: { wallTime(): number }, life: number) => {
    const given: string[] = [];
    const authenticator = async (): Promise<{ auth_token: string; expiresAt: number }> => {
      given.push(`t${given.length + 1}`);
      return { auth_token: `t${given.length}`, expiresAt: clock.wallTime() + life };
    };
    return { given, authenticator };
  };

  it("are renewed by a move to a new link, a minute before, and nothing of the date is sent", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const { authenticator, given } = tokens(clock, 15 * 60_000);
    const nc = await connect({ servers: "a", authenticator });
    const events = told(nc);
    await clock.advance(13.9 * 60_000);
    expect(given).toEqual(["t1"]);
    await clock.advance(20_000);
    expect(events()).toEqual(["handover"]);
    expect(a.connections.map(({ options }) => options)).toMatchObject([{ auth_token: "t1" }, { auth_token: "t2" }]);
    expect(JSON.stringify(last(a).options)).not.toContain("expires");
  });

  it("thirty times over, without a lost subscription or a disconnect, also when they live for seconds", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    const { authenticator, given } = tokens(clock, 2_000);
    const nc = await connect({ servers: "a", authenticator });
    nc.subscribe("x");
    const events = told(nc);
    await clock.advance(60_000);
    expect(given.length).toBeGreaterThanOrEqual(30);
    expect(new Set(events())).toEqual(new Set(["handover"]));
    expect(a.subscriptions.map(({ subject }) => subject)).toContain("x");
  });

  it("are not renewed by refreshBefore: -1, and only once when the new ones end no later", async () => {
    for (const [refreshBefore, dials] of [
      [-1, 1],
      [60_000, 2],
    ] as const) {
      const { serve, connect, clock } = simulate();
      const a = serve("a");
      const expiresAt = clock.wallTime() + 100_000;
      await connect({ servers: "a", refreshBefore, authenticator: () => ({ auth_token: "t", expiresAt }) });
      await clock.advance(300_000);
      expect(a.dials).toBe(dials);
    }
  });

  it("are asked for again when the first try fails; the present link stays", async () => {
    const { serve, connect, clock } = simulate();
    const a = serve("a");
    let broken = false;
    const nc = await connect({
      servers: "a",
      authenticator: () => {
        if (broken) throw new Error("the token service is down");
        return { auth_token: "t", expiresAt: clock.wallTime() + 120_000 };
      },
    });
    const events = told(nc);
    broken = true;
    await clock.advance(65_000);
    expect(nc.state).toBe("connected");
    expect(new Set(events())).toEqual(new Set(["attemptFailed"]));
    broken = false;
    await clock.advance(10_000);
    expect(events().at(-1)).toBe("handover");
    expect(a.connections.filter(({ isOpen }) => isOpen)).toHaveLength(1);
  });
});
