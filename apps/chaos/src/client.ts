// One connection under test: its events go into its presence, it asks its server for proofs of life all the time, and what nobody
// wants to see is complained of.

import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection, type StatusType } from "myelin";
import type { Arena } from "./arena.js";
import { Presence } from "./presence.js";
import type { Stalls } from "./stalls.js";

const PROOF_MS = 50;
const PROOF_TIMEOUT_MS = 10_000;
/** Silence of a peer after which a connection asks; with writes out it gives up after as much. */
const PING_INTERVAL_MS = 2_000;
const UNWANTED: readonly StatusType[] = ["error", "dropped", "slowConsumer", "close"];

export class Client {
  readonly nc: NatsConnection;
  readonly presence: Presence;
  readonly #arena: Arena;
  readonly #stalls: Stalls;
  readonly #complain: (what: string) => void;
  readonly #upListeners: ((at: number) => void)[] = [];
  #phase: "on" | "ending" = "on";
  #proofs: Promise<void> = Promise.resolve();

  private constructor(
    nc: NatsConnection,
    presence: Presence,
    arena: Arena,
    stalls: Stalls,
    complain: (what: string) => void,
  ) {
    this.nc = nc;
    this.presence = presence;
    this.#arena = arena;
    this.#stalls = stalls;
    this.#complain = complain;
  }

  static async open(name: string, arena: Arena, stalls: Stalls, complain: (what: string) => void): Promise<Client> {
    const nc = await connect({
      servers: arena.urls,
      name,
      gossip: arena.throughProxy,
      pingInterval: PING_INTERVAL_MS,
      timeout: 2_000,
    });
    const client = new Client(nc, new Presence(name), arena, stalls, complain);
    client.#watch();
    return client;
  }

  /** Runs whenever another link is up, before anything else of it is counted. */
  onLinkUp(listener: (at: number) => void): void {
    this.#upListeners.push(listener);
  }

  /** Ends it in order; complains when something is left. */
  async close(): Promise<void> {
    this.#phase = "ending";
    try {
      await this.nc.drain();
    } catch (error) {
      this.#complain(`${this.presence.name}: its drain failed: ${String(error)}`);
    }
    await this.#proofs;
  }

  #watch(): void {
    const { nc, presence } = this;
    const node = (): number => this.#arena.nodeOf(nc.getServer());
    presence.linkUp(performance.now(), node());
    nc.on("disconnect", ({ error }) => {
      if (this.#phase === "ending") return;
      this.#lost(performance.now(), error);
    });
    nc.on("reconnect", () => {
      const at = performance.now();
      presence.linkUp(at, node());
      for (const listener of this.#upListeners) listener(at);
    });
    nc.on("handover", () => presence.moved(performance.now(), node()));
    for (const type of UNWANTED) {
      nc.on(type, (status) => {
        if (this.#phase === "ending" && type === "close") return;
        this.#complain(`${presence.name}: ${type} ${"error" in status ? String(status.error) : ""}`);
      });
    }
    this.#proofs = this.#prove();
  }

  #lost(at: number, error: Error | undefined): void {
    const { node, name } = this.presence;
    this.presence.linkLost(at);
    if (node === undefined || this.#arena.touched.meets(node, at)) return;
    // A machine that stands still looks like a silent peer.
    if (this.#stalls.longestSince(at - 2 * PING_INTERVAL_MS) > PING_INTERVAL_MS / 4) return;
    this.#complain(`${name}: lost its link to node ${node}, which nobody had touched: ${String(error)}`);
  }

  async #prove(): Promise<void> {
    while (this.#phase === "on") {
      const at = performance.now();
      const { epoch } = this.presence;
      try {
        await this.nc.flush({ timeout: PROOF_TIMEOUT_MS });
        if (epoch === this.presence.epoch) this.presence.proven(at);
      } catch {
        // The link was lost, or the connection is closing: its events tell.
      }
      await sleep(PROOF_MS);
    }
  }
}
