// Whether a first connect that may go on for long should: at the end of each round, in which every server was tried, a refusal of
// our credentials or of TLS ends it, because no further try would mend that. Keeps the outcomes of one round and decides only that.

import type { ServerView } from "@myelin/server-pool";
import { isRefusal } from "../attempt-ranking.js";
import type { ConnectAttempt } from "../errors.js";

export class FirstConnectRound {
  // How the latest attempt of this round on each server ended, as far as it matters.
  readonly #refused = new Map<number, boolean>();

  /** An attempt on this server failed by itself. */
  failed(server: ServerView, outcome: ConnectAttempt): void {
    this.#refused.set(server.id, isRefusal(outcome));
  }

  /** True when this server was tried in this round. */
  has(server: ServerView): boolean {
    return this.#refused.has(server.id);
  }

  /**
   * True when the round is over and some server refused us at its end. A round that is over without that makes room for the next.
   *
   * @param over nothing else would be dialled before a server of this round
   */
  isRefused(servers: readonly ServerView[], over: boolean): boolean {
    if (!over && !servers.every((server) => this.has(server))) return false;
    // Servers that left meanwhile, by gossip or by setServers(), say nothing any more.
    if (servers.some(({ id }) => this.#refused.get(id) === true)) return true;
    this.#refused.clear();
    return false;
  }
}
