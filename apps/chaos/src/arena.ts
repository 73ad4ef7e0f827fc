// Three real nodes, each behind a proxy on the way to its clients, and what is being done to them. Which fault comes when is in
// faults.ts; the clients are in client.ts.

import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy, RealCluster, type RealServer, type ServerBinary } from "@myelin/testing";
import { AFTER } from "./presence.js";
import { Spans } from "./spans.js";
import { Trouble } from "./trouble.js";

const NODES = 3;

export class Arena {
  /** When a node could not be relied on to pass messages on, by its number. */
  readonly disturbed: Spans<number> = new Spans<number>();
  /** When links to a node could break because of what was done to it or to its proxy. */
  readonly touched: Spans<number> = new Spans<number>();
  /** Both, for the accounts. */
  readonly trouble: Trouble = new Trouble(NODES, this.disturbed, this.touched);
  readonly #cluster: RealCluster;
  readonly #proxies: readonly FaultProxy[];

  private constructor(cluster: RealCluster, proxies: readonly FaultProxy[]) {
    this.#cluster = cluster;
    this.#proxies = proxies;
  }

  static async open(binary: ServerBinary): Promise<Arena> {
    const cluster = await RealCluster.start({ binary, size: NODES, name: "chaos", lameDuckGracePeriod: 15 });
    const proxies: FaultProxy[] = [];
    try {
      for (const target of cluster.servers) proxies.push(await FaultProxy.start({ target }));
      return new Arena(cluster, proxies);
    } catch (error) {
      for (const proxy of proxies) await proxy.stop();
      await cluster.stop();
      throw error;
    }
  }

  get size(): number {
    return NODES;
  }

  /** Where clients dial. */
  get urls(): string[] {
    return this.#proxies.map(({ url }) => url);
  }

  node(index: number): RealServer {
    return this.#cluster.server(index);
  }

  proxy(index: number): FaultProxy {
    const proxy = this.#proxies[index];
    if (proxy === undefined) throw new RangeError(`there is no node ${index}`);
    return proxy;
  }

  /** What an advertised address is for clients: the proxy before it. */
  readonly throughProxy = (address: string): string | null => {
    const index = this.#cluster.servers.findIndex(({ host, port }) => address === `${host}:${port}`);
    return index < 0 ? null : this.proxy(index).url;
  };

  /** The number of the node a client says it is connected to; -1 = none of them. */
  nodeOf(address: string): number {
    return this.#proxies.findIndex(({ host, port }) => address === `${host}:${port}`);
  }

  /** Something is about to be done to this node, or to the way to it, that breaks links. */
  touch(index: number): void {
    this.touched.begin(index, performance.now());
  }

  untouch(index: number): void {
    this.touched.end(index, performance.now() + AFTER);
  }

  /** From now on this node cannot be relied on, until {@link mend}. */
  disturb(index: number): void {
    this.touch(index);
    this.disturbed.begin(index, performance.now());
  }

  /** The node runs again: waits until it knows the others, and is told what their clients subscribe to. */
  async mend(index: number): Promise<void> {
    await this.#cluster.waitForMesh();
    this.disturbed.end(index, performance.now() + AFTER);
    this.untouch(index);
  }

  /** Ends this node without warning, and starts it again after so many milliseconds. */
  async killFor(index: number, ms: number): Promise<void> {
    this.disturb(index);
    await this.node(index).kill();
    await sleep(ms);
    await this.node(index).restart();
    await this.mend(index);
  }

  /** Announces the leaving of a node, waits until its clients have left it, and ends it. Rejects after 14 s, before it closes any. */
  async retire(index: number): Promise<void> {
    const node = this.node(index);
    node.lameDuck();
    const deadline = performance.now() + 14_000;
    while ((await clientsOf(node)) > 0) {
      if (performance.now() > deadline) throw new Error(`clients stay on ${node.name}, which announced its leaving`);
      await sleep(20);
    }
    // What another node has just sent it to pass on is on its way still.
    await sleep(500);
    this.disturb(index);
    await node.kill();
  }

  /** Starts a node that was retired. */
  async revive(index: number): Promise<void> {
    await this.node(index).restart();
    await this.mend(index);
  }

  async close(): Promise<void> {
    for (const proxy of this.#proxies) await proxy.stop();
    await this.#cluster.stop();
  }
}

// A lame duck without clients has nothing to wait for, and ends.
async function clientsOf(node: RealServer): Promise<number> {
  try {
    return (await node.connz()).num_connections;
  } catch {
    return node.running ? 1 : 0;
  }
}
