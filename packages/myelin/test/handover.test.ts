// Leaving a node before it leaves us, on real clusters: nothing fails, nothing is missing, nothing comes twice.

import { setTimeout as sleep } from "node:timers/promises";
import { RealCluster, type RealServer } from "@myelin/testing";
import { afterAll, expect, it } from "vitest";
import { connect, type NatsConnection, type StatusType } from "../src/index.js";
import { until } from "./conditions.js";
import { forEachServer } from "./every-server.js";

const UNWANTED: readonly StatusType[] = ["disconnect", "reconnect", "error", "dropped", "slowConsumer"];

forEachServer((binary) => {
  const running: { stop(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of running) await one.stop();
  });

  /** A cluster, and clients on it that write down every event nobody wants to see. */
  async function cluster(): Promise<{
    nodes: RealCluster;
    unwanted: string[];
    /** @param first number of the node it connects to; by default any */
    client(name: string, first?: number): Promise<NatsConnection>;
    leave(node: RealServer): Promise<void>;
  }> {
    const nodes = await RealCluster.start({ binary, lameDuckGracePeriod: 10 });
    running.push(nodes);
    const unwanted: string[] = [];
    return {
      nodes,
      unwanted,
      client: async (name, first = Math.floor(Math.random() * nodes.servers.length)) => {
        const { urls } = nodes;
        const nc = await connect({ servers: [...urls.slice(first), ...urls.slice(0, first)], noRandomize: true, name });
        running.unshift({ stop: () => nc.close() });
        for (const type of UNWANTED) {
          nc.on(type, (status) => unwanted.push(`${name}: ${type} ${"error" in status ? String(status.error) : ""}`));
        }
        return nc;
      },
      leave: async (node) => {
        node.lameDuck();
        // One without clients has nothing to wait for, and ends by itself.
        const clients = (): Promise<number> =>
          node.connz().then(
            (told) => told.num_connections,
            () => (node.running ? 1 : 0),
          );
        await until("everybody has left the lame duck", async () => (await clients()) === 0);
        // A node that leaves has seconds left; what another node has just sent it to pass on is on its way still.
        await sleep(500);
        await node.kill();
      },
    };
  }

  it("P17: a rolling restart of three nodes under 1 000 requests and 1 000 publishes a second fails no request, disconnects nobody, and loses and repeats nothing", async () => {
    const { nodes, unwanted, client, leave } = await cluster();
    const ticks: number[] = [];
    for (const name of ["responder 1", "responder 2"]) {
      const responder = await client(name);
      responder.subscribe("svc", { queue: "q", callback: (_, msg) => void msg.respond(msg.data) });
      await responder.flush();
    }
    const listener = await client("listener");
    listener.subscribe("ticks", { callback: (_, msg) => void ticks.push(Number(msg.string())) });
    await listener.flush();
    const [requester, publisher] = [await client("requester"), await client("publisher")];
    // Until every node knows of the subscriptions.
    await until("a first answer", async () => (await requester.request("svc", "", { timeout: 500 })).data.length === 0);
    await until("a first tick", () => publisher.publish("ticks", "0") && ticks.length > 0);
    await sleep(200);
    ticks.length = 0;
    const begin = 1;

    const failures: string[] = [];
    let asked = 0;
    let answered = 0;
    const load = setInterval(() => {
      for (let n = 0; n < 10; n++) {
        publisher.publish("ticks", String(begin + asked++));
        requester.request("svc", "x", { timeout: 5_000 }).then(
          () => answered++,
          (error: unknown) => failures.push(String(error)),
        );
      }
    }, 10);
    for (const node of nodes.servers) {
      await sleep(300);
      await leave(node);
      await node.restart();
      await nodes.waitForMesh();
    }
    clearInterval(load);
    await until("every request is settled", () => answered + failures.length === asked);
    await publisher.flush();
    await sleep(500);

    expect(failures).toEqual([]);
    expect(unwanted).toEqual([]);
    // Sorted: to a listener on a third node, what went out over the old link may be overtaken when the publisher moves.
    expect([...ticks].sort((a, b) => a - b)).toEqual(Array.from({ length: asked }, (_, n) => begin + n));
    expect(asked).toBeGreaterThan(2_000);
    for (const nc of [requester, publisher, listener]) expect(nc.stats().reconnects).toBeGreaterThan(0);
  }, 90_000);

  it.each([
    ["responder", 0, 1],
    ["requester", 1, 0],
  ] as const)(
    "P17: a lame duck under the %s alone fails no request and disconnects nobody",
    async (who, first, second) => {
      const { nodes, unwanted, client, leave } = await cluster();
      const responder = await client("responder", first);
      const requester = await client("requester", second);
      responder.subscribe("svc", { callback: (_, msg) => void msg.respond(msg.data) });
      await responder.flush();
      await until("a first answer", () =>
        requester.request("svc", "", { timeout: 500 }).then(
          () => true,
          () => false,
        ),
      );
      const failures: string[] = [];
      let [asked, answered] = [0, 0];
      const load = setInterval(() => {
        for (let n = 0; n < 5; n++) {
          asked++;
          requester.request("svc", "x", { timeout: 5_000 }).then(
            () => answered++,
            (error: unknown) => failures.push(String(error)),
          );
        }
      }, 10);
      await sleep(100);
      await leave(nodes.server(0));
      await sleep(300);
      clearInterval(load);
      await until("every request is settled", () => answered + failures.length === asked);
      expect([failures, unwanted]).toEqual([[], []]);
      expect(asked).toBeGreaterThan(100);
      const moved = who === "responder" ? responder : requester;
      expect(moved.getServer()).not.toBe(nodes.server(0).url.replace("nats://", ""));
    },
    90_000,
  );
});
