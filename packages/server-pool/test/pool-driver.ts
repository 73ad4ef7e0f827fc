// Drives a pool as a client would, in one line per step, so that a scenario reads as a table. Time is a number it holds.

import type { Decision, PoolChange, PoolOptions, ServerFailure, ServerView } from "../src/index.js";
import { ServerPool } from "../src/index.js";
import { mulberry32 } from "./mulberry32.js";

export class PoolDriver {
  readonly pool: ServerPool;
  now = 0;

  constructor(options: PoolOptions, seed = 1) {
    this.pool = new ServerPool(options, mulberry32(seed));
  }

  /** The pool's decision now. */
  decide(): Decision {
    return this.pool.decide(this.now);
  }

  /** Waits as told until the pool names a server, and begins to dial it. */
  dial(): ServerView {
    for (let asked = 0; asked < 10; asked += 1) {
      const decision = this.decide();
      if (decision.kind === "give-up") throw new Error(`gave up: ${decision.reason}`);
      if (decision.kind === "dial") {
        this.pool.dialing(decision.server.id, this.now);
        return decision.server;
      }
      if (decision.until <= this.now) throw new Error("told to wait for the past");
      this.now = decision.until;
    }
    throw new Error("waited ten times in a row");
  }

  /** Dials the next server, which fails. Returns its host. */
  fail(kind: ServerFailure["kind"] = "network", error: Error = new Error("refused"), after = 0): string {
    const server = this.dial();
    this.now += after;
    this.pool.failed(server.id, { kind, error }, this.now);
    return server.url.hostname;
  }

  /** Dials the next server, which answers. Returns its host. */
  connect(): string {
    const server = this.dial();
    this.pool.connected(server.id, this.now);
    return server.url.hostname;
  }

  /** The connection to this host ends, after having lived for an hour. */
  lose(hostname: string, lived = 3_600_000): void {
    this.now += lived;
    this.pool.lost(this.id(hostname), new Error("reset"), this.now);
  }

  advertise(from: string, ...urls: string[]): PoolChange {
    return this.pool.advertise(urls, this.id(from), this.now);
  }

  view(hostname: string): ServerView {
    const found = this.pool.snapshot().find((server) => server.url.hostname === hostname);
    if (found === undefined) throw new Error(`${hostname} is not in the pool`);
    return found;
  }

  id(hostname: string): number {
    return this.view(hostname).id;
  }

  hosts(): string[] {
    return this.pool.snapshot().map((server) => server.url.hostname);
  }
}
