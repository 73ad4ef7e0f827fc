// A NATS server inside the test process: the whole core protocol over a memory network, or over TCP and WebSocket on loopback, everything
// replayable, everything that goes wrong at a word. What users see of a node; how it works is broker-node.ts.

import { InvalidArgumentError } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import type { MemoryNetwork } from "../memory-network.js";
import { realClock } from "../real-clock.js";
import { seededRandom } from "../seeded-random.js";
import { memoryAddress } from "../server-stream.js";
import type { BrokerConnection, BrokerSubscription } from "./broker-connection.js";
import { BrokerNode, type BrokerStats } from "./broker-node.js";
import { type BrokerOptions, resolveBrokerOptions } from "./broker-options.js";
import type { NodeFaults } from "./node-faults.js";
import { type BrokerWebSocket, refuseWebSocket, socketAddresses } from "./sockets.js";

/** Where a broker on sockets listens. */
export interface BrokerAddress {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default: a free one. */
  readonly port?: number;
  /**
   * A WebSocket listener, without TLS, on a port of its own beside that of TCP; `true`: a free one. Needs the package `ws`. Default
   * `false`.
   */
  readonly websocket?: boolean | BrokerWebSocket;
}

/**
 * A broker. Its names are those of {@link RealServer}, so that most tests can be given either. It has one account, no TLS,
 * no JetStream, and sends no early PING to measure its clients.
 */
export class Broker {
  /** What can go wrong with all its connections, those to come among them, and with its door. */
  readonly faults: NodeFaults;
  readonly #node: BrokerNode;
  readonly #release: () => void;

  /** Made by `listen`, `onMemory` or a BrokerCluster. */
  constructor(node: BrokerNode, release: () => void = () => {}) {
    this.#node = node;
    this.#release = release;
    this.faults = node.faults;
  }

  /** Listens on TCP, and on WebSocket if asked. Rejects with `InvalidArgumentError` before anything listens. */
  static async listen(options: BrokerOptions & BrokerAddress = {}): Promise<Broker> {
    resolve(options, 0);
    const { nodes, release } = await socketAddresses(options.host ?? "127.0.0.1", [options]);
    const [addresses] = nodes;
    if (addresses === undefined) throw new Error("no address for the broker");
    try {
      const node = new BrokerNode(addresses, resolve(options, addresses.client.port));
      await node.start();
      return new Broker(node, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Listens on a memory network, at once; the host is any name. */
  static onMemory(
    network: MemoryNetwork,
    address: { readonly host: string; readonly port: number },
    options: BrokerOptions = {},
  ): Broker {
    refuseWebSocket(options);
    const client = memoryAddress(network, address.host, address.port);
    const node = new BrokerNode({ client }, resolve({ clock: network.clock, ...options }, client.port));
    void node.start();
    return new Broker(node);
  }

  /** Its `server_name`. */
  get name(): string {
    return this.#node.options.name;
  }

  /** What it listens on. */
  get host(): string {
    return this.#node.addresses.client.host;
  }

  /** The same after every restart. */
  get port(): number {
    return this.#node.addresses.client.port;
  }

  /** The port of its WebSocket listener, the same after every restart; `undefined` without one. */
  get websocketPort(): number | undefined {
    return this.#node.addresses.webSocket?.address.port;
  }

  /** `nats://host:port`. */
  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** `ws://host:port`; throws unless made with `websocket`. */
  get websocketUrl(): string {
    if (this.websocketPort === undefined) throw new Error("this broker was made without websocket");
    return `ws://${this.host}:${this.websocketPort}`;
  }

  /** The version it tells. */
  get version(): string {
    return this.#node.options.version;
  }

  /** False once it was killed or stopped, or has left as a lame duck. */
  get running(): boolean {
    return this.#node.condition !== "stopped";
  }

  /** Its open connections, oldest first. */
  get connections(): readonly BrokerConnection[] {
    return [...this.#node.connections];
  }

  /** Every subscription of its clients. */
  get subscriptions(): readonly BrokerSubscription[] {
    return [...this.#node.router];
  }

  /** How many of everything there are, and have been since it was made. */
  get stats(): Readonly<BrokerStats> {
    const { connections, counts, router } = this.#node;
    return { connections: connections.size, subscriptions: router.size, ...counts };
  }

  /** Names of the nodes it has routes to. */
  get routes(): readonly string[] {
    return [...this.#node.routes].map(({ peer }) => peer.options.name).sort();
  }

  /** Says these fields in every INFO from now on, over its own, and sends INFO to everybody who hears it. */
  updateInfo(info: Partial<ServerInfo>): void {
    this.#node.info = { ...this.#node.info, ...info };
    this.#node.announce();
  }

  /** Ends it without warning: every connection is broken and its routes are gone. It may be started again. */
  kill(): Promise<void> {
    return this.#node.kill();
  }

  /** Kills it if it runs, and starts it again: same address and name, another `server_id`, no clients. */
  async restart(): Promise<void> {
    await this.#node.kill();
    await this.#node.start();
  }

  /** Freezes it: its connections stay open, new ones are accepted, nobody answers. */
  pause(): void {
    this.#node.pause();
  }

  /** Undoes `pause`. */
  resume(): void {
    this.#node.resume();
  }

  /** Starts lame duck mode: it tells its clients, after the grace period closes them one by one, and ends. */
  lameDuck(): void {
    this.#node.lameDuck();
  }

  /** Ends it for good and gives back its port. May be called again. */
  async stop(): Promise<void> {
    await this.#node.kill();
    this.#release();
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

function resolve(options: BrokerOptions, port: number): ReturnType<typeof resolveBrokerOptions> {
  if (typeof options !== "object") throw new InvalidArgumentError("options", "is not an object");
  return resolveBrokerOptions(options, { clock: realClock, random: seededRandom(1), name: `broker-${port}` });
}
