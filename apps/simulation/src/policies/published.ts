// The published reconnect defaults of three other clients, as policies. They are models of what the documents named below say of
// choice and time, nothing else of those clients is here; names and figures are theirs.

import {
  type ClientKind,
  type Decision,
  type Failure,
  type Policy,
  type PolicyKind,
  type Review,
  STAYS,
} from "../policy.js";
import { shuffled } from "../shuffled.js";

/** A rotation of servers: what all three have in common. */
abstract class Rotation implements Policy {
  protected readonly servers: number[];
  protected readonly random: () => number;
  /** Failed dials of each server since its last success. */
  protected readonly failures = new Map<number, number>();

  constructor({ random, seeds }: ClientKind) {
    this.random = random;
    this.servers = shuffled(seeds, random);
  }

  abstract decide(now: number): Decision;

  review(): Review {
    return STAYS;
  }

  dialing(_server: number, _now: number): void {}

  connected(server: number): void {
    this.failures.delete(server);
  }

  failed(server: number, _failure: Failure, _now: number): void {
    this.failures.set(server, (this.failures.get(server) ?? 0) + 1);
  }

  lost(_server: number, _now: number): void {}
  left(): void {}
  lameDuck(): void {}

  advertised(servers: readonly number[]): void {
    for (const server of servers) if (!this.servers.includes(server)) this.servers.push(server);
  }

  protected remove(server: number): void {
    this.servers.splice(this.servers.indexOf(server), 1);
  }
}

/** Each server at most once in `reconnectTimeWait` plus jitter; ten failures in a row and it leaves; two auth errors end it. */
class NatsJs extends Rotation {
  readonly #dialledAt = new Map<number, number>();
  #authErrors = 0;

  decide(now: number): Decision {
    const wait = 2_000 + this.random() * 100;
    const [first] = this.servers;
    if (first === undefined || this.#authErrors >= 2) return { kind: "give-up" };
    const at = (this.#dialledAt.get(first) ?? Number.NEGATIVE_INFINITY) + wait;
    return at > now ? { kind: "wait", until: at } : { kind: "dial", server: first };
  }

  override dialing(server: number, now: number): void {
    this.#dialledAt.set(server, now);
    this.remove(server);
    this.servers.push(server);
  }

  override connected(server: number): void {
    super.connected(server);
    this.#authErrors = 0;
  }

  override failed(server: number, failure: Failure, now: number): void {
    super.failed(server, failure, now);
    this.#authErrors = failure === "auth" ? this.#authErrors + 1 : 0;
    if ((this.failures.get(server) ?? 0) >= 10) this.remove(server);
  }
}

/** The whole list at once, then `ReconnectWait` plus jitter; sixty failures of a server and it leaves; its auth error twice in a row ends it. */
class NatsGo extends Rotation {
  #tried = 0;
  #until = Number.NEGATIVE_INFINITY;
  readonly #authErrors = new Set<number>();
  #gaveUp = false;

  decide(now: number): Decision {
    const [first] = this.servers;
    if (first === undefined || this.#gaveUp) return { kind: "give-up" };
    return this.#until > now ? { kind: "wait", until: this.#until } : { kind: "dial", server: first };
  }

  override dialing(server: number): void {
    this.remove(server);
    this.servers.push(server);
  }

  override connected(server: number): void {
    super.connected(server);
    this.#tried = 0;
    this.#authErrors.delete(server);
  }

  override failed(server: number, failure: Failure, now: number): void {
    super.failed(server, failure, now);
    // The same error of the same server twice in a row ends it.
    if (failure !== "auth") this.#authErrors.delete(server);
    else if (this.#authErrors.has(server)) this.#gaveUp = true;
    else this.#authErrors.add(server);
    if ((this.failures.get(server) ?? 0) >= 60) this.remove(server);
    this.#tried++;
    if (this.#tried < this.servers.length) return;
    this.#tried = 0;
    this.#until = now + 2_000 + this.random() * 100;
  }

  override lost(server: number): void {
    if (!this.servers.includes(server)) return;
    this.remove(server);
    this.servers.push(server);
  }
}

/** Before the attempt n of an outage min(2^(n-1), 4000) ms, the first at once; servers with fewer failures first. No limit. */
class NatsRs extends Rotation {
  #attempts = 0;
  #until = Number.NEGATIVE_INFINITY;

  decide(now: number): Decision {
    if (this.#until > now) return { kind: "wait", until: this.#until };
    const least = Math.min(...this.servers.map((server) => this.failures.get(server) ?? 0));
    const best = this.servers.filter((server) => (this.failures.get(server) ?? 0) === least);
    const server = best[Math.floor(this.random() * best.length)];
    return server === undefined ? { kind: "give-up" } : { kind: "dial", server };
  }

  override connected(server: number): void {
    super.connected(server);
    this.#attempts = 0;
  }

  override failed(server: number, failure: Failure, now: number): void {
    super.failed(server, failure, now);
    this.#attempts++;
    this.#until = now + Math.min(2 ** this.#attempts, 4_000);
  }
}

/** The three, by the names of their repositories. */
export const published: readonly PolicyKind[] = [
  {
    name: "nats.js",
    about:
      "reconnectTimeWait 2 s for each server, reconnectJitter 100 ms, maxReconnectAttempts 10 for each, timeout 20 s",
    timeout: 20_000,
    create: (client) => new NatsJs(client),
  },
  {
    name: "nats.go",
    about: "ReconnectWait 2 s after each round, ReconnectJitter 100 ms, MaxReconnects 60 for each server, Timeout 2 s",
    timeout: 2_000,
    create: (client) => new NatsGo(client),
  },
  {
    name: "nats.rs",
    about: "delay doubling from 2 ms to 4 s, no jitter, no limit, connection_timeout 5 s",
    timeout: 5_000,
    create: (client) => new NatsRs(client),
  },
];
