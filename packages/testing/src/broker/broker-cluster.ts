// Several brokers with routes between them, and what happens to the routes when nodes die, freeze, leave or are cut off. What
// crosses a route is route.ts; a node's own life is broker-node.ts.

import { type Clock, InvalidArgumentError, type Random } from "@myelin/contracts";
import type { MemoryNetwork } from "../memory-network.js";
import { realClock } from "../real-clock.js";
import { seededRandom } from "../seeded-random.js";
import { memoryAddress } from "../server-stream.js";
import { Broker } from "./broker.js";
import { BrokerNode } from "./broker-node.js";
import { type BrokerOptions, resolveBrokerOptions } from "./broker-options.js";
import { Mesh, type MeshTimes } from "./mesh.js";
import { type BrokerWebSocket, type NodeAddresses, refuseWebSocket, socketAddresses } from "./sockets.js";

/** Options of each node, and of the cluster. */
export interface BrokerClusterOptions extends Omit<BrokerOptions, "name" | "advertise">, Partial<MeshTimes> {
  /** Nodes. Default 3. */
  readonly size?: number;
  /** Name of the cluster; the nodes are `<name>-1`, `<name>-2` … Default `cluster`. */
  readonly name?: string;
  /** A WebSocket listener for each node, on a port of its own; only with `listen`. Needs the package `ws`. Default `false`. */
  readonly websocket?: boolean;
  /** What one node has over the others, by its index. */
  readonly node?: (index: number) => BrokerNodeOptions;
}

/** Options of one node of a cluster. */
export interface BrokerNodeOptions extends Omit<BrokerOptions, "name" | "clock" | "random"> {
  /** As that of the cluster, also with a port and an address to tell. */
  readonly websocket?: boolean | BrokerWebSocket;
}

const MESH_MS = 20_000;

/** A cluster of brokers. Disposing it stops all of them. */
export class BrokerCluster {
  /** Name of the cluster, as INFO has it. */
  readonly name: string;
  /** Its nodes, also those that are down. */
  readonly servers: readonly Broker[];
  readonly #mesh: Mesh;
  readonly #clock: Clock;
  readonly #release: () => void;

  private constructor(options: BrokerClusterOptions, each: readonly OneNode[], release: () => void) {
    const {
      node: _node,
      size: _size,
      name = "cluster",
      routeRetry = 1_000,
      routeTimeout = 90_000,
      ...shared
    } = options;
    const clock = options.clock ?? realClock;
    const random: Random = options.random ?? seededRandom(1);
    const nodes = each.map(({ addresses, own }, index) => {
      const runtime = { clock, random, name: `${name}-${index + 1}` };
      const node = new BrokerNode(addresses, resolveBrokerOptions({ ...shared, ...own }, runtime));
      node.clusterName = name;
      return node;
    });
    this.name = name;
    this.#clock = clock;
    this.#release = release;
    this.servers = nodes.map((node) => new Broker(node));
    this.#mesh = new Mesh(nodes, clock, { routeRetry, routeTimeout });
  }

  /** Listens on TCP, and on WebSocket if asked, on free ports of 127.0.0.1. */
  static async listen(options: BrokerClusterOptions = {}): Promise<BrokerCluster> {
    const each = ownOptions(options);
    const wanted = each.map(({ websocket = options.websocket }) => ({ websocket }));
    const { nodes, release } = await socketAddresses("127.0.0.1", wanted);
    let cluster: BrokerCluster | undefined;
    try {
      cluster = new BrokerCluster(
        options,
        nodes.map((addresses, index) => ({ addresses, own: each[index] ?? {} })),
        release,
      );
      await cluster.#mesh.start();
      return cluster;
    } catch (error) {
      await cluster?.stop();
      release();
      throw error;
    }
  }

  /** Listens on a memory network, at once, at `<name>-1:4222`, `<name>-2:4222` … */
  static onMemory(network: MemoryNetwork, options: BrokerClusterOptions = {}): BrokerCluster {
    const { name = "cluster" } = options;
    refuseWebSocket(options);
    const each = ownOptions(options).map((own, index) => {
      refuseWebSocket(own);
      return { addresses: { client: memoryAddress(network, `${name}-${index + 1}`, 4222) }, own };
    });
    const cluster = new BrokerCluster({ clock: network.clock, ...options }, each, () => {});
    void cluster.#mesh.start();
    return cluster;
  }

  /** Client URLs of all nodes. */
  get urls(): string[] {
    return this.servers.map((server) => server.url);
  }

  /** The node with this index; throws when there is none. */
  server(index: number): Broker {
    const server = this.servers[index];
    if (server === undefined) {
      throw new RangeError(`the cluster has ${this.servers.length} servers, no index ${index}`);
    }
    return server;
  }

  /**
   * Cuts the routes between groups of nodes, given by index; nodes that are not listed are a group together. What was under
   * way waits; when the cut lasts longer than `routeTimeout` it is lost, and each side forgets the other. Clients are not
   * concerned: see `server(i).faults`.
   */
  partition(...groups: readonly (readonly number[])[]): void {
    for (const index of groups.flat()) this.server(index);
    this.#mesh.partition(groups);
  }

  /** Ends every partition. Routes that were given up are made again after `routeRetry`. */
  heal(): void {
    this.#mesh.partition([]);
  }

  /**
   * Resolves when every running node has a route to every other one it can reach. Rejects after 20 s of the cluster's own
   * clock.
   */
  waitForMesh(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(MESH_MS, () => {
        forget();
        reject(new Error(`${this.name} has no full mesh after ${MESH_MS} ms: ${this.#mesh.missing()}`));
      });
      const forget = this.#mesh.whenWhole(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Stops every node. May be called again. */
  async stop(): Promise<void> {
    this.#mesh.stop();
    await Promise.all(this.servers.map((server) => server.stop()));
    this.#release();
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

interface OneNode {
  readonly addresses: NodeAddresses;
  readonly own: BrokerNodeOptions;
}

function ownOptions({ size = 3, node }: BrokerClusterOptions): BrokerNodeOptions[] {
  if (!Number.isInteger(size) || size < 1) throw new InvalidArgumentError("size", "is not an integer of at least 1");
  return Array.from({ length: size }, (_, index) => node?.(index) ?? {});
}
