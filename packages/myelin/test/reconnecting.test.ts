// "Seed list is enough" and "URLs used at reconnect": where a client goes when its server has gone, and what it brings
// along. SEED-31 … SEED-37.

import { type FakeScript, RealCluster, RealServer, reservePorts } from "@myelin/testing";
import { ConnectError, connect } from "myelin";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { next, record, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, deadUrl, fake, open, poolOf } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";

const BOUND = 60_000;
const QUICK = { reconnectJitter: 0, reconnectTimeWait: 20 };

forEachServer((binary) => {
  describe("a cluster of three", () => {
    let cluster: RealCluster;
    beforeAll(async () => {
      cluster = await RealCluster.start({ binary });
    }, 30_000);
    afterAll(() => cluster.stop());

    it("SEED-32: a list of two dead and one live seed connects", async () => {
      for (let i = 0; i < 5; i++) {
        const nc = await open({ servers: [await deadUrl(), await deadUrl(), cluster.server(1).url] });
        expect(nc.getServer()).toBe(addressOf(cluster.server(1)));
      }
    });

    it("SEED-31: with only A configured and A killed, messages come over a server no configuration named", {
      timeout: BOUND,
    }, async () => {
      const [a, b, c] = [cluster.server(0), cluster.server(1), cluster.server(2)];
      const nc = await open({ servers: a.url });
      const sub = nc.subscribe("news");
      await nc.flush();
      const reconnected = next(nc, "reconnect");
      await a.kill();
      await reconnected;
      expect([b, c].map(addressOf)).toContain(nc.getServer());
      await nc.flush();
      // From the other survivor, so that the message crosses the cluster.
      const other = [b, c].find((server) => addressOf(server) !== nc.getServer()) ?? b;
      const publisher = await open({ servers: other.url });
      await until("interest has crossed the route", async () => {
        publisher.publish("news", "still here");
        await publisher.flush();
        await nc.flush();
        return sub.getPending() > 0;
      });
      for await (const msg of sub) {
        expect(msg.string()).toBe("still here");
        break;
      }
      expect(nc.isClosed()).toBe(false);
    });
  });

  it("SEED-33: with gossip off and one URL, a killed server is a documented failure: events, then a ConnectError", {
    timeout: BOUND,
  }, async () => {
    const cluster = await RealCluster.start({ binary, size: 1 });
    onTestFinished(() => cluster.stop());
    const { ports, release } = await reservePorts(1);
    onTestFinished(release);
    const lonely = await RealServer.start({
      binary,
      config: `cluster { name: ${JSON.stringify(cluster.name)}, listen: "127.0.0.1:${ports[0]}", no_advertise: true, routes: [${JSON.stringify(cluster.server(0).routeUrl)}] }`,
    });
    onTestFinished(() => lonely.stop());
    await until("they are one cluster", async () => (await lonely.routez()).routes.length > 0);
    const nc = await open({ servers: lonely.url, maxReconnectAttempts: 2, ...QUICK });
    const forever = await open({ servers: lonely.url, ...QUICK });
    await nc.flush();
    expect(poolOf(nc)).toEqual([addressOf(lonely)]);
    const failed = record(nc, "attemptFailed", "close");
    const stillTrying = next(forever, "attemptFailed");
    await lonely.kill();
    const reason = await within("it gives up", nc.closed());
    expect(reason).toBeInstanceOf(ConnectError);
    expect(reason).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect(failed.map(({ type }) => type)).toEqual(["attemptFailed", "attemptFailed", "close"]);
    // Without a limit (the default, D6) it goes on for ever, and says so.
    await stillTrying;
    await next(forever, "attemptFailed");
    expect(forever.isClosed()).toBe(false);
    const back = next(forever, "reconnect");
    await lonely.restart();
    await back;
  });

  it("SEED-36: publishes kept during an outage reach our own subscriptions on the next server", {
    timeout: BOUND,
  }, async () => {
    const server = await RealServer.start({ binary });
    onTestFinished(() => server.stop());
    const nc = await open({ servers: server.url, ...QUICK });
    const received: string[] = [];
    const take = (name: string) => (_error: Error | null, msg: { string(): string }) =>
      void received.push(`${name} ${msg.string()}`);
    nc.subscribe("s", { callback: take("plain") });
    nc.subscribe("s", { queue: "q", callback: take("queue") });
    const limited = nc.subscribe("s", { max: 3, callback: take("limited") });
    nc.publish("s", "0");
    await nc.flush();
    const lost = next(nc, "disconnect");
    await server.kill();
    await lost;
    for (const text of ["1", "2", "3"]) nc.publish("s", text);
    const back = next(nc, "reconnect");
    await server.restart();
    await back;
    await nc.flush();
    const of = (name: string): string[] => received.filter((one) => one.startsWith(name)).map((one) => one.slice(-1));
    expect(of("plain")).toEqual(["0", "1", "2", "3"]);
    expect(of("queue")).toEqual(["0", "1", "2", "3"]);
    expect(of("limited")).toEqual(["0", "1", "2"]);
    await within("the limited one has ended", limited.closed);
    const [connection] = (await server.connz("subs=1")).connections;
    expect(connection?.subscriptions).toBe(2);
  });

  it("SEED-37: a rolling upgrade is survived by a subscriber, and the clients of a node spread over the others", {
    timeout: BOUND,
  }, async () => {
    const cluster = await RealCluster.start({ binary, size: 2 });
    onTestFinished(() => cluster.stop());
    const [a, b] = [cluster.server(0), cluster.server(1)];
    const options = { servers: a.url, reconnectTimeWait: 50 };
    const clients = await Promise.all(Array.from({ length: 60 }, () => open(options)));
    const subscriber = await open(options);
    const publisher = await open(options);
    const everybody = [...clients, subscriber, publisher];
    const received = new Set<string>();
    subscriber.subscribe("step", { callback: (_error, msg) => void received.add(msg.string()) });
    await subscriber.flush();

    const hears = (step: string): Promise<void> =>
      until(`the subscriber hears after: ${step}`, async () => {
        publisher.publish("step", step);
        await publisher.flush().catch(() => {});
        return received.has(step);
      });
    const stop = async (server: RealServer): Promise<void> => {
      process.kill(server.pid, "SIGTERM");
      await until("it has ended", () => !server.running);
      await until("everybody has moved", () =>
        everybody.every((nc) => nc.state === "connected" && nc.getServer() !== addressOf(server)),
      );
    };
    await hears("start");
    const c = await cluster.add();
    await cluster.waitForMesh();
    await until("everybody knows C", () => everybody.every((nc) => poolOf(nc).includes(addressOf(c))));

    await stop(a);
    const onB = clients.filter((nc) => nc.getServer() === addressOf(b)).length;
    const onC = clients.filter((nc) => nc.getServer() === addressOf(c)).length;
    expect(onB + onC).toBe(clients.length);
    // Half of 60, give or take four standard deviations.
    expect(onB).toBeGreaterThanOrEqual(15);
    expect(onC).toBeGreaterThanOrEqual(15);
    await hears("A is down");
    await a.restart();
    await cluster.waitForMesh();
    await hears("A is back");
    await stop(b);
    await hears("B is down");
    await b.restart();
    await cluster.waitForMesh();
    await hears("B is back");
    await stop(c);
    await hears("C is down");
    await cluster.waitForMesh();
    await until(
      "the pool holds the present members",
      () => poolOf(subscriber).sort().join() === [a, b].map(addressOf).sort().join(),
    );
    expect(everybody.every((nc) => !nc.isClosed())).toBe(true);
  });
});

describe("against scripted servers", () => {
  const refuse: FakeScript = {
    onConnect: (connection) => {
      connection.err("maximum connections exceeded");
      connection.end();
      return "skip";
    },
  };

  it("SEED-34: configured and discovered servers are the candidates, each until its attempts are used up", async () => {
    const [a, b, c] = [await fake(), await fake(refuse), await fake(refuse)];
    a.script = { info: { connect_urls: [addressOf(c)] } };
    const transport = recordingTransport();
    const nc = await connect({
      servers: [a.url, b.url],
      noRandomize: true,
      maxReconnectAttempts: 3,
      transports: [transport],
      ...QUICK,
    });
    a.script = refuse;
    a.connections[0]?.reset();
    expect(await within("it gives up", nc.closed())).toBeInstanceOf(ConnectError);
    expect([a.dials, b.dials, c.dials]).toEqual([1 + 3, 3, 3]);
    expect(new Set(transport.dials.map(({ port }) => port))).toEqual(new Set([a.port, b.port, c.port]));
  });

  it("SEED-34: an exhausted server is not dialled again, also after others have worked", async () => {
    const [a, b, c] = [await fake(), await fake(refuse), await fake(refuse)];
    const nc = await connect({ servers: [a.url, b.url, c.url], noRandomize: true, maxReconnectAttempts: 1, ...QUICK });
    const reconnected = next(nc, "reconnect");
    a.connections[0]?.reset();
    await reconnected;
    expect([nc.getServer(), a.dials, b.dials, c.dials]).toEqual([addressOf(a), 2, 1, 1]);
    expect(poolOf(nc)).toEqual([addressOf(a)]);
    a.script = refuse;
    a.connections[1]?.reset();
    expect(await within("it gives up", nc.closed())).toBeInstanceOf(ConnectError);
    expect([a.dials, b.dials, c.dials]).toEqual([3, 1, 1]);
  });

  it("SEED-35: a client that hops from A to B to C keeps learning", async () => {
    // Of an age at which a server tells its cluster once, in its first INFO, and not again after the first PONG.
    const version = "2.9.10";
    const c = await fake({ info: { version, connect_urls: ["10.0.0.7:4222"] } });
    const b = await fake({ info: { version, connect_urls: [addressOf(c)] } });
    const a = await fake({ info: { version, connect_urls: [addressOf(b)] } });
    const nc = await open({ servers: a.url, ...QUICK });
    for (const [leaving, arriving] of [
      [a, b],
      [b, c],
    ] as const) {
      const reconnected = next(nc, "reconnect");
      await leaving.stop();
      expect((await reconnected).server).toBe(addressOf(arriving));
    }
    expect(poolOf(nc)).toContain("10.0.0.7:4222");
    expect(poolOf(nc)).toContain(addressOf(a));
  });

  it("SEED-36: the new server is told of every subscription, with queue and remaining count, before any kept publish", async () => {
    const [a, b] = [await fake(), await fake()];
    const nc = await open({ servers: [a.url, b.url], noRandomize: true, ...QUICK });
    nc.subscribe("one");
    nc.subscribe("two", { queue: "workers" });
    nc.subscribe("three", { max: 5 });
    const done = nc.subscribe("four", { max: 1 });
    nc.subscribe("five").unsubscribe();
    nc.publish("three", "a");
    nc.publish("three", "b");
    nc.publish("four", "x");
    await nc.flush();
    await done.closed;
    const gone = next(nc, "disconnect").then(() => {
      for (const text of ["k1", "k2"]) nc.publish("one", text);
    });
    const reconnected = next(nc, "reconnect");
    await a.stop();
    await gone;
    await reconnected;
    await nc.flush();
    const [connection] = b.connections;
    expect(connection?.received.slice(1).map(({ text }) => text)).toEqual([
      "PING",
      "SUB one 1",
      "SUB two workers 2",
      "SUB three 3",
      "UNSUB 3 3",
      "PUB one 2\r\nk1",
      "PUB one 2\r\nk2",
      "PING",
    ]);
  });
});
