// The pool's own mutable record of one server. Never handed out: callers see the frozen ServerView.

import type { ServerFailure, ServerView } from "./server.js";
import type { ServerUrl } from "./server-url.js";

export class ServerEntry {
  state: ServerView["state"] = "idle";
  everConnected = false;
  consecutiveFailures = 0;
  lastFailure: ServerFailure | undefined = undefined;
  lastDialAt: number | undefined = undefined;
  lastConnectedAt: number | undefined = undefined;
  eligibleAt: number = Number.NEGATIVE_INFINITY;
  reason = "not considered yet";
  lameDuck = false;

  /** Failed dials in a row that count towards `maxAttempts`: those since the pool's first success. */
  attemptsSpent = 0;
  /** Round of dials in which it was last dialled; 0 = none. */
  round = 0;
  /** Its connection is the one just lost, and no dial has ended since. */
  justLost = false;
  /** While a lame duck: a list of advertised servers has come without it. */
  leftGossip = false;
  /** Connections in a row that ended before they proved the server stable. */
  shortLinks = 0;
  /** Last authentication error, while nothing else has happened to this server. */
  authError: Error | undefined = undefined;
  repeatedAuthError = false;

  constructor(
    readonly id: number,
    public url: ServerUrl,
    public origin: ServerView["origin"],
    public learnedFrom: string | undefined,
    public serverName: string,
  ) {}

  view(): ServerView {
    return Object.freeze({
      id: this.id,
      url: this.url,
      origin: this.origin,
      learnedFrom: this.learnedFrom,
      serverName: this.serverName,
      state: this.state,
      everConnected: this.everConnected,
      consecutiveFailures: this.consecutiveFailures,
      lastFailure: this.lastFailure,
      lastDialAt: this.lastDialAt,
      lastConnectedAt: this.lastConnectedAt,
      eligibleAt: this.eligibleAt,
      reason: this.reason,
      lameDuck: this.lameDuck,
    });
  }
}
