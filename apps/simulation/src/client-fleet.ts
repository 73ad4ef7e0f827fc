// Clients at the level of the client: real connections over a network in memory to a cluster of brokers, in virtual time. Everything a
// client does is here, bytes, keep-alive and subscriptions included; so it takes far more memory and time than the level of the pool.

import { type ConnectionOptions, connect, type NatsConnection } from "@myelin/client";
import type { Transport } from "@myelin/contracts";
import { BrokerCluster, type MemoryNetwork, memoryNetwork, seededRandom, VirtualClock } from "@myelin/testing";
import { Record } from "./record.js";
import type { Fleet } from "./run.js";
import { type Behaviour, GRACE, LAME_DUCK } from "./stage.js";

export interface ClientFleetOptions {
  readonly clients: number;
  readonly servers: number;
  readonly seed: number;
  /** What every client is given, beside its servers. */
  readonly options: ConnectionOptions;
  readonly unreachableGossip?: boolean | undefined;
}

/** Clients that begin to connect together. */
const TOGETHER = 1_000;
/** Virtual milliseconds everybody is connected before time 0, so that every connection has proven itself. */
const SETTLE = 10_000;

export class ClientFleet implements Fleet {
  readonly clients: number;
  readonly servers: number;
  readonly record: Record;
  // Timers of one millisecond run together: a fleet has thousands of them.
  readonly #clock = new VirtualClock({ resolution: 1 });
  readonly #network: MemoryNetwork;
  readonly #cluster: BrokerCluster;
  readonly #options: ClientFleetOptions;
  readonly #connections: NatsConnection[] = [];
  readonly #transports: Transport[] = [];
  readonly #tasks: Promise<unknown>[] = [];
  #zero = Number.POSITIVE_INFINITY;

  private constructor(options: ClientFleetOptions) {
    const { clients, seed, servers, unreachableGossip = false } = options;
    this.clients = clients;
    this.servers = servers;
    this.#options = options;
    this.record = new Record(clients);
    this.#network = memoryNetwork({ clock: this.#clock, dialTime: 1 });
    this.#cluster = BrokerCluster.onMemory(this.#network, {
      size: servers,
      random: seededRandom(seed),
      maxConnections: clients,
      lameDuckGracePeriod: GRACE / 1_000,
      lameDuckDuration: LAME_DUCK / 1_000,
      ...(unreachableGossip ? { node: (index: number) => ({ advertise: `pod-${index}:4222` }) } : {}),
    });
    for (let server = 0; server < servers; server++) this.#network.blackHole(`pod-${server}`, 4222);
  }

  /** Connects all of them. */
  static async connect(options: ClientFleetOptions): Promise<ClientFleet> {
    const fleet = new ClientFleet(options);
    const clock = fleet.#clock;
    await clock.until(fleet.#cluster.waitForMesh());
    for (let first = 0; first < options.clients; first += TOGETHER) {
      const last = Math.min(first + TOGETHER, options.clients);
      const some = Array.from({ length: last - first }, (_, place) => fleet.#open(first + place));
      await clock.until(Promise.all(some));
    }
    await clock.advance(SETTLE);
    fleet.#zero = clock.now();
    return fleet;
  }

  kill(servers: readonly number[]): void {
    for (const server of servers) this.#task(this.#cluster.server(server).kill());
  }

  revive(servers: readonly number[]): void {
    for (const server of servers) {
      this.#cluster.server(server).faults.heal();
      this.#task(this.#cluster.server(server).restart());
    }
  }

  behave(servers: readonly number[], { kind }: Behaviour): void {
    for (const server of servers) {
      const { faults } = this.#cluster.server(server);
      if (kind === "accepts") faults.heal();
      else if (kind === "refuses") faults.refuse();
      else if (kind === "rejects-credentials") faults.failAuth();
      else if (kind === "is-silent") this.#network.blackHole(this.#cluster.server(server).host, 4222);
      else throw new RangeError(`a broker cannot be told to do so: ${kind}; --level pool can`);
    }
  }

  lameDuck(server: number): void {
    this.#cluster.server(server).lameDuck();
  }

  async run(until: number): Promise<void> {
    await this.#clock.advance(this.#zero + until - this.#clock.now());
    await Promise.all(this.#tasks.splice(0));
    this.record.pass(until);
  }

  homes(): number[] {
    return this.#cluster.servers.map(({ stats }) => stats.connections);
  }

  running(homes: readonly number[]): number[] {
    return homes.filter((_, server) => this.#cluster.server(server).running);
  }

  async #open(index: number): Promise<void> {
    const { options, seed } = this.#options;
    const { record } = this;
    const now = (): number => this.#clock.now() - this.#zero;
    const { transport } = this.#network;
    const counting: Transport = {
      schemes: transport.schemes,
      connect: (target, sink, signal) => {
        record.attempt(index, numberOf(target.hostname), now());
        return transport.connect(target, sink, signal);
      },
    };
    const nc = await connect(
      { servers: this.#cluster.urls, ...options },
      { transports: [counting], clock: this.#clock, random: seededRandom(seed * 1_000_003 + index) },
    );
    nc.on("disconnect", ({ server }) => record.lost(index, numberOf(server), now()));
    nc.on("reconnect", ({ server }) => record.arrived(index, numberOf(server), now()));
    nc.on("handover", ({ server }) => record.arrived(index, numberOf(server), now()));
    nc.on("close", () => record.ended(index, now()));
    nc.subscribe(`to.${index}`, { callback: () => {} });
    this.#connections.push(nc);
    this.#transports.push(counting);
  }

  #task(work: Promise<unknown>): void {
    this.#tasks.push(work);
  }
}

// `cluster-3` is the server with index 2, `pod-2` its address in a network of its own.
function numberOf(host: string): number {
  const number = Number.parseInt(/\d+/.exec(host)?.[0] ?? "0", 10);
  return host.startsWith("cluster-") ? number - 1 : number;
}
