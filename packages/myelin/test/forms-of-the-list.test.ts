// "Forms of the list": every way to write the servers down, and what makes no list. SEED-1 … SEED-6.

import { RealCluster } from "@myelin/testing";
import { connect, InvalidArgumentError } from "myelin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rejectionOf } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, fake, open, poolOf } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";

forEachServer((binary) => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await RealCluster.start({ binary });
  }, 30_000);
  afterAll(() => cluster.stop());

  it("SEED-1: servers accepts an array of URLs", async () => {
    const nc = await open({ servers: cluster.urls });
    expect(cluster.servers.map(addressOf)).toContain(nc.getServer());
    expect(poolOf(nc)).toEqual(cluster.servers.map(addressOf));
    expect(nc.getServers().map((server) => server.origin)).toEqual(["seed", "seed", "seed"]);
  });

  it("SEED-2: a comma-separated string is one list; spaces are trimmed and empty elements ignored", async () => {
    const [a = "", b = "", c = ""] = cluster.urls;
    const nc = await open({ servers: `, ${a} ,${b},, ${c},`, ignoreClusterUpdates: true });
    expect(poolOf(nc)).toEqual(cluster.servers.map(addressOf));
    await nc.flush();
  });

  it("SEED-3: URLs, host:port, a name, an IPv4 address may stand in one list, and each of them connects", async () => {
    const { port } = cluster.server(0);
    for (const form of [
      `nats://127.0.0.1:${port}`,
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `NATS://LOCALHOST:${port}/`,
    ]) {
      const nc = await open({ servers: [form] });
      await nc.flush();
      expect(nc.info?.port, form).toBe(port);
    }
  });
});

describe("without a cluster", () => {
  it("SEED-3: [IPv6]:port connects", async () => {
    const server = await fake({}, { host: "::1" });
    const nc = await open({ servers: [`[::1]:${server.port}`, `nats://[0:0::1]:${server.port}`] });
    await nc.flush();
    expect(poolOf(nc)).toEqual([`[::1]:${server.port}`]);
    expect(server.dials).toBe(1);
  });

  it("SEED-3: a host without a port is dialled at 4222, also a bare IPv6 address", async () => {
    const server = await fake();
    const forms = [
      "127.0.0.2",
      "nats://one.test",
      "[fd00::2]",
      "fd00::3",
      "fd00::4",
      "tls://two.test",
      "localhost:14222",
    ];
    const transport = recordingTransport({
      redirect: (target) => ({
        ...target,
        hostname: target.url.includes("14222") ? server.host : "127.0.0.1",
        port: target.url.includes("14222") ? server.port : 1,
      }),
    });
    await open({ servers: forms, noRandomize: true, transports: [transport] });
    expect(transport.dials.map(({ scheme, hostname, port }) => `${scheme} ${hostname} ${port}`)).toEqual([
      "nats 127.0.0.2 4222",
      "nats one.test 4222",
      "nats fd00::2 4222",
      "nats fd00::3 4222",
      "nats fd00::4 4222",
      "tls two.test 4222",
      "nats localhost 14222",
    ]);
  });

  it("SEED-4: a string is a list of one, and an array is its elements one by one", async () => {
    const a = await fake();
    const b = await fake();
    const one = await open({ servers: a.url });
    const list = await open({ servers: [a.url] });
    expect(poolOf(one)).toEqual(poolOf(list));
    const builder: string[] = [];
    builder.push(a.url);
    builder.push(b.url);
    const built = await open({ servers: builder });
    const joined = await open({ servers: `${a.url},${b.url}` });
    const mixed = await open({ servers: [`${a.url}, ${b.url}`] });
    expect(poolOf(built)).toEqual([addressOf(a), addressOf(b)]);
    expect(poolOf(joined)).toEqual(poolOf(built));
    expect(poolOf(mixed)).toEqual(poolOf(built));
  });

  it("SEED-5: duplicate URLs, with and without a scheme, produce one pool entry", async () => {
    const server = await fake();
    const nc = await open({
      servers: [server.url, addressOf(server), `${server.url}/`, `nats://u:p@${addressOf(server)}`],
    });
    expect(poolOf(nc)).toEqual([addressOf(server)]);
    const again = await open({ servers: `localhost:${server.port},nats://LocalHost:${server.port}` });
    expect(poolOf(again)).toEqual([`localhost:${server.port}`]);
  });

  it("SEED-6: no servers at all is 127.0.0.1:4222", async () => {
    const server = await fake();
    const transport = recordingTransport({ redirect: (target) => ({ ...target, port: server.port }) });
    await open({ transports: [transport] });
    await open({ servers: undefined, transports: [transport] });
    expect(transport.dials.map(({ url }) => url)).toEqual(["nats://127.0.0.1:4222", "nats://127.0.0.1:4222"]);
  });

  it.each([
    ["an empty array", []],
    ["an empty string", ""],
    ["an array of nothing", ["", " "]],
    ["commas alone", " , ,"],
  ])("SEED-6: %s is an InvalidArgumentError, not the default server", async (_what, servers) => {
    const transport = recordingTransport();
    const error = await rejectionOf(connect({ servers, transports: [transport] }), InvalidArgumentError);
    expect([error.code, error.argument]).toEqual(["INVALID_ARGUMENT", "servers"]);
    expect(transport.dials).toEqual([]);
  });

  it.each([
    ["a port out of range", "127.0.0.1:65536"],
    ["a port that is no number", "127.0.0.1:abc"],
    ["no host", "nats://:4222"],
    ["a space within", "local host"],
    ["an open bracket", "[::1:4222"],
    ["an unknown scheme", "http://127.0.0.1:4222"],
  ])("SEED-6: an element with %s rejects, by promise and before any dial of the good ones", async (_what, bad) => {
    const good = await fake();
    const transport = recordingTransport();
    const promise = connect({ servers: [good.url, bad], transports: [transport] });
    expect(promise).toBeInstanceOf(Promise);
    const error = await rejectionOf(promise, InvalidArgumentError);
    expect(error.argument).toBe("servers");
    expect(transport.dials).toEqual([]);
    expect(good.dials).toBe(0);
  });
});
