// Many clients and a cluster in virtual time: each client is a real pool with a few lines around it that do as it says. What a
// client does beyond that (sockets, subscriptions) is not here. Replays from its seed.

import { type PoolOptions, resolveOptions, ServerPool } from "../src/index.js";
import { EventQueue } from "./event-queue.js";
import { mulberry32 } from "./mulberry32.js";

/** What a server does with a dial; `admits` = so many clients in any 100 ms, the others are sent away. */
export type Behaviour =
  | { readonly kind: "accepts" }
  | { readonly kind: "admits"; readonly per100ms: number }
  | { readonly kind: "network" | "timeout" | "auth" | "refused-by-server" };

export interface FleetOptions extends Omit<PoolOptions, "servers"> {
  readonly clients: number;
  readonly servers: number;
  /** Servers a client is configured with; the others are advertised. Default all. */
  readonly seeds?: number | undefined;
  readonly seed?: number | undefined;
}

const ANSWER = 2;
const DIAL_TIMEOUT = 5_000;
const BUCKET = 100;

interface Client {
  readonly pool: ServerPool;
  /** Server it is connected to, and what its pool calls it. */
  home: number | undefined;
  link: number;
  dialling: { readonly id: number; readonly server: number } | undefined;
  version: number;
}

export class Fleet {
  /** Milliseconds. The fleet connects an hour before time 0. */
  now = -3_600_000;
  /** Calls of `decide` and `rebalance`. */
  decisions = 0;
  /** Dials in each 100 ms from time 0 on. */
  readonly dials: number[] = [];
  /** When each client that lost its server was connected again. */
  readonly recovered: number[] = [];
  readonly #options: FleetOptions;
  readonly #clients: Client[];
  readonly #queue = new EventQueue();
  readonly #behaviours: Behaviour[];
  #listed: string[];
  readonly #reset = new Error("reset");
  readonly #admitted = new Map<string, number>();
  readonly #failures = new Map<string, { kind: Exclude<Behaviour["kind"], "accepts" | "admits">; error: Error }>();

  constructor(options: FleetOptions) {
    this.#options = options;
    const { clients, seeds = options.servers, servers, seed = 1, ...pool } = options;
    const names = Array.from({ length: servers }, (_, server) => addressOf(server));
    const resolved = resolveOptions({ ...pool, servers: names.slice(0, seeds) });
    this.#behaviours = names.map(() => ({ kind: "accepts" }));
    this.#listed = names;
    for (const kind of ["network", "timeout", "auth", "refused-by-server"] as const) {
      this.#failures.set(kind, { kind, error: new Error(kind) });
    }
    this.#clients = Array.from({ length: clients }, (_, client) => ({
      pool: new ServerPool(resolved, mulberry32(seed * 1_000_003 + client)),
      home: undefined,
      link: 0,
      dialling: undefined,
      version: 0,
    }));
    for (let client = 0; client < clients; client += 1) this.#act(client);
    this.run(0);
  }

  /** From now on, these servers behave so. Nobody is thrown out. */
  behave(servers: readonly number[], behaviour: Behaviour): void {
    for (const server of servers) this.#behaviours[server] = behaviour;
  }

  /** These servers die, all their clients lose them, and the others no longer advertise them. */
  kill(servers: readonly number[]): void {
    this.behave(servers, { kind: "network" });
    const dead = new Set(servers);
    for (const [index, client] of this.#clients.entries()) {
      if (client.home === undefined || !dead.has(client.home)) continue;
      client.home = undefined;
      client.pool.lost(client.link, this.#reset, this.now);
      this.#act(index);
    }
    this.#list(this.#listed.filter((address) => !servers.some((server) => addressOf(server) === address)));
  }

  /** These servers are back, and advertised again. */
  revive(servers: readonly number[]): void {
    this.behave(servers, { kind: "accepts" });
    this.#list([...this.#listed, ...servers.map(addressOf)]);
  }

  /** Plays until this moment. */
  run(until: number): void {
    while (this.#queue.next <= until) {
      const event = this.#queue.pop();
      const client = event === undefined ? undefined : this.#clients[event.client];
      if (event === undefined || client?.version !== event.version) continue;
      this.now = event.at;
      if (client.dialling !== undefined) this.#answer(client);
      this.#act(event.client);
    }
    this.now = until;
  }

  /** Clients on each server. */
  homes(): number[] {
    const homes = this.#behaviours.map(() => 0);
    for (const { home } of this.#clients) if (home !== undefined) homes[home] = (homes[home] ?? 0) + 1;
    return homes;
  }

  /** Dials in the busiest 100 ms from a moment on, as a part of all clients. */
  peak(since: number): number {
    let most = 0;
    for (let at = Math.ceil(since / BUCKET); at < this.dials.length; at += 1)
      most = Math.max(most, this.dials[at] ?? 0);
    return most / this.#options.clients;
  }

  /** Farthest any server is from an equal share, as a part of it; 0 = all equal. */
  unevenness(): number {
    const share = this.#options.clients / this.#behaviours.length;
    return Math.max(...this.homes().map((clients) => Math.abs(clients - share) / share));
  }

  #list(listed: string[]): void {
    this.#listed = listed;
    for (const [index, client] of this.#clients.entries()) {
      if (client.home === undefined) continue;
      this.#hear(client);
      if (client.dialling === undefined) this.#act(index);
    }
  }

  #hear({ link, pool }: Client): void {
    pool.advertise(this.#listed, link, this.now);
  }

  // Asks what to do, and does it.
  #act(index: number): void {
    const client = this.#clients[index];
    if (client === undefined) return;
    const { pool } = client;
    client.version += 1;
    this.decisions += 1;
    if (client.home !== undefined) {
      const answer = pool.rebalance(this.now);
      if (answer.kind === "move") this.#dial(client, index, answer.to.id, answer.to.url.key);
      else if (answer.until !== undefined) this.#at(answer.until, index, client);
      return;
    }
    const decision = pool.decide(this.now);
    if (decision.kind === "dial") this.#dial(client, index, decision.server.id, decision.server.url.key);
    else if (decision.kind === "wait") this.#at(decision.until, index, client);
    else throw new Error(`a client gave up: ${decision.reason}`);
  }

  #dial(client: Client, index: number, id: number, address: string): void {
    const server = serverOf(address);
    client.dialling = { id, server };
    client.pool.dialing(id, this.now);
    if (this.now >= 0) {
      const bucket = Math.floor(this.now / BUCKET);
      this.dials[bucket] = (this.dials[bucket] ?? 0) + 1;
    }
    this.#at(this.now + (this.#behaviours[server]?.kind === "timeout" ? DIAL_TIMEOUT : ANSWER), index, client);
  }

  #answer(client: Client): void {
    const { dialling, pool } = client;
    client.dialling = undefined;
    if (dialling === undefined) return;
    const kind = this.#verdict(dialling.server);
    const failure = this.#failures.get(kind);
    if (failure !== undefined) {
      pool.failed(dialling.id, failure, this.now);
      return;
    }
    pool.connected(dialling.id, this.now);
    if (client.home !== undefined) pool.left(client.link, this.now);
    else if (this.now >= 0) this.recovered.push(this.now);
    client.home = dialling.server;
    client.link = dialling.id;
    this.#hear(client);
  }

  #verdict(server: number): string {
    const behaviour = this.#behaviours[server];
    if (behaviour?.kind !== "admits") return behaviour?.kind ?? "network";
    const bucket = `${server} ${Math.floor(this.now / BUCKET)}`;
    const admitted = (this.#admitted.get(bucket) ?? 0) + 1;
    this.#admitted.set(bucket, admitted);
    return admitted > behaviour.per100ms ? "refused-by-server" : "accepts";
  }

  #at(at: number, client: number, { version }: Client): void {
    this.#queue.push({ at, client, version });
  }
}

function addressOf(server: number): string {
  return `n${server}.example.com:4222`;
}

function serverOf(address: string): number {
  return Number.parseInt(address.slice(1), 10);
}
