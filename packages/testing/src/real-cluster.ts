// A cluster of real nats-servers on loopback, grown node by node. One server's life is in real-server.ts.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { findServer, type ServerBinary } from "./find-server.js";
import { ServerLaunchError } from "./launch-errors.js";
import { type PortReservation, reservePorts } from "./port-reservation.js";
import { RealServer, type RealServerOptions } from "./real-server.js";

const MESH_MS = 20_000;

/** Size, name, server and configuration of a cluster. */
export interface RealClusterOptions extends Omit<RealServerOptions, "port" | "name" | "cluster"> {
  /** Nodes to start. Default 3. */
  readonly size?: number;
  /** Name of the cluster; the nodes are `<name>-1`, `<name>-2` … Default: unique. */
  readonly name?: string;
}

/** A cluster of real servers. Disposing it stops all of them. */
export class RealCluster {
  /** Name of the cluster, as INFO has it. */
  readonly name: string;
  readonly #options: RealClusterOptions;
  readonly #binary: ServerBinary;
  readonly #servers: RealServer[] = [];
  readonly #reservations: PortReservation[] = [];

  private constructor(binary: ServerBinary, options: RealClusterOptions) {
    this.name = options.name ?? `cluster-${randomUUID().slice(0, 8)}`;
    this.#binary = binary;
    this.#options = options;
  }

  /** Starts the nodes and waits for the mesh. Rejects with {@link ServerLaunchError} and then leaves nothing running. */
  static async start(options: RealClusterOptions = {}): Promise<RealCluster> {
    const cluster = new RealCluster(options.binary ?? (await findServer()), options);
    const size = options.size ?? 3;
    try {
      const reservation = await reservePorts(size);
      cluster.#reservations.push(reservation);
      const started = await Promise.allSettled(
        reservation.ports.map((port, index) => {
          // Every node knows every other one, so that the mesh forms in whatever order they come up.
          const others = reservation.ports.filter((other) => other !== port);
          return cluster.#start(index + 1, port, others.map(cluster.#routeTo), {});
        }),
      );
      for (const result of started) if (result.status === "fulfilled") cluster.#servers.push(result.value);
      for (const result of started) if (result.status === "rejected") throw result.reason;
      await cluster.waitForMesh();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** In the order they were started; stopped ones stay in the list. */
  get servers(): readonly RealServer[] {
    return this.#servers;
  }

  /** Client URLs of all nodes. */
  get urls(): string[] {
    return this.#servers.map((server) => server.url);
  }

  /** The node with this index; throws when there is none. */
  server(index: number): RealServer {
    const server = this.#servers[index];
    if (server === undefined)
      throw new RangeError(`the cluster has ${this.#servers.length} servers, no index ${index}`);
    return server;
  }

  /** Starts one more node, with a route to the first running one only: the others learn of it by gossip. */
  async add(options: Omit<RealServerOptions, "cluster"> = {}): Promise<RealServer> {
    const route = this.#servers.find((server) => server.running)?.routeUrl;
    const reservation = await reservePorts(1);
    this.#reservations.push(reservation);
    const routes = route === undefined ? [] : [route];
    const server = await this.#start(this.#servers.length + 1, reservation.ports[0] ?? 0, routes, options);
    this.#servers.push(server);
    return server;
  }

  /**
   * Waits until every running node has a route to every other one and tells clients of exactly the running nodes.
   * Paused nodes do not answer: resume them first. Rejects after 20 s, saying what is missing.
   */
  async waitForMesh(): Promise<void> {
    const deadline = performance.now() + MESH_MS;
    for (;;) {
      const missing = await this.#missing();
      if (missing === undefined) return;
      if (performance.now() > deadline) {
        const log = this.#servers.flatMap((server) => server.log.slice(-5));
        throw new ServerLaunchError(`${this.name} has no full mesh after ${MESH_MS} ms: ${missing}`, log);
      }
      await sleep(25);
    }
  }

  /** Stops every node. May be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
    for (const reservation of this.#reservations) reservation.release();
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** What the mesh still lacks, in words. */
  async #missing(): Promise<string | undefined> {
    const running = this.#servers.filter((server) => server.running);
    for (const server of running) {
      const { routes } = await server.routez();
      const peers = new Set(routes.map((route) => route.remote_id));
      if (peers.size !== running.length - 1) return `${server.name} has routes to ${peers.size} nodes`;
      const { connect_urls } = await server.varz();
      const told = Array.isArray(connect_urls) ? connect_urls.map(String).sort() : [];
      const wanted = running.map(({ host, port }) => `${host}:${port}`).sort();
      if (running.length > 1 && told.join() !== wanted.join())
        return `${server.name} tells clients of ${told.join(", ")}`;
    }
    return undefined;
  }

  readonly #routeTo = (port: number): string => `nats-route://${this.#options.host ?? "127.0.0.1"}:${port}`;

  #start(
    number: number,
    port: number,
    routes: string[],
    more: Omit<RealServerOptions, "cluster">,
  ): Promise<RealServer> {
    const { size: _size, name: _name, ...shared } = this.#options;
    return RealServer.start({
      ...shared,
      binary: this.#binary,
      name: `${this.name}-${number}`,
      ...more,
      cluster: { name: this.name, port, routes },
    });
  }
}
