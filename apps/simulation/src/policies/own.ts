// The real server-pool as a policy: its options are the only thing chosen here.

import { type PoolOptions, type ResolvedPoolOptions, resolveOptions, ServerPool, zones } from "@myelin/server-pool";
import type { ClientKind, Decision, Failure, Policy, PolicyKind, Review } from "../policy.js";

const KINDS = { network: "network", timeout: "timeout", auth: "auth", refused: "refused-by-server" } as const;

/** One pool, its servers known by number. */
class Own implements Policy {
  readonly #pool: ServerPool;
  readonly #errors: Errors;
  // Ids of the pool, by server; it never knows many.
  readonly #ids = new Map<number, number>();

  constructor(options: ResolvedPoolOptions, random: () => number, errors: Errors) {
    this.#pool = new ServerPool(options, random);
    this.#errors = errors;
  }

  decide(now: number): Decision {
    const decision = this.#pool.decide(now);
    if (decision.kind === "wait") return decision;
    if (decision.kind === "give-up") return { kind: "give-up" };
    return { kind: "dial", server: this.#number(decision.server) };
  }

  review(now: number): Review {
    const answer = this.#pool.rebalance(now);
    return answer.kind === "stay" ? answer : { kind: "move", server: this.#number(answer.to) };
  }

  dialing(server: number, now: number): void {
    this.#pool.dialing(this.#id(server), now);
  }

  connected(server: number, now: number): void {
    this.#pool.connected(this.#id(server), now);
  }

  failed(server: number, failure: Failure, now: number): void {
    this.#pool.failed(this.#id(server), { kind: KINDS[failure], error: this.#errors[failure] }, now);
  }

  lost(server: number, now: number): void {
    this.#pool.lost(this.#id(server), this.#errors.network, now);
  }

  left(server: number, now: number): void {
    this.#pool.left(this.#id(server), now);
  }

  lameDuck(server: number, now: number): void {
    this.#pool.lameDuck(this.#id(server), now);
  }

  advertised(servers: readonly number[], by: number, now: number): void {
    this.#pool.advertise(servers.map(addressOf), this.#id(by), now);
  }

  #number({ id, url }: { readonly id: number; readonly url: { readonly hostname: string } }): number {
    const server = Number.parseInt(url.hostname.slice(1), 10);
    this.#ids.set(server, id);
    return server;
  }

  #id(server: number): number {
    return this.#ids.get(server) ?? -1;
  }
}

type Errors = Readonly<Record<Failure, Error>>;

/** `host:port` of a server, as its cluster advertises it. */
export function addressOf(server: number): string {
  return `n${server}.example.com:4222`;
}

function kind(name: string, about: string, options: (client: ClientKind) => Omit<PoolOptions, "servers">): PolicyKind {
  // Parsed once for all clients that have the same list.
  const resolved = new Map<string, ResolvedPoolOptions>();
  const errors: Errors = {
    network: new Error("reset"),
    timeout: new Error("no answer"),
    auth: new Error("Authorization Violation"),
    refused: new Error("maximum connections exceeded"),
  };
  return {
    name,
    about,
    timeout: 5_000,
    create: (client) => {
      const key = `${client.zone} ${client.seeds.join()}`;
      const known =
        resolved.get(key) ??
        resolveOptions({ servers: client.seeds.map((server) => `nats://${addressOf(server)}`), ...options(client) });
      resolved.set(key, known);
      return new Own(known, client.random, errors);
    },
  };
}

const zoneName = (zone: number): string => `zone-${zone}`;

/** Ours, with the options that matter here. */
export function own(firstAttemptJitter: number): readonly PolicyKind[] {
  return [
    kind("myelin", "the defaults", () => ({ firstAttemptJitter })),
    kind("myelin-rebalance", "rebalance: true", () => ({ firstAttemptJitter, rebalance: true })),
    kind("myelin-zones", "strategy: zones, the client's own first; rebalance: true", ({ zone, zoneOf }) => ({
      firstAttemptJitter,
      rebalance: true,
      strategy: zones({ prefer: [zoneName(zone)], zone: (server) => zoneName(zoneOf(numberOf(server.url.hostname))) }),
    })),
  ];
}

function numberOf(hostname: string): number {
  return Number.parseInt(hostname.slice(1), 10);
}
