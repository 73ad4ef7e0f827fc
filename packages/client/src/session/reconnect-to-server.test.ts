// The handler reconnectToServer of nats.js: what it is given, what it may answer, and that nothing it does ends a connection.

import { expect, it } from "vitest";
import { everyEvent, simulate } from "../../test/simulated.js";
import { CallbackError, type PoolServer, type ReconnectToServerHandler } from "../index.js";

const listens = (servers: readonly PoolServer[]): string[] => servers.map(({ listen }) => listen);

it("ADR40-16, P26: it is called at every attempt with the pool and the latest INFO, null before any, and its choice is dialled", async () => {
  const world = simulate();
  const [a, b, c] = ["a", "b", "c"].map((name) => world.serve(name, { info: { server_name: name } }));
  const calls: { readonly servers: string[]; readonly info: string | undefined }[] = [];
  const reconnectToServer: ReconnectToServerHandler = (servers, info) => {
    calls.push({ servers: listens(servers), info: info?.server_name });
    return servers.find(({ hostname }) => hostname === (calls.length === 1 ? "b" : "c")) ?? null;
  };
  const nc = await world.connect({ servers: "a,b,c", noRandomize: true, reconnectToServer });
  expect(nc.getServer()).toBe("b:4222");
  b?.connections.at(-1)?.reset();
  await world.clock.advance(5_000);
  expect(nc.getServer()).toBe("c:4222");
  expect(a?.dials).toBe(0);
  expect(c?.dials).toBe(1);
  expect(calls).toEqual([
    { servers: ["a:4222", "b:4222", "c:4222"], info: undefined },
    { servers: ["a:4222", "b:4222", "c:4222"], info: "b" },
  ]);
  await world.clock.until(nc.close());
});

it.each<[what: string, answer: () => unknown]>([
  [
    "throws",
    () => {
      throw new Error("mine");
    },
  ],
  ["names a server of its own making", () => ({ hostname: "x", port: 1, listen: "x:1" })],
  ["answers a promise", async () => null],
])("n2: a handler that %s is reported, and the connection comes back all the same", async (_, answer) => {
  const world = simulate();
  const a = world.serve("a");
  let calm = true;
  const nc = await world.connect({
    servers: "a",
    reconnectToServer: ((servers: readonly PoolServer[]) => (calm ? servers[0] : answer())) as ReconnectToServerHandler,
  });
  const events = everyEvent(nc);
  calm = false;
  a.connections.at(-1)?.reset();
  await world.clock.advance(5_000);
  expect(events.map(({ type }) => type)).toEqual(["disconnect", "error", "reconnecting", "reconnect"]);
  const told = events.find((event) => event.type === "error");
  expect(told?.error).toBeInstanceOf(CallbackError);
  expect(told?.error.message).toContain("selectServer");
  expect(nc.state).toBe("connected");
  await world.clock.until(nc.close());
});

it("P26: a delay is waited for, also at the first connect, and close() cuts it short", async () => {
  const world = simulate();
  const a = world.serve("a");
  let delay = 2_000;
  const reconnectToServer: ReconnectToServerHandler = (servers) => {
    const [server] = servers;
    return server === undefined ? null : { server, delay };
  };
  const begin = world.clock.now();
  const nc = await world.connect({ servers: "a", reconnectToServer });
  expect(world.clock.now() - begin).toBeGreaterThanOrEqual(2_000);
  delay = 60_000;
  a.connections.at(-1)?.reset();
  await world.clock.advance(10_000);
  expect(nc.state).toBe("waiting");
  await world.clock.until(nc.close());
  expect(world.clock.pendingTimers).toBe(0);
});

it("P26: a handler that closes the connection it is asked for leaves nothing behind", async () => {
  const world = simulate();
  const a = world.serve("a");
  let close = (): void => {};
  const nc = await world.connect({
    servers: "a",
    reconnectToServer: (servers) => {
      close();
      return servers[0];
    },
  });
  close = () => void nc.close();
  a.connections.at(-1)?.reset();
  await world.clock.advance(5_000);
  expect(nc.state).toBe("closed");
  expect(a.dials).toBe(1);
  expect(world.clock.pendingTimers).toBe(0);
});

it("getServers() has the fields of nats.js beside ours", async () => {
  const world = simulate();
  world.serve("a", { info: { connect_urls: ["a:4222", "10.0.0.7:4333"] } });
  const nc = await world.connect({ servers: "nats://ann:canary@a" });
  expect(nc.getServers()).toMatchObject([
    {
      hostname: "a",
      port: 4222,
      listen: "a:4222",
      src: "nats://a:4222",
      tlsName: "a",
      reconnects: 0,
      gossiped: false,
      didConnect: true,
      origin: "seed",
      state: "connected",
    },
    {
      hostname: "10.0.0.7",
      port: 4333,
      listen: "10.0.0.7:4333",
      src: "nats://10.0.0.7:4333",
      tlsName: "a",
      reconnects: 0,
      lastConnect: 0,
      gossiped: true,
      didConnect: false,
    },
  ]);
  await world.clock.until(nc.close());
});

it.each(["a lame duck", "reconnect({ graceful: true })"])("ADR40-16: it is asked for a move too: %s", async (why) => {
  const world = simulate();
  const [a, b, c] = ["a", "b", "c"].map((name) => world.serve(name));
  let asked = 0;
  const nc = await world.connect({
    servers: "a,b,c",
    noRandomize: true,
    reconnectToServer: (servers) => {
      if (++asked === 1) return null;
      expect(listens(servers)).toEqual(["b:4222", "c:4222"]);
      const server = servers.find(({ hostname }) => hostname === "c");
      return server === undefined ? null : { server, delay: 60_000 };
    },
  });
  const events = everyEvent(nc);
  if (why === "a lame duck") a?.sendInfo({ ldm: true });
  else void nc.reconnect({ graceful: true });
  await world.clock.advance(5_000);
  expect([nc.getServer(), asked, b?.dials, c?.dials]).toEqual(["c:4222", 2, 0, 1]);
  expect(events.map(({ type }) => type).filter((type) => type !== "ldm")).toEqual(["handover"]);
  await world.clock.until(nc.close());
});

it("ADR40-16: it is not asked about a lame duck that is only told of, and is again when the lost link is replaced", async () => {
  const world = simulate();
  const a = world.serve("a", { info: { connect_urls: ["a:4222", "b:4222"] } });
  world.serve("b");
  let asked = 0;
  const nc = await world.connect({
    servers: "a,b",
    noRandomize: true,
    lameDuck: "notify",
    reconnectToServer: () => {
      asked++;
      return null;
    },
  });
  expect(asked).toBe(1);
  const events = everyEvent(nc);
  a.sendInfo({ ldm: true });
  await world.clock.advance(5_000);
  // News of the cluster are another reason to look where the connection belongs.
  a.sendInfo({ ldm: true, connect_urls: ["a:4222", "b:4222", "c:4222"] });
  await world.clock.advance(5_000);
  expect([nc.getServer(), asked]).toEqual(["a:4222", 1]);
  a.connections.at(-1)?.reset();
  await world.clock.advance(5_000);
  expect([nc.getServer(), asked]).toEqual(["b:4222", 2]);
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(["ldm", "update", "disconnect", "reconnecting", "reconnect"]),
  );
  await world.clock.until(nc.close());
  expect(world.clock.pendingTimers).toBe(0);
});

it("n2: one that throws when it is asked for a move is reported, and the connection moves all the same", async () => {
  const world = simulate();
  const a = world.serve("a");
  world.serve("b");
  let calm = true;
  const reconnectToServer = (): null => {
    if (calm) return null;
    throw new Error("mine");
  };
  const nc = await world.connect({ servers: "a,b", noRandomize: true, reconnectToServer });
  const events = everyEvent(nc);
  calm = false;
  a.sendInfo({ ldm: true });
  await world.clock.advance(5_000);
  expect(nc.getServer()).toBe("b:4222");
  expect(events.map(({ type }) => type)).toEqual(["ldm", "error", "handover"]);
  await world.clock.until(nc.close());
});

it("ADR40-16: one that names a server which waits for its backoff does not have it dialled for a move, time after time", async () => {
  const world = simulate();
  const a = world.serve("a");
  world.serve("b");
  let first = true;
  const nc = await world.connect({
    servers: "a,b,c",
    noRandomize: true,
    reconnectToServer: (servers) => {
      if (!first) return servers.find(({ hostname }) => hostname === "c") ?? null;
      first = false;
      return null;
    },
  });
  const dialled = (): number => world.network.dials.filter(({ hostname }) => hostname === "c").length;
  // Without a bound of its own this would go on for ever, in no time at all.
  nc.on("attemptFailed", () => void (dialled() > 20 && nc.close()));
  a.sendInfo({ ldm: true });
  await world.clock.advance(5_000);
  expect([nc.getServer(), dialled()]).toEqual(["b:4222", 1]);
  await world.clock.until(nc.close());
});
