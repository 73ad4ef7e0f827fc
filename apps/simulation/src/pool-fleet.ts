// Clients at the level of the pool: each is a real policy (for ours, the real server-pool) with a few numbers around it that do as it
// says. A dial is a moment in time and an answer; sockets, bytes and subscriptions are not here. Replays from its seed.

import { seededRandom } from "@myelin/testing";
import { EventQueue } from "./event-queue.js";
import type { Failure, Policy, PolicyKind } from "./policy.js";
import { Record } from "./record.js";
import type { Fleet } from "./run.js";
import { type Behaviour, GRACE, LAME_DUCK, zoneOf } from "./stage.js";

export interface PoolFleetOptions {
  readonly clients: number;
  readonly servers: number;
  readonly policy: PolicyKind;
  readonly seed: number;
  /** The cluster advertises addresses nobody can reach. */
  readonly unreachableGossip?: boolean | undefined;
}

/** Everybody connects so long before time 0. */
const BEFORE = 3_600_000;
/** Milliseconds until a dial is answered. */
const ANSWER = 2;
const NOBODY = -1;
const VERSIONS = 2 ** 20;
const FAILURES = {
  refuses: "network",
  "is-silent": "timeout",
  "sends-away": "refused",
  "rejects-credentials": "auth",
} as const;

export class PoolFleet implements Fleet {
  readonly clients: number;
  readonly servers: number;
  readonly record: Record;
  readonly #timeout: number;
  readonly #policies: Policy[];
  readonly #home: Int16Array;
  readonly #dialling: Int16Array;
  readonly #version: Uint32Array;
  readonly #queue = new EventQueue();
  readonly #behaviours: Behaviour[];
  readonly #admitted = new Map<string, number>();
  readonly #random: () => number;
  readonly #unreachable: boolean;
  readonly #leaving = new Map<number, number>();
  #listed: number[];
  #now = -BEFORE;

  constructor({ clients, policy, seed, servers, unreachableGossip = false }: PoolFleetOptions) {
    this.clients = clients;
    this.servers = servers;
    this.record = new Record(clients);
    this.#timeout = policy.timeout;
    this.#unreachable = unreachableGossip;
    this.#random = seededRandom(seed);
    const seeds = Array.from({ length: servers }, (_, server) => server);
    this.#listed = seeds;
    // Beside every server its address in a network of its own.
    this.#behaviours = [
      ...seeds.map(() => ({ kind: "accepts" }) as const),
      ...seeds.map(() => ({ kind: "is-silent" }) as const),
    ];
    this.#home = new Int16Array(clients).fill(NOBODY);
    this.#dialling = new Int16Array(clients).fill(NOBODY);
    this.#version = new Uint32Array(clients);
    this.#policies = Array.from({ length: clients }, (_, index) =>
      policy.create({ seeds, zoneOf, zone: zoneOf(index), random: seededRandom(seed * 1_000_003 + index) }),
    );
    for (let client = 0; client < clients; client++) this.#act(client);
    this.#play(0);
  }

  behave(servers: readonly number[], behaviour: Behaviour): void {
    for (const server of servers) this.#behaviours[server] = behaviour;
  }

  kill(servers: readonly number[]): void {
    this.behave(servers, { kind: "refuses" });
    const dead = new Set(servers);
    for (const server of servers) this.#leaving.delete(server);
    for (let client = 0; client < this.clients; client++) {
      if (dead.has(this.#home[client] ?? NOBODY)) this.#lose(client);
    }
    this.#list(this.#listed.filter((server) => !dead.has(server)));
  }

  revive(servers: readonly number[]): void {
    this.behave(servers, { kind: "accepts" });
    for (const server of servers) this.#leaving.delete(server);
    this.#list([...this.#listed, ...servers]);
  }

  lameDuck(server: number): void {
    this.behave([server], { kind: "refuses" });
    this.#leaving.set(server, this.#now);
    this.#list(this.#listed.filter((other) => other !== server));
    for (let client = 0; client < this.clients; client++) {
      if (this.#home[client] !== server) continue;
      this.#policies[client]?.lameDuck(server, this.#now);
      this.#queue.push(this.#now + GRACE + this.#random() * (LAME_DUCK - GRACE), -1 - client);
      if (this.#dialling[client] === NOBODY) this.#act(client);
    }
  }

  run(until: number): Promise<void> {
    this.#play(until);
    this.record.pass(until);
    return Promise.resolve();
  }

  /** Clients on each server. */
  homes(): number[] {
    const homes = Array.from({ length: this.servers }, () => 0);
    for (const home of this.#home) if (home !== NOBODY) homes[home] = (homes[home] ?? 0) + 1;
    return homes;
  }

  running(homes: readonly number[]): number[] {
    return homes.filter((_, server) => this.#listed.includes(server));
  }

  #play(until: number): void {
    while (this.#queue.next <= until) {
      this.#now = this.#queue.next;
      const what = this.#queue.pop();
      if (what < 0) {
        const client = -1 - what;
        // Its server closes it, if it is there still.
        if (this.#leaving.has(this.#home[client] ?? NOBODY)) this.#lose(client);
        continue;
      }
      const client = Math.floor(what / VERSIONS);
      if ((this.#version[client] ?? 0) % VERSIONS !== what % VERSIONS) continue;
      if (this.#dialling[client] !== NOBODY) this.#answer(client);
      this.#act(client);
    }
    this.#now = until;
  }

  #lose(client: number): void {
    const home = this.#home[client] ?? NOBODY;
    this.#home[client] = NOBODY;
    this.#policies[client]?.lost(home, this.#now);
    this.record.lost(client, home, this.#now);
    if (this.#dialling[client] === NOBODY) this.#act(client);
  }

  #list(listed: number[]): void {
    this.#listed = listed;
    for (let client = 0; client < this.clients; client++) {
      if (this.#home[client] === NOBODY) continue;
      this.#hear(client);
      if (this.#dialling[client] === NOBODY) this.#act(client);
    }
  }

  #hear(client: number): void {
    const listed = this.#unreachable ? this.#listed.map((server) => server + this.servers) : this.#listed;
    this.#policies[client]?.advertised(listed, this.#home[client] ?? NOBODY, this.#now);
  }

  // Asks what to do, and does it.
  #act(client: number): void {
    const policy = this.#policies[client];
    if (policy === undefined) return;
    this.#version[client] = (this.#version[client] ?? 0) + 1;
    if (this.#home[client] !== NOBODY) {
      const review = policy.review(this.#now);
      if (review.kind === "move") this.#dial(client, policy, review.server);
      else if (review.until !== undefined) this.#at(review.until, client);
      return;
    }
    const decision = policy.decide(this.#now);
    if (decision.kind === "dial") this.#dial(client, policy, decision.server);
    else if (decision.kind === "wait") this.#at(decision.until, client);
    else this.record.ended(client, this.#now);
  }

  #dial(client: number, policy: Policy, server: number): void {
    this.#dialling[client] = server;
    policy.dialing(server, this.#now);
    this.record.attempt(client, server, this.#now);
    this.#at(this.#now + (this.#behaviours[server]?.kind === "is-silent" ? this.#timeout : ANSWER), client);
  }

  #answer(client: number): void {
    const policy = this.#policies[client];
    const server = this.#dialling[client] ?? NOBODY;
    this.#dialling[client] = NOBODY;
    const failure = this.#verdict(server);
    if (failure !== undefined) {
      policy?.failed(server, failure, this.#now);
      return;
    }
    policy?.connected(server, this.#now);
    const home = this.#home[client] ?? NOBODY;
    if (home !== NOBODY) policy?.left(home, this.#now);
    this.record.arrived(client, server, this.#now);
    this.#home[client] = server;
    this.#hear(client);
  }

  #verdict(server: number): Failure | undefined {
    const behaviour = this.#behaviours[server] ?? { kind: "refuses" };
    if (behaviour.kind === "accepts") return undefined;
    if (behaviour.kind !== "admits") return FAILURES[behaviour.kind];
    const bucket = `${server} ${Math.floor(this.#now / 100)}`;
    const admitted = (this.#admitted.get(bucket) ?? 0) + 1;
    this.#admitted.set(bucket, admitted);
    return admitted > behaviour.per100ms ? "refused" : undefined;
  }

  #at(at: number, client: number): void {
    this.#queue.push(at, client * VERSIONS + ((this.#version[client] ?? 0) % VERSIONS));
  }
}
