// The pool's own mutable record of one server. Never handed out: callers see the frozen ServerView.

import type { ServerFailure, ServerView } from "./server.js";
import type { ServerUrl } from "./server-url.js";

const AT_ONCE = Number.NEGATIVE_INFINITY;
// Of a new report of the round-trip time, this part counts: one slow answer does not move a connection.
const RTT_WEIGHT = 0.25;

export class ServerEntry {
  state: ServerView["state"] = "idle";
  everConnected = false;
  consecutiveFailures = 0;
  lastFailure: ServerFailure | undefined = undefined;
  lastDialAt: number | undefined = undefined;
  lastConnectedAt: number | undefined = undefined;
  eligibleAt: number = AT_ONCE;
  lameDuck = false;
  rtt: number | undefined = undefined;
  serverId: string | undefined = undefined;
  /** `host:port` of the peer when it was last connected to, which a name alone does not tell. */
  address: string | undefined = undefined;
  listed: boolean | undefined = undefined;

  /** Of its failed dials in a row, those of before the pool was last woken, which say little of a network that is back. */
  pastFailures = 0;
  /** Failed dials in a row that count towards `maxAttempts`: those since the pool's first success. */
  attemptsSpent = 0;
  /** Round of dials in which it was last dialled; 0 = none. */
  round = 0;
  /** A seed of the latest {@link ServerPool.reseed}, not one of the options. */
  resolved = false;
  /** Its connection is the one just lost, and it has not been dialled since. */
  justLost = false;
  /** While a lame duck: a list of advertised servers has come without it. */
  leftGossip = false;
  /** Connections in a row that ended before they proved the server stable. */
  shortLinks = 0;
  /** Last authentication error, while nothing else has happened to this server. */
  authError: Error | undefined = undefined;
  repeatedAuthError = false;

  // Put into words only when somebody asks: a decision judges every server, and few are ever looked at.
  #verdict = "not considered yet";
  #detail: number | string = "";

  constructor(
    readonly id: number,
    public url: ServerUrl,
    public origin: ServerView["origin"],
    public learnedFrom: string | undefined,
    public serverName: string,
  ) {}

  /** Failed dials in a row by which its waits grow. */
  get failuresSinceWoken(): number {
    return this.consecutiveFailures - this.pastFailures;
  }

  /** Remembers why it was or was not chosen. `{}` in the verdict stands for the detail; a number there is milliseconds. */
  judge(verdict: string, detail: number | string = ""): void {
    this.#verdict = verdict;
    this.#detail = detail;
  }

  /** Its connection was left on purpose. */
  moved(): void {
    this.shortLinks = 0;
    this.judge("left for another server");
  }

  /** Takes in one measured round-trip time. */
  measure(rtt: number): void {
    this.rtt = this.rtt === undefined ? rtt : this.rtt + (rtt - this.rtt) * RTT_WEIGHT;
  }

  /** True when both are known to be one server under two addresses. */
  isSameServer(other: ServerEntry): boolean {
    return (
      (this.serverId !== undefined && this.serverId === other.serverId) ||
      this.address === other.url.key ||
      other.address === this.url.key
    );
  }

  /** Moves every moment by this, after the caller's clock went back. */
  shift(ms: number): void {
    this.eligibleAt += ms;
    if (this.lastDialAt !== undefined) this.lastDialAt += ms;
    if (this.lastConnectedAt !== undefined) this.lastConnectedAt += ms;
    if (this.lastFailure !== undefined) {
      this.lastFailure = Object.freeze({ ...this.lastFailure, at: this.lastFailure.at + ms });
    }
  }

  /** @param notBefore the wait of the whole pool */
  view(notBefore: number = AT_ONCE): ServerView {
    return Object.freeze({
      id: this.id,
      url: this.url,
      origin: this.origin,
      learnedFrom: this.learnedFrom,
      labels: this.url.labels,
      serverName: this.serverName,
      state: this.state,
      everConnected: this.everConnected,
      consecutiveFailures: this.consecutiveFailures,
      lastFailure: this.lastFailure,
      lastDialAt: this.lastDialAt,
      lastConnectedAt: this.lastConnectedAt,
      rtt: this.rtt,
      serverId: this.serverId,
      listed: this.listed,
      eligibleAt: Math.max(this.eligibleAt, notBefore),
      reason: this.#verdict.includes("{}") ? this.#verdict.replace("{}", () => words(this.#detail)) : this.#verdict,
      lameDuck: this.lameDuck,
    });
  }
}

function words(detail: number | string): string {
  if (typeof detail === "string") return detail;
  return detail < 1_000 ? `${Math.ceil(detail)} ms` : `${(detail / 1_000).toFixed(1)} s`;
}
