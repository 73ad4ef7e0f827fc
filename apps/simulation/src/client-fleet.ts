// Clients at the level of the client: real connections over a network in memory to a cluster of brokers, in virtual time. Everything a
// client does is here, bytes, keep-alive and subscriptions included; so it takes far more memory and time than the level of the pool.

import { connect, type DiagnosticsTarget, diagnosticsOn } from "@myelin/client";
import { BrokerCluster, type MemoryNetwork, memoryNetwork, seededRandom, VirtualClock } from "@myelin/testing";
import { type ClientPolicy, clientOptions, type OptionsOf } from "./policies/client.js";
import { Record } from "./record.js";
import type { Fleet } from "./run.js";
import { type Behaviour, GRACE, LAME_DUCK } from "./stage.js";
import { witness } from "./witness.js";

export interface ClientFleetOptions {
  /** Number of its first client in a fleet it is a part of. */
  readonly first?: number | undefined;
  readonly clients: number;
  readonly servers: number;
  readonly seed: number;
  readonly policy: ClientPolicy;
  /** `reconnectJitter` of the clients. */
  readonly jitter: number;
  readonly unreachableGossip?: boolean | undefined;
}

/** Clients that begin to connect together. */
const TOGETHER = 100;
/** Subjects they subscribe to between them: what interest costs a cluster is not measured here. */
const SUBJECTS = 1_000;
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
  readonly #urls: readonly string[];
  readonly #diagnostics: DiagnosticsTarget;
  readonly #options: ClientFleetOptions;
  readonly #optionsOf: OptionsOf;
  readonly #tasks: Promise<unknown>[] = [];
  #zero = Number.POSITIVE_INFINITY;

  private constructor(options: ClientFleetOptions) {
    const { clients, first = 0, jitter, policy, seed, servers, unreachableGossip = false } = options;
    this.clients = clients;
    this.servers = servers;
    this.#options = options;
    this.#optionsOf = clientOptions(policy, jitter, numberOf);
    this.record = new Record(clients, first);
    this.#network = memoryNetwork({ clock: this.#clock, dialTime: 1 });
    this.#cluster = BrokerCluster.onMemory(this.#network, {
      size: servers,
      random: seededRandom(seed + first),
      maxConnections: clients,
      lameDuckGracePeriod: GRACE / 1_000,
      lameDuckDuration: LAME_DUCK / 1_000,
      ...(unreachableGossip ? { node: (index: number) => ({ advertise: `pod-${index}:4222` }) } : {}),
    });
    this.#urls = this.#cluster.urls;
    const now = (): number => this.#clock.now() - this.#zero;
    this.#diagnostics = diagnosticsOn(witness(this.record, first, now, numberOf));
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

  behave(servers: readonly number[], behaviour: Behaviour): void {
    for (const server of servers) {
      const { faults, host } = this.#cluster.server(server);
      if (behaviour.kind === "accepts") faults.heal();
      else if (behaviour.kind === "refuses") faults.refuse();
      else if (behaviour.kind === "sends-away") faults.admit(0);
      else if (behaviour.kind === "admits") faults.admit(behaviour.per100ms, 100);
      else if (behaviour.kind === "rejects-credentials") faults.failAuth();
      else this.#network.blackHole(host, 4222);
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
    const runs = this.runs();
    return homes.filter((_, server) => runs[server]);
  }

  /** Whether each server runs. */
  runs(): boolean[] {
    return this.#cluster.servers.map(({ running }) => running);
  }

  async #open(index: number): Promise<void> {
    const { first = 0, seed } = this.#options;
    const number = first + index;
    const nc = await connect(
      { servers: this.#urls, name: String(number), ...this.#optionsOf(number) },
      {
        transports: [this.#network.transport],
        clock: this.#clock,
        random: seededRandom(seed * 1_000_003 + number),
        diagnostics: this.#diagnostics,
      },
    );
    nc.subscribe(`to.${number % SUBJECTS}`, { callback: nothing });
  }

  #task(work: Promise<unknown>): void {
    this.#tasks.push(work);
  }
}

function nothing(): void {}

// `cluster-3` is the server with index 2, `pod-2` its address in a network of its own.
function numberOf(host: string): number {
  const number = Number.parseInt(/\d+/.exec(host)?.[0] ?? "0", 10);
  return host.startsWith("cluster-") ? number - 1 : number;
}
