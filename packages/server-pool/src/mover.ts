// Whether a connection that works should move to another server: away from a lame duck, to one its strategy likes better, or
// to one that came back and has no clients yet. Decides only; the caller makes before it breaks.
// Source: the project's decision D15; the arithmetic is beside `arrived`.

import type { Random } from "@myelin/contracts";
import { defaults } from "./defaults.js";
import { areInterchangeable, betterOne, firstRanked } from "./guarded-policy.js";
import type { ResolvedPoolOptions } from "./options.js";
import type { Roster } from "./roster.js";
import type { ServerView } from "./server.js";
import type { ServerEntry } from "./server-entry.js";

/**
 * Whether to move a working connection now. On `move`, dial `to` beside the connection in use, report it as any other dial, and
 * only once it is connected leave the old one. On `stay`, ask again at `until`, or after the next report; `undefined` = after
 * the next report.
 *
 * `lame-duck` = the server in use is leaving; `better` = the strategy prefers the other; `balance` = the other is new or came back,
 * and this client is one of those that even out the load.
 */
export type Rebalance =
  | { readonly kind: "stay"; readonly until: number | undefined }
  | { readonly kind: "move"; readonly to: ServerView; readonly reason: "lame-duck" | "better" | "balance" };

const NEVER = Number.POSITIVE_INFINITY;
const STAY: Rebalance = Object.freeze({ kind: "stay", until: undefined });
// A server that came back and cannot be connected to is for others to find out about.
const MAX_TRIES = 3;

export class Mover {
  readonly #options: ResolvedPoolOptions;
  readonly #roster: Roster;
  readonly #random: Random;
  readonly #report: (error: Error) => void;
  #target: ServerEntry | undefined;
  /** Server being dialled whose list led to the target. */
  #targetOf: ServerEntry | undefined;
  #moveAt = NEVER;
  #reviewAt = NEVER;
  #leaveAt = NEVER;

  constructor(options: ResolvedPoolOptions, roster: Roster, random: Random, report: (error: Error) => void) {
    this.#options = options;
    this.#roster = roster;
    this.#random = random;
    this.#report = report;
  }

  /** A connection stands: whatever was planned for the one before is void. What its own first INFO led to is not. */
  settled(entry: ServerEntry, now: number): void {
    if (this.#targetOf !== entry) this.#target = undefined;
    this.#targetOf = undefined;
    this.#leaveAt = NEVER;
    this.#planReview(now);
  }

  /** The server in use is leaving. All its clients were told at the same moment. */
  leaving(now: number): void {
    const spread = Math.min(defaults.lameDuckSpread, 10 * this.#options.firstAttemptJitter);
    this.#leaveAt = Math.min(this.#leaveAt, now + this.#random() * spread);
  }

  /**
   * Servers were advertised that are new or were gone. If M servers are there with one of them, a client that moves to it with
   * probability 1/M makes the load of a fleet equal, if it was equal before. For several, one after the other, a later one
   * replacing an earlier, it comes out the same.
   */
  arrived(arrived: readonly ServerEntry[], teacher: ServerEntry, now: number): void {
    // The first list comes before the first PONG, and then the choice it adds to is that of the teacher.
    const current = teacher.state === "dialing" ? teacher : this.#current();
    if (!this.#options.rebalance || current === undefined) return;
    const waiting = new Set(arrived);
    for (const entry of arrived) {
      waiting.delete(entry);
      if (!this.#mayReplace(current, entry)) continue;
      let servers = 2;
      for (const other of this.#roster.entries.values()) {
        const counts = other !== entry && other.listed === true && !waiting.has(other);
        if (counts && this.#mayReplace(current, other)) servers += 1;
      }
      if (this.#random() * servers >= 1) continue;
      this.#target = entry;
      this.#targetOf = teacher.state === "dialing" ? teacher : undefined;
      this.#moveAt = now + this.#random() * this.#options.rebalanceInterval;
    }
  }

  /** A dial failed: if it was that of a move, try it again later, a few times. */
  failed(entry: ServerEntry, now: number): void {
    if (entry !== this.#target) return;
    if (entry.consecutiveFailures >= MAX_TRIES) this.#target = undefined;
    this.#moveAt = Math.max(entry.eligibleAt, now + this.#random() * this.#options.rebalanceInterval);
  }

  /** Moves every moment by this, after the caller's clock went back. */
  shift(ms: number): void {
    this.#moveAt += ms;
    this.#reviewAt += ms;
    this.#leaveAt += ms;
  }

  decide(now: number): Rebalance {
    const current = this.#current();
    if (current === undefined || this.#isDialing()) return STAY;
    if (current.lameDuck) return this.#leave(current, now);
    const target = this.#target;
    if (target !== undefined && !(this.#roster.inRotation(target) && this.#mayReplace(current, target))) {
      this.#target = undefined;
    }
    if (this.#target !== undefined && this.#moveAt <= now && this.#target.eligibleAt <= now) {
      return { kind: "move", to: this.#target.view(), reason: "balance" };
    }
    const moveAt = this.#target === undefined ? NEVER : Math.max(this.#moveAt, this.#target.eligibleAt);
    if (this.#options.strategy.better === undefined) return stay(moveAt);
    if (this.#reviewAt <= now) {
      this.#planReview(now);
      const better = this.#better(current, now);
      if (better !== undefined) return { kind: "move", to: better.view(), reason: "better" };
    }
    return stay(Math.min(moveAt, this.#reviewAt));
  }

  // All clients of a server see the reason for a move at the same moment; they look for it at different ones.
  #planReview(now: number): void {
    this.#reviewAt = now + (0.5 + this.#random()) * this.#options.rebalanceInterval;
  }

  #leave(current: ServerEntry, now: number): Rebalance {
    if (this.#leaveAt > now && this.#leaveAt !== NEVER) return stay(this.#leaveAt);
    let until = NEVER;
    const others: ServerView[] = [];
    for (const entry of this.#roster.entries.values()) {
      if (entry.lameDuck || entry.listed === false || !canDial(current, entry)) continue;
      if (entry.eligibleAt > now) until = Math.min(until, entry.eligibleAt);
      else others.push(entry.view());
    }
    if (others.length === 0) return stay(Math.min(until, now + defaults.recheck));
    const context = { now, random: this.#random };
    const id = firstRanked(this.#options.strategy, Object.freeze(others), context, this.#report);
    const to = others.find((server) => server.id === id);
    return to === undefined ? stay(now + defaults.recheck) : { kind: "move", to, reason: "lame-duck" };
  }

  #better(current: ServerEntry, now: number): ServerEntry | undefined {
    const servers: ServerView[] = [];
    for (const entry of this.#roster.entries.values()) {
      const usable = !entry.lameDuck && entry.listed !== false && entry.eligibleAt <= now && canDial(current, entry);
      if (entry === current || usable) servers.push(entry.view());
    }
    // Taken out by replace() while in use: every server of the new list comes before it.
    if (!this.#roster.inRotation(current)) servers.push(current.view());
    const context = { now, random: this.#random };
    const { strategy } = this.#options;
    const id = betterOne(strategy, current.view(), Object.freeze(servers), context, this.#report);
    return id === undefined ? undefined : this.#roster.byId.get(id);
  }

  #mayReplace(current: ServerEntry, other: ServerEntry): boolean {
    if (other.lameDuck || !canDial(current, other)) return false;
    return areInterchangeable(this.#options.strategy, current.view(), other.view(), this.#report);
  }

  // The newest connection: during a move there are two.
  #current(): ServerEntry | undefined {
    let newest: ServerEntry | undefined;
    for (const entry of this.#roster.byId.values()) {
      if (entry.state !== "connected") continue;
      if (newest === undefined || (entry.lastConnectedAt ?? 0) >= (newest.lastConnectedAt ?? 0)) newest = entry;
    }
    return newest;
  }

  #isDialing(): boolean {
    for (const entry of this.#roster.byId.values()) if (entry.state === "dialing") return true;
    return false;
  }
}

function canDial(current: ServerEntry, other: ServerEntry): boolean {
  return other !== current && other.state === "idle" && !current.isSameServer(other);
}

function stay(until: number): Rebalance {
  return until === NEVER ? STAY : { kind: "stay", until };
}
