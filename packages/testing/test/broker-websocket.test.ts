// The WebSocket listener of a broker: what is refused before it listens, its door, and its end. That it answers as nats-server does is
// shown by broker-and-real.test.ts and clusters-alike.test.ts.

import { createServer, request } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { Broker, BrokerCluster, memoryNetwork, reservePorts, VirtualClock } from "../src/index.js";
import { RawClient } from "./raw-client.js";

const CONNECT = 'CONNECT {"verbose":false,"protocol":1}\r\n';

async function listen(options: Parameters<typeof Broker.listen>[0] = {}): Promise<Broker> {
  const broker = await Broker.listen({ websocket: true, ...options });
  onTestFinished(() => broker.stop());
  return broker;
}

async function client({ websocketPort = 0 }: Broker): Promise<RawClient> {
  const made = new RawClient(websocketPort, "websocket");
  onTestFinished(() => void made.summary());
  await made.say(CONNECT);
  return made;
}

/** Resolves with how a dial of a WebSocket ended. */
function dial(port: number): Promise<"open" | "refused" | "cut"> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    onTestFinished(() => socket.terminate());
    socket.on("open", () => resolve("open"));
    socket.on("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED" ? "refused" : "cut"));
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });
}

describe("websocket of a broker", () => {
  it("has a port and a URL, kept over restarts; without it there is none", async () => {
    const broker = await listen();
    const [before, { websocketPort, websocketUrl }] = [await client(broker), broker];
    expect(websocketUrl).toBe(`ws://127.0.0.1:${websocketPort}`);
    expect(websocketPort).not.toBe(broker.port);
    expect(broker.connections.map(({ type }) => type)).toEqual(["websocket"]);
    await broker.kill();
    await before.until(() => before.isClosed);
    expect(before.closeCode).toBe(1006);
    expect(await dial(websocketPort ?? 0)).toBe("refused");
    await broker.restart();
    expect(broker.websocketUrl).toBe(websocketUrl);
    await client(broker);

    const plain = await listen({ websocket: false });
    expect(plain.websocketPort).toBeUndefined();
    expect(() => plain.websocketUrl).toThrow("made without websocket");
  });

  it("takes a port and what to tell; nodes of a cluster differ if asked", async () => {
    const reservation = await reservePorts(1);
    onTestFinished(() => reservation.release());
    const [port] = reservation.ports;
    expect((await listen({ websocket: port === undefined ? true : { port } })).websocketPort).toBe(port);

    const cluster = await BrokerCluster.listen({
      websocket: true,
      node: (index) => [{ websocket: false }, { websocket: { advertise: "b.test:80" } }, {}][index] ?? {},
    });
    onTestFinished(() => cluster.stop());
    const [a, , c] = cluster.servers;
    expect(a?.websocketPort).toBeUndefined();
    const told = async (index: number): Promise<unknown> =>
      [...((await client(cluster.server(index))).latestInfo().connect_urls ?? [])].sort();
    for (const index of [1, 2]) expect(await told(index)).toEqual([`127.0.0.1:${c?.websocketPort}`, "b.test:80"]);
  });

  it("refuses what makes no sense, and a memory network, before anything listens", async () => {
    const wrong = ["tls {}", 8080, { port: 0 }, { port: 65_536 }, { port: "80" }, null];
    for (const websocket of wrong as never[]) {
      await expect(Broker.listen({ websocket })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(BrokerCluster.listen({ websocket })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await expect(BrokerCluster.listen({ node: () => ({ websocket }) })).rejects.toThrow("websocket");
    }
    const network = memoryNetwork({ clock: new VirtualClock() });
    const at = { host: "a.test", port: 4222 };
    const asked: object = { websocket: true };
    expect(() => Broker.onMemory(network, at, asked)).toThrow("websocket: needs sockets: use listen()");
    expect(() => BrokerCluster.onMemory(network, asked)).toThrow("use listen()");
    expect(() => BrokerCluster.onMemory(network, { node: () => asked })).toThrow("use listen()");
    expect(Broker.onMemory(network, at).running).toBe(true);
  });

  it("says what to install where ws is not", async () => {
    vi.resetModules();
    vi.doMock("ws", () => {
      throw new Error("Cannot find package 'ws'");
    });
    onTestFinished(() => vi.doUnmock("ws"));
    const { Broker: Without } = await import("../src/index.js");
    await expect(Without.listen({ websocket: true })).rejects.toThrow("websocket: needs the package ws");
    const plain = await Without.listen();
    await plain.stop();
  });

  it("a port in use leaves no other port open", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void taken.close());
    const reservation = await reservePorts(1);
    onTestFinished(() => reservation.release());
    const [port = 0] = reservation.ports;
    const { port: used } = taken.address() as AddressInfo;
    await expect(Broker.listen({ port, websocket: { port: used } })).rejects.toThrow("EADDRINUSE");
    expect(await listens(port)).toBe(false);
    const node = (index: number): object => (index === 0 ? { websocket: { port: used } } : {});
    await expect(BrokerCluster.listen({ size: 2, websocket: true, node })).rejects.toThrow("EADDRINUSE");
  });

  it("answers no upgrade while it is paused or mute, and all that waited afterwards", async () => {
    const broker = await listen();
    const other = await listen();
    const port = broker.websocketPort ?? 0;
    for (const [freeze, thaw] of [
      [() => broker.pause(), () => broker.resume()],
      [() => broker.faults.blackHole(), () => broker.faults.heal()],
    ] as const) {
      const before = await client(broker);
      const accepted = broker.stats.totalConnections;
      freeze();
      let dialled: string | undefined;
      const dialling = dial(port).then((end) => {
        dialled = end;
      });
      // Its TCP is taken, as by a process that is frozen.
      expect(await listens(port)).toBe(true);
      before.write("PING\r\n");
      // Long enough for any answer to have come: others that dial later have theirs.
      for (let i = 0; i < 3; i++) await client(other);
      expect([dialled, broker.stats.totalConnections]).toEqual([undefined, accepted]);
      thaw();
      await dialling;
      expect(dialled).toBe("open");
      await before.say("");
    }
  });

  it("its door is shut by refuse, by a kill and by its end, also for those who wait for an upgrade", async () => {
    const broker = await listen({ lameDuckGracePeriod: 0 });
    const port = broker.websocketPort ?? 0;
    const inside = await client(broker);
    broker.faults.refuse();
    expect([await dial(port), await listens(broker.port)]).toEqual(["refused", false]);
    broker.faults.heal();
    await vi.waitFor(async () => expect(await dial(port)).toBe("open"));
    await inside.say("");
    broker.pause();
    const waiting = dial(port);
    expect(await listens(port)).toBe(true);
    await broker.kill();
    expect(await waiting).toBe("cut");
    await broker.restart();
    const leaving = await client(broker);
    broker.lameDuck();
    await leaving.until(() => leaving.isClosed);
    expect([leaving.closeCode, await dial(port)]).toEqual([1001, "refused"]);
  });

  it("answers plain HTTP, and goes on", async () => {
    const broker = await listen();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const asking = request({ port: broker.websocketPort, host: "127.0.0.1" }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asking.on("error", reject).end();
    });
    expect(status).toBe(400);
    await client(broker);
  });

  it("cuts a client that reads too slowly, and splits what it sends if told to", async () => {
    const broker = await listen({ maxPending: 100_000 });
    const socket = new WebSocket(broker.websocketUrl);
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    const sizes: number[] = [];
    socket.on("message", (data: Buffer) => void sizes.push(data.length));
    await new Promise((resolve) => socket.on("open", resolve));
    await vi.waitFor(() => expect(sizes).toHaveLength(1));
    broker.faults.split(3);
    socket.send(`${CONNECT}SUB a 1\r\nPING\r\n`);
    await vi.waitFor(() => expect(sizes.slice(1, 3)).toEqual([3, 3]));
    broker.faults.heal();
    socket.pause();
    const other = await client(broker);
    while (broker.stats.slowConsumers === 0) await other.say(`PUB a 90000\r\n${"x".repeat(90_000)}\r\n`);
    socket.resume();
    expect(await closed).toBe(1006);
  });
});
