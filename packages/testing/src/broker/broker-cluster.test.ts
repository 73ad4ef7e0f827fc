import { describe, expect, it } from "vitest";
import { MemoryClient } from "../../test/memory-client.js";
import { memoryNetwork } from "../memory-network.js";
import { VirtualClock } from "../virtual-clock.js";
import { BrokerCluster, type BrokerClusterOptions } from "./broker-cluster.js";

const CONNECT = 'CONNECT {"verbose":false,"protocol":1,"headers":true,"no_responders":true}\r\nPING\r\n';

interface World {
  readonly clock: VirtualClock;
  readonly cluster: BrokerCluster;
  /** A client of this node that has connected and said this. */
  client(index: number, text?: string): Promise<MemoryClient>;
}

async function world(options: BrokerClusterOptions = {}): Promise<World> {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const cluster = BrokerCluster.onMemory(network, options);
  await clock.settle();
  return {
    clock,
    cluster,
    async client(index, text = "") {
      const client = await MemoryClient.dial(network, cluster.server(index));
      client.send(CONNECT + text);
      await clock.settle();
      return client;
    },
  };
}

describe("BrokerCluster", () => {
  it("delivers across nodes exactly once, to every subscriber, whatever the mesh", async () => {
    const { clock, cluster, client } = await world({ size: 4 });
    const all = await Promise.all([0, 1, 2, 3].map((index) => client(index, "SUB a.* 1\r\nSUB a.> 2\r\n")));
    const publisher = await client(0);
    publisher.send("PUB a.b reply 2\r\nhi\r\n");
    await clock.settle();
    for (const one of all) expect(one.messages()).toEqual(["MSG a.b 1 reply 2 hi", "MSG a.b 2 reply 2 hi"]);
    expect(cluster.servers.map((server) => server.stats.outMsgs)).toEqual([2, 2, 2, 2]);
  });

  it("hands a message to one member of a queue group in the whole cluster, all members alike", async () => {
    const { clock, client } = await world();
    const members = [
      await client(0, "SUB q g 1\r\n"),
      await client(1, "SUB q g 1\r\n"),
      await client(1, "SUB q g 1\r\n"),
    ];
    const publisher = await client(0);
    for (let i = 0; i < 3000; i++) publisher.send("PUB q 0\r\n\r\n");
    await clock.settle();
    const counts = members.map((one) => one.messages().length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(3000);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(100);
  });

  it("a group counts once however many of its subjects match, beside plain subscriptions and other groups", async () => {
    const { clock, client } = await world({ size: 2 });
    const near = await client(0, "SUB q.* g 1\r\nSUB q.a g 2\r\nSUB q.a h 3\r\nSUB q.a 4\r\n");
    const far = await client(1, "SUB q.> g 1\r\nSUB q.a h 3\r\nSUB q.a 4\r\n");
    const publisher = await client(1);
    for (let i = 0; i < 50; i++) publisher.send("PUB q.a 0\r\n\r\n");
    await clock.settle();
    const heard = [...near.messages(), ...far.messages()];
    const of = (...sids: string[]): number => heard.filter((line) => sids.includes(line.split(" ")[2] ?? "")).length;
    expect([of("1", "2"), of("3"), of("4")]).toEqual([50, 50, 100]);
  });

  it("knows of nobody there, and of somebody on another node", async () => {
    const { clock, client } = await world();
    const asking = await client(0, "SUB in 1\r\nPUB svc in 0\r\n\r\n");
    expect(asking.heard).toContain("503");
    const serving = await client(2, "SUB svc 1\r\n");
    asking.heard = "";
    asking.send("PUB svc in 0\r\n\r\n");
    await clock.settle();
    expect([asking.heard, serving.messages()]).toEqual(["", ["MSG svc 1 in 0 "]]);
    serving.send("UNSUB 1\r\n");
    await clock.settle();
    asking.send("PUB svc in 0\r\n\r\n");
    await clock.settle();
    expect(asking.heard).toContain("503");
  });

  it("gossips: a node that dies leaves every list, one that returns is back in it", async () => {
    const { clock, cluster, client } = await world();
    const one = await client(0);
    expect(one.info().connect_urls).toEqual(["cluster-1:4222", "cluster-2:4222", "cluster-3:4222"]);
    await cluster.server(1).kill();
    await clock.settle();
    expect(one.info().connect_urls).toEqual(["cluster-1:4222", "cluster-3:4222"]);
    await cluster.server(1).restart();
    await clock.until(cluster.waitForMesh());
    await clock.settle();
    expect(one.info().connect_urls).toEqual(["cluster-1:4222", "cluster-2:4222", "cluster-3:4222"]);
    expect(cluster.server(0).routes).toEqual(["cluster-2", "cluster-3"]);
  });

  it("a client whose cluster changed between INFO and its first PING hears of it before the PONG", async () => {
    const clock = new VirtualClock();
    const network = memoryNetwork({ clock });
    const cluster = BrokerCluster.onMemory(network);
    const slow = await MemoryClient.dial(network, cluster.server(0));
    await clock.settle();
    await cluster.server(2).kill();
    slow.heard = "";
    slow.send(CONNECT);
    await clock.settle();
    expect(slow.heard).toMatch(/^INFO .*"connect_urls":\["cluster-1:4222","cluster-2:4222"\].*\r\nPONG\r\n/);
  });

  it("a lame duck tells its clients and the other nodes, waits, closes one by one, and is gone", async () => {
    const { clock, cluster, client } = await world({ lameDuckDuration: 10, lameDuckGracePeriod: 2 });
    const here = [await client(0), await client(0), await client(0)];
    const there = await client(1);
    cluster.server(0).lameDuck();
    await clock.settle();
    expect(here[0]?.info()).toMatchObject({ ldm: true, connect_urls: ["cluster-2:4222", "cluster-3:4222"] });
    expect(there.info()).toMatchObject({ connect_urls: ["cluster-2:4222", "cluster-3:4222"] });
    expect(there.info()).not.toHaveProperty("ldm");
    await expect(client(0)).rejects.toThrow("refused");
    await clock.advance(1_999);
    expect(here.map((one) => one.isClosed)).toEqual([false, false, false]);
    await clock.advance(1);
    expect(here.filter((one) => one.isClosed)).toHaveLength(1);
    await clock.advance(400);
    expect(here.filter((one) => one.isClosed)).toHaveLength(1);
    expect(cluster.server(0).running).toBe(true);
    await clock.advance(2_000);
    expect(here.map((one) => one.isClosed)).toEqual([true, true, true]);
    expect(cluster.server(0).running).toBe(false);
    expect(cluster.server(1).routes).toEqual(["cluster-3"]);
  });

  it("a partition holds messages up; one that lasts splits the cluster, and healed it is whole", async () => {
    const { clock, cluster, client } = await world({ routeTimeout: 5_000, routeRetry: 500 });
    const far = await client(2, "SUB a 1\r\n");
    const near = await client(0, "SUB in 1\r\n");
    cluster.partition([0, 1], [2]);
    near.send("PUB a in 1\r\n1\r\n");
    await clock.advance(4_000);
    expect([far.messages(), near.messages()]).toEqual([[], []]);
    cluster.heal();
    await clock.settle();
    expect(far.messages()).toEqual(["MSG a 1 in 1 1"]);

    cluster.partition([0, 1], [2]);
    near.send("PUB a in 1\r\n2\r\n");
    await clock.advance(5_000);
    expect(near.info().connect_urls).toEqual(["cluster-1:4222", "cluster-2:4222"]);
    expect(far.info().connect_urls).toEqual(["cluster-3:4222"]);
    near.heard = "";
    near.send("PUB a in 1\r\n3\r\n");
    await clock.settle();
    expect(near.heard).toContain("503");
    cluster.heal();
    await clock.until(cluster.waitForMesh());
    near.send("PUB a in 1\r\n4\r\n");
    await clock.settle();
    expect(far.messages()).toEqual(["MSG a 1 in 1 1", "MSG a 1 in 1 4"]);
  });

  it("a paused node answers nobody, new clients neither, and catches up", async () => {
    const { clock, cluster, client } = await world();
    const asleep = await client(0, "SUB a 1\r\n");
    const awake = await client(1);
    cluster.server(0).pause();
    awake.send("PUB a 1\r\n1\r\n");
    asleep.send("PING\r\n");
    asleep.heard = "";
    const late = await client(0);
    await clock.advance(1_000);
    expect([asleep.heard, late.heard]).toEqual(["", ""]);
    cluster.server(0).resume();
    await clock.settle();
    // In either order: the one came from its own client, the other from another node.
    expect(asleep.heard).toMatch(/^PONG\r\nMSG a 1 1\r\n1\r\n$|^MSG a 1 1\r\n1\r\nPONG\r\n$/);
    expect(late.heard).toMatch(/^INFO .*\r\nPONG\r\nINFO /);
  });

  it("monitors each node, and leaves no timer behind", async () => {
    const { clock, cluster, client } = await world();
    await client(0, "SUB a 1\r\nSUB b q 2\r\n");
    const leaving = await client(1, "SUB a 1\r\n");
    expect(cluster.servers.map(({ connections }) => connections.length)).toEqual([1, 1, 0]);
    expect(cluster.server(0).subscriptions.map(({ subject, queue, sid }) => ({ subject, queue, sid }))).toEqual([
      { subject: "a", queue: undefined, sid: "1" },
      { subject: "b", queue: "q", sid: "2" },
    ]);
    leaving.close();
    await clock.settle();
    expect(cluster.server(1).stats).toMatchObject({ connections: 0, totalConnections: 1, subscriptions: 0 });
    await cluster.stop();
    await clock.settle();
    expect(clock.pendingTimers).toBe(0);
  });
});
