// The fault proxy between raw clients and real servers.

import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FaultProxy, findServer, RealServer } from "../src/index.js";
import { RawClient } from "./raw-client.js";

const CONNECT = 'CONNECT {"verbose":false}\r\n';

describe("FaultProxy before a real server", () => {
  let server: RealServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await RealServer.start({ binary: await findServer() });
    proxy = await FaultProxy.start({ target: server });
  }, 600_000);
  afterAll(() => Promise.all([proxy.stop(), server.stop()]));

  const connected = async (): Promise<RawClient> => {
    const client = new RawClient(proxy.port);
    await client.say(`${CONNECT}SUB a 1\r\n`);
    client.heard = "";
    return client;
  };
  const closed = async (client: RawClient): Promise<void> => {
    await client.until(() => client.isClosed);
    while (proxy.links.length > 0) await sleep(1);
  };

  const attempt = async (): Promise<"refused" | "accepted"> => {
    const client = new RawClient(proxy.port);
    await client.until(() => client.isClosed || client.heard !== "");
    client.summary();
    return client.heard === "" ? "refused" : "accepted";
  };

  it("carries everything as it is while nothing is wrong, large messages too, and closes with the client", async () => {
    const client = await connected();
    const text = "x".repeat(900_000);
    client.write(`PUB a ${text.length}\r\n${text}\r\nPING\r\n`);
    await client.until(() => client.heard.endsWith("PONG\r\n"));
    expect(client.heard).toBe(`MSG a 1 ${text.length}\r\n${text}\r\nPONG\r\n`);
    client.summary();
    await closed(client);
  });

  it("delay: an answer takes that much longer", async () => {
    const client = await connected();
    proxy.links[0]?.faults.delay(60, "to-client");
    const begin = performance.now();
    client.write("PING\r\n");
    await client.until(() => client.heard !== "");
    expect(performance.now() - begin).toBeGreaterThanOrEqual(59);
    client.summary();
    await closed(client);
  });

  it("split and throttle: it all arrives, in pieces", async () => {
    const client = await connected();
    proxy.faults.split(1, "to-server");
    proxy.faults.throttle(200, "to-client");
    const begin = performance.now();
    client.write("PUB a 20\r\naaaaaaaaaabbbbbbbbbb\r\n");
    await client.until(() => client.heard.length >= 33);
    expect(client.heard).toBe("MSG a 1 20\r\naaaaaaaaaabbbbbbbbbb\r\n");
    expect(performance.now() - begin).toBeGreaterThanOrEqual(60);
    proxy.faults.heal();
    client.summary();
    await closed(client);
  });

  it("silence in one direction: the server hears, the client does not, until healed", async () => {
    const client = await connected();
    const other = await connected();
    const link = proxy.links[0];
    link?.faults.silence("to-client");
    client.write("PUB a 2\r\nhi\r\n");
    await other.until(() => other.heard !== "");
    expect([other.heard, client.heard]).toEqual(["MSG a 1 2\r\nhi\r\n", ""]);
    link?.faults.heal();
    await client.until(() => client.heard !== "");
    expect(client.heard).toBe("MSG a 1 2\r\nhi\r\n");
    for (const one of [client, other]) one.summary();
    await closed(other);
  });

  it("silence in both directions holds more than the proxy keeps, and healed loses none of it", async () => {
    const client = await connected();
    proxy.faults.silence();
    const text = "x".repeat(500_000);
    for (let i = 0; i < 4; i++) client.write(`PUB a ${text.length}\r\n${text}\r\n`);
    await sleep(50);
    expect(client.heard).toBe("");
    proxy.faults.heal();
    await client.until(() => client.heard.split("MSG a 1").length === 5 && client.heard.endsWith("x\r\n"));
    client.summary();
    await closed(client);
  });

  it("drop: what follows is lost, the stream stays open", async () => {
    const client = await connected();
    proxy.links[0]?.faults.drop(4, "to-client");
    client.write("PING\r\nPING\r\n");
    await client.until(() => client.heard.length >= 4);
    await sleep(20);
    expect([client.heard, client.isClosed]).toEqual(["PONG", false]);
    client.summary();
    await closed(client);
  });

  it("truncate: the stream ends in the midst of an operation", async () => {
    const client = await connected();
    proxy.links[0]?.faults.truncate(3, "to-client");
    client.write("PING\r\n");
    await closed(client);
    expect(client.heard).toBe("PON");
  });

  it("half-close to the server: it has the end, and so has the client then", async () => {
    const client = await connected();
    proxy.links[0]?.faults.halfClose("to-server");
    await closed(client);
    while ((await server.varz()).connections > 0) await sleep(5);
  });

  it("reset: an error to the client, and the server is rid of it", async () => {
    const client = await connected();
    const socket = createConnection({ port: proxy.port, host: "127.0.0.1" });
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once("error", resolve));
    await new Promise((resolve) => socket.once("data", resolve));
    proxy.faults.reset();
    expect((await failed).code).toBe("ECONNRESET");
    await closed(client);
    while ((await server.varz()).connections > 0) await sleep(5);
  });

  it.each([0, 1, 2, 3, 4])(
    "reset while it is being ended, %i ticks in: it is gone, for the server as well",
    async (ticks) => {
      const client = await connected();
      const [link] = proxy.links;
      link?.faults.halfClose("to-client");
      for (let i = 0; i < ticks; i++) await new Promise<void>((resolve) => process.nextTick(resolve));
      link?.faults.reset();
      await closed(client);
      expect(link?.isOpen).toBe(false);
      while ((await server.connz()).num_connections > 0) await sleep(1);
    },
  );

  it("garbage: bytes nobody sent, to the client or to the server", async () => {
    const client = await connected();
    proxy.links[0]?.faults.garbage("!?\r\n");
    await client.until(() => client.heard === "!?\r\n");
    proxy.links[0]?.faults.garbage("BOGUS\r\n", "to-server");
    await closed(client);
    expect(client.heard).toBe("!?\r\n-ERR 'Unknown Protocol Operation'\r\n");
  });

  it("black hole and refuse: nobody gets through until it accepts again", async () => {
    const client = await connected();
    proxy.faults.blackHole();
    const lost = new RawClient(proxy.port);
    await sleep(30);
    expect([lost.heard, lost.isClosed]).toEqual(["", false]);
    proxy.faults.refuse();
    const refused = new RawClient(proxy.port);
    await refused.until(() => refused.isClosed);
    proxy.faults.heal();
    await client.say("");
    await lost.say(CONNECT);
    expect(lost.heard).toMatch(/^INFO .*PONG\r\n$/s);
    for (const one of [client, lost]) one.summary();
    await closed(client);
    let last = await attempt();
    while (last === "refused") last = await attempt();
  });

  it("a server that dies is a break for the client, one that does not listen as well", async () => {
    const client = await connected();
    await server.kill();
    await closed(client);
    const late: Socket = createConnection({ port: proxy.port, host: "127.0.0.1" });
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => late.once("error", resolve));
    expect((await failed).code).toBe("ECONNRESET");
    await server.restart();
    const again = await connected();
    again.summary();
    await closed(again);
  });

  it("hands out its links one by one, and needs a target", async () => {
    const next = proxy.nextLink();
    const client = await connected();
    const link = await next;
    expect([link.isOpen, link.bytesToServer > 0, link.bytesToClient > 0]).toEqual([true, true, true]);
    client.summary();
    await closed(client);
    expect(link.isOpen).toBe(false);
    await expect(FaultProxy.start({ target: { port: 0 } })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});
