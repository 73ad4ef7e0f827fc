// Holds a cluster of brokers to what a cluster of real servers does: who gets a queue group's message, what crosses a route, what
// is gossiped. Chance is compared by its bounds, five standard deviations wide.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BrokerCluster, findServer, RealCluster } from "../src/index.js";
import { RawClient, type Wire } from "./raw-client.js";

const CONNECT = 'CONNECT {"verbose":false,"protocol":1,"headers":true,"no_responders":true}\r\n';
const MESSAGES = 600;

type Cluster = RealCluster | BrokerCluster;

async function client(cluster: Cluster, index: number, text = "", wire: Wire = "tcp"): Promise<RawClient> {
  const { port, websocketPort } = cluster.server(index);
  const made = new RawClient(wire === "tcp" ? port : (websocketPort ?? 0), wire);
  await made.say(`${CONNECT}${text}`);
  return made;
}

const heard = ({ heard: text }: RawClient, subject: string): string[] =>
  [...text.matchAll(/^H?MSG (\S+) (\S+)/gm)].flatMap(([, on, sid]) => (on === subject ? [sid ?? ""] : []));

/** Publishes until everybody listening on the subject has been heard to get something: interest has crossed the routes. */
async function spread(publisher: RawClient, subject: string, listeners: readonly RawClient[]): Promise<void> {
  while (listeners.some((one) => heard(one, subject).length === 0)) await publisher.say(`PUB ${subject} 0\r\n\r\n`);
}

describe.each(["brokers", "newest", "oldest"] as const)("a cluster of %s", (which) => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster =
      which === "brokers"
        ? await BrokerCluster.listen({ size: 2, websocket: true, routeRetry: 50, lameDuckGracePeriod: 0.1 })
        : await RealCluster.start({ binary: await findServer({ which }), size: 2, websocket: true });
  }, 600_000);
  afterAll(() => cluster.stop());

  it("gives a queue group's message to any member of the cluster alike, the publisher's own node is not preferred", async () => {
    const members = await Promise.all([0, 1, 1].map((index) => client(cluster, index, "SUB q g 1\r\n")));
    const publisher = await client(cluster, 0);
    await spread(publisher, "q", members);
    const before = members.map((one) => heard(one, "q").length);
    await publisher.say("PUB q 0\r\n\r\n".repeat(MESSAGES));
    const counts = (): number[] => members.map((one, index) => heard(one, "q").length - (before[index] ?? 0));
    await publisher.until(() => counts().reduce((sum, count) => sum + count) >= MESSAGES);
    expect(counts().reduce((sum, count) => sum + count)).toBe(MESSAGES);
    for (const count of counts()) expect(Math.abs(count - MESSAGES / 3)).toBeLessThan(60);
    for (const one of [...members, publisher]) one.summary();
  });

  it("counts a group once whatever its subjects, each plain subscription once, on both nodes", async () => {
    const near = await client(cluster, 0, "SUB w.* g 1\r\nSUB w.a g 2\r\nSUB w.a 3\r\n");
    const far = await client(cluster, 1, "SUB w.* g 1\r\nSUB w.a 3\r\nSUB w.> 4\r\n");
    const publisher = await client(cluster, 0);
    // Interest comes in the order of the subscriptions: when the last one is known, all are.
    while (!heard(far, "w.probe").includes("4")) await publisher.say("PUB w.probe 0\r\n\r\n");
    await publisher.say("PUB w.a 0\r\n\r\n".repeat(20));
    await far.until(() => heard(far, "w.a").filter((sid) => sid === "4").length >= 20);
    await near.say("");
    const sids = [...heard(near, "w.a"), ...heard(far, "w.a")];
    const of = (...wanted: string[]): number => sids.filter((sid) => wanted.includes(sid)).length;
    expect([of("1", "2"), of("3"), of("4")]).toEqual([20, 40, 20]);
    for (const one of [near, far, publisher]) one.summary();
  });

  it("delivers between TCP and WebSocket, whatever borders the messages of a WebSocket have", async () => {
    const over = [await client(cluster, 0, "SUB x 1\r\n", "websocket"), await client(cluster, 1, "SUB x 1\r\n")];
    const publisher = await client(cluster, 1, "", "websocket");
    await spread(publisher, "x", over);
    for (const one of over) one.heard = "";
    for (const character of "PUB x 5\r\nZ\u00fcric\r\n") publisher.write(character, "latin1");
    publisher.write(`PUB x 70000\r\n${"x".repeat(70_000)}\r\nPUB x 3\r\nend\r\n`);
    const expected = `MSG x 1 5\r\nZ\u00fcric\r\nMSG x 1 70000\r\n${"x".repeat(70_000)}\r\nMSG x 1 3\r\nend\r\n`;
    for (const one of over) await one.until(() => one.heard.includes("end\r\n"));
    for (const one of over) expect(one.heard.replaceAll("PING\r\n", "").slice(-expected.length)).toBe(expected);
    for (const one of [...over, publisher]) one.summary();
  });

  it.each<Wire>(["tcp", "websocket"])(
    "gossips to clients over %s what can be dialled by it, at once when a node dies, again when it is back, and less a lame duck",
    async (wire) => {
      const watcher = await client(cluster, 0, "", wire);
      const told = (): string[] => [...(watcher.latestInfo().connect_urls ?? [])].sort();
      const address = (index: number): string => {
        const { port, websocketPort } = cluster.server(index);
        return `127.0.0.1:${wire === "tcp" ? port : websocketPort}`;
      };
      const both = [address(0), address(1)].sort();
      await watcher.until(() => told().length === 2);
      expect(told()).toEqual(both);
      await cluster.server(1).kill();
      await watcher.until(() => told().length === 1);
      expect(told()).toEqual([address(0)]);
      await cluster.server(1).restart();
      await cluster.waitForMesh();
      await watcher.until(() => told().length === 2);
      expect(told()).toEqual(both);
      // With a client, or it would be gone at once.
      const guest = await client(cluster, 1, "", wire);
      cluster.server(1).lameDuck();
      await watcher.until(() => told().length === 1);
      await guest.until(() => guest.heard.includes('"ldm":true'));
      expect(told()).toEqual([address(0)]);
      expect(/INFO (\{.*"ldm":true.*\})/.exec(guest.heard)?.[1]).toContain(`"connect_urls":["${address(0)}"]`);
      await guest.until(() => guest.isClosed);
      expect(guest.closeCode).toBe(wire === "tcp" ? undefined : 1001);
      for (const one of [watcher, guest]) one.summary();
      await cluster.server(1).restart();
      await cluster.waitForMesh();
    },
  );
});
