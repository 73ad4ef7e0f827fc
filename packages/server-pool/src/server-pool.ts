// Which server next, and when. Values in, decisions out: the pool dials nothing, waits for nothing and knows no clock; its
// caller reports what happened and asks again. Same options, same chance and same calls give the same decisions.
// Source: decisions D3, D6, D11, D15; conformance SEED-*, RECONN-MAX-*, RECONN-RANDOM-*, RECONN-WAIT-*; ADR-40.

import type { Random } from "@myelin/contracts";
import type { Decision } from "./decision.js";
import { defaults } from "./defaults.js";
import { firstRanked, safeDelay } from "./guarded-policy.js";
import { keptError } from "./kept-error.js";
import { Mover, type Rebalance } from "./mover.js";
import { type PoolOptions, type ResolvedPoolOptions, resolveOptions } from "./options.js";
import { Outage } from "./outage.js";
import { type PoolChange, Roster, UNCHANGED } from "./roster.js";
import { sameError } from "./same-error.js";
import type { ServerFailure, ServerView } from "./server.js";
import type { ServerEntry } from "./server-entry.js";
import { ServerSelection } from "./server-selection.js";
import { isUnproven, judgeWait, LEAVING, standing, standingReason } from "./standing.js";

const AT_ONCE = Number.NEGATIVE_INFINITY;
const MAX_INCIDENTS = 100; // those nobody takes must not grow a long-lived process

/**
 * The servers of one connection, what is known of each, and the choice among them.
 *
 * The cycle is `decide` → `dialing` → `connected` or `failed` → … → `lost` → `decide`. Any number of servers may be dialled
 * or connected at once. Every `now` is in milliseconds on one clock of the caller's. Reports about an id the pool no longer
 * knows, or that do not fit the server's state, are ignored: a dial may end after its server was removed.
 *
 * Servers are dialled in rounds: each one whose wait is over once, before any of them again. So no ranking, wait or slow
 * dial can keep a live server from its turn.
 */
export class ServerPool {
  readonly #options: ResolvedPoolOptions;
  readonly #random: Random;
  readonly #roster: Roster;
  readonly #mover: Mover;
  readonly #selection: ServerSelection;
  readonly #outranked: string;
  #incidents: Error[] = [];
  #everConnected = false;
  #round = 1;
  /** An advertised server that never worked has failed in this outage. */
  #gossipFailed = false;
  readonly #outage: Outage;
  #latest: number = AT_ONCE; // moment of the last call

  /**
   * @param options as the user gave them, or resolved once by {@link resolveOptions} for many pools
   * @throws InvalidArgumentError for a server or an option that makes no sense.
   */
  constructor(options: PoolOptions | ResolvedPoolOptions, random: Random) {
    this.#options = "seeds" in options ? options : resolveOptions(options);
    this.#random = random;
    this.#roster = new Roster(this.#options.seeds);
    this.#mover = new Mover(this.#options, this.#roster, random, (error) => this.#report(error));
    this.#outage = new Outage(this.#options, random, (error) => this.#report(error));
    this.#selection = new ServerSelection(this.#options.selectServer, (error) => this.#report(error));
    this.#outranked = `ranks below {} by strategy ${this.#options.strategy.name}`;
  }

  /** Servers in rotation. */
  get size(): number {
    return this.#roster.entries.size;
  }

  /** All servers in rotation: seeds as listed, then advertised ones as learned. A frozen copy. */
  snapshot(): readonly ServerView[] {
    return Object.freeze([...this.#roster.entries.values()].map((entry) => entry.view(this.#outage.notBefore)));
  }

  /** Servers that used up their attempts, for a final report; advertised ones are forgotten with the next success. */
  exhausted(): readonly ServerView[] {
    return Object.freeze([...this.#roster.exhausted.values()].map((entry) => entry.view()));
  }

  /** One server, also one that just left the rotation; `undefined` once it is forgotten. */
  get(id: number): ServerView | undefined {
    return this.#roster.get(id)?.view(this.#outage.notBefore);
  }

  /** Errors of the caller's own functions since the last call, oldest first, 100 at most. */
  takeIncidents(): readonly Error[] {
    const taken = this.#incidents;
    this.#incidents = [];
    return taken;
  }

  /** Answers which server to dial now, or how long to wait, or that nothing is left to do. Always answers, never throws. */
  decide(now: number): Decision {
    this.#tick(now);
    const { entries, exhausted } = this.#roster;
    for (const entry of entries.values()) {
      if (entry.state === "idle" && this.#attemptsUsedUp(entry)) this.#roster.exhaust(entry);
    }
    if (entries.size === 0) return { kind: "give-up", reason: exhausted.size > 0 ? "max-attempts" : "empty-pool" };

    const eligible: ServerEntry[] = [];
    let until = Number.POSITIVE_INFINITY;
    const { notBefore, paced } = this.#outage;
    for (const entry of entries.values()) {
      if (entry.repeatedAuthError) return { kind: "give-up", reason: "repeated-auth-error" };
      const at = Math.max(entry.eligibleAt, notBefore);
      if (entry.state !== "idle") {
        entry.judge(entry.state === "dialing" ? "being dialled" : "connected");
      } else if (at > now) {
        until = Math.min(until, at);
        judgeWait(entry, notBefore, paced, now);
      } else {
        eligible.push(entry);
      }
    }
    const idle = (): ServerView[] => this.#idle();
    const promised = this.#selection.promised(idle, now);
    if (promised !== undefined) return promised;
    if (eligible.length === 0) return { kind: "wait", until: Number.isFinite(until) ? until : now + defaults.recheck };
    return this.#selection.select(this.#choose(eligible, now).view(), idle, now);
  }

  /**
   * Answers whether a working connection should move to another server, or when to ask again. Always answers, never throws,
   * and changes nothing but the time of its next look; how often it is asked makes no move more likely.
   */
  rebalance(now: number): Rebalance {
    this.#tick(now);
    const decision = this.#mover.decide(now);
    if (decision.kind !== "move" || decision.reason !== "lame-duck") return decision;
    const to = this.#selection.instead(decision.to, () => this.#idle());
    // One that waits would be dialled again as soon as it has failed: this is asked after every failure.
    return to.eligibleAt > now ? decision : { ...decision, to };
  }

  /** A dial of this server has begun. */
  dialing(id: number, now: number): void {
    this.#tick(now);
    const entry = this.#roster.byId.get(id);
    if (entry?.state === "idle") this.#begin(entry, now);
  }

  /** The dial succeeded: the server has answered the first PING. Clears every count and wait of this server. */
  connected(id: number, now: number): void {
    this.#tick(now);
    const entry = this.#roster.byId.get(id);
    if (entry === undefined || entry.state === "connected") return;
    if (entry.state === "idle") this.#begin(entry, now);
    entry.state = "connected";
    entry.everConnected = true;
    entry.lastConnectedAt = now;
    entry.consecutiveFailures = entry.pastFailures = entry.attemptsSpent = 0;
    entry.lameDuck = false;
    entry.leftGossip = false;
    this.#everConnected = true;
    this.#gossipFailed = false;
    this.#mover.settled(entry, now);
    this.#forgiveAuthErrors();
    for (const other of this.#roster.entries.values()) other.justLost = false;
    const { exhausted } = this.#roster;
    for (const [key, gone] of exhausted) if (gone.origin === "gossip") exhausted.delete(key);
  }

  /** A dial failed, or could not begin. The server waits for its backoff, or leaves when its attempts are used up. */
  failed(id: number, failure: Omit<ServerFailure, "at">, now: number): void {
    this.#tick(now);
    const entry = this.#roster.byId.get(id);
    if (entry === undefined || entry.state === "connected") return;
    if (entry.state === "idle") this.#begin(entry, now);
    const [kind, error] = [failure.kind, keptError(failure.error)];
    entry.state = "idle";
    entry.lastFailure = Object.freeze({ kind, error, at: now });
    entry.consecutiveFailures += 1;
    entry.eligibleAt = Math.max(entry.eligibleAt, now + this.#delay(entry.failuresSinceWoken, entry.lastFailure));
    if (this.#options.abortOnRepeatedAuthError && kind === "auth" && sameError(entry.authError, error)) {
      entry.repeatedAuthError = true;
    }
    entry.authError = kind === "auth" ? error : undefined;
    if (this.#everConnected) entry.attemptsSpent += 1;
    // The first address nobody ever reached tells of the network, not of an outage: the next failure is answered as soon.
    const stray = isUnproven(entry) && !this.#gossipFailed && (kind === "network" || kind === "timeout");
    if (isUnproven(entry)) this.#gossipFailed = true;
    if (this.#countsStrikes(now)) this.#outage.failed(entry.lastFailure, !stray, this.size, now);
    this.#mover.failed(entry, now);
    if (!this.#roster.inRotation(entry)) this.#roster.release(entry);
    else if (this.#attemptsUsedUp(entry)) this.#roster.exhaust(entry);
  }

  /**
   * An established connection ended. The next dial waits a uniform 0 to `firstAttemptJitter` and goes to another server
   * where one may be dialled. A server whose connections keep ending within seconds also backs off.
   */
  lost(id: number, error: Error, now: number): void {
    this.#tick(now);
    const entry = this.#roster.byId.get(id);
    if (entry?.state !== "connected") return;
    entry.state = "idle";
    const failure = Object.freeze({ kind: "lost", error: keptError(error), at: now } as const);
    entry.lastFailure = failure;
    // Without this, a server that accepts and then throws everybody out is dialled twenty times a second by each client.
    const short = now - (entry.lastConnectedAt ?? now) < defaults.stableAfter;
    entry.shortLinks = short ? entry.shortLinks + 1 : 0;
    if (entry.shortLinks > 1) {
      entry.eligibleAt = Math.max(entry.eligibleAt, now + this.#delay(entry.shortLinks - 1, failure));
    }
    for (const other of this.#roster.entries.values()) {
      if (other === entry || other.isSameServer(entry)) other.justLost = other.state === "idle";
    }
    this.#outage.lost(failure, short, this.size, now);
    this.#round += 1;
    this.#gossipFailed = false;
    this.#roster.release(entry);
  }

  /** A dial was called off, or a connection left on purpose: it says nothing against the server, and nothing waits for it. */
  left(id: number, now: number): void {
    this.#tick(now);
    const entry = this.#roster.byId.get(id);
    if (entry === undefined || entry.state === "idle") return;
    if (entry.state === "connected") entry.moved();
    entry.state = "idle";
    this.#roster.release(entry);
  }

  /**
   * A server to move to while another one still serves us: one that may be dialled now, is not a lame duck and has not proven
   * unreachable; `undefined` when there is none. The strategy chooses among them. Counts as a turn of its round only when it is dialled.
   */
  alternative(now: number): ServerView | undefined {
    this.#tick(now);
    const eligible = [...this.#roster.entries.values()].filter(
      (entry) =>
        entry.state === "idle" &&
        entry.eligibleAt <= now &&
        !this.#attemptsUsedUp(entry) &&
        standing(entry, this.#gossipFailed) < LEAVING,
    );
    if (eligible.length === 0) return undefined;
    return this.#selection.instead(this.#choose(eligible, now).view(), () => this.#idle());
  }

  /**
   * The server announced that it is leaving: it ranks last until a later connect to it succeeds, or another server
   * advertises it again after having advertised a list without it.
   */
  lameDuck(id: number, now: number): void {
    const entry = this.#roster.byId.get(id);
    if (entry === undefined) return;
    entry.lameDuck = true;
    entry.leftGossip = false;
    if (entry.state === "connected") this.#mover.leaving(now);
  }

  /** A round-trip time to this server in milliseconds, for the `latency` strategy. Smoothed; one that is none is ignored. */
  measured(id: number, rtt: number, _now: number): void {
    if (Number.isFinite(rtt) && rtt >= 0) this.#roster.byId.get(id)?.measure(rtt);
  }

  /**
   * Who answered at this server's URL: its INFO `server_id`, and the `host:port` of the peer where known. Two URLs of one server
   * stay two entries, for a name may lead elsewhere tomorrow; but both count as just lost, and none as a place to move to.
   */
  identified(id: number, serverId: string, address: string | undefined, _now: number): void {
    const entry = this.#roster.byId.get(id);
    if (entry === undefined) return;
    entry.serverId = serverId === "" ? undefined : serverId;
    entry.address = address;
  }

  /**
   * Takes in the list an INFO of server `from` advertised. Advertised servers that are not in it leave, unless they are
   * being dialled or connected; seeds never do. No list, and an empty one, say nothing and change nothing. What was learned
   * over WebSocket is judged by lists that come over WebSocket, everything else by those that do not.
   *
   * @param overTls the teacher demands TLS though its URL is `nats://`: what it teaches is then `tls://` (SEED-25)
   */
  advertise(urls: readonly string[] | undefined, from: number, now: number, overTls = false): PoolChange {
    const teacher = this.#roster.byId.get(from);
    const { gossip, parsing } = this.#options;
    if (teacher === undefined || gossip === "ignore" || urls === undefined || urls.length === 0) return UNCHANGED;
    const report = (error: Error): void => this.#report(error);
    const { change, arrived } = this.#roster.advertise(urls, teacher, overTls, gossip, parsing, report);
    this.#mover.arrived(arrived, teacher, now);
    return change;
  }

  /**
   * Replaces all servers, advertised ones included; a server that stays keeps its counts. Connections are not touched.
   *
   * @throws InvalidArgumentError before anything changes.
   */
  replace(servers: string | readonly string[]): PoolChange {
    const change = this.#roster.replace(servers, this.#options.parsing);
    this.#forgiveAuthErrors();
    return change;
  }

  /**
   * Takes in a newer answer to which seeds there are beside those of the options: servers it no longer names leave, but for
   * those the cluster itself advertises; one that stays keeps its counts. Connections are not touched.
   *
   * @throws InvalidArgumentError for an empty list and for one that cannot be read, before anything changes.
   */
  reseed(servers: string | readonly string[]): PoolChange {
    return this.#roster.reseed(servers, this.#options.parsing);
  }

  /** Ends every wait that is running, for a forced reconnect or a network that is back; the next begin small. Counts stay. */
  wakeNow(_now: number): void {
    this.#outage.wakeNow();
    this.#selection.forget();
    for (const entry of this.#roster.byId.values()) {
      entry.eligibleAt = AT_ONCE;
      entry.pastFailures = entry.consecutiveFailures;
      // The connection that is about to be dropped on purpose says nothing against its server.
      entry.shortLinks = 0;
    }
    this.#forgiveAuthErrors();
  }

  // A clock that goes back (a machine moved or restored) would make every wait longer by as much. So what is known moves along.
  #tick(now: number): void {
    if (now < this.#latest) {
      const back = now - this.#latest;
      for (const entry of this.#roster.byId.values()) entry.shift(back);
      this.#outage.shift(back);
      this.#mover.shift(back);
    }
    this.#latest = now;
  }

  #idle(): ServerView[] {
    return this.snapshot().filter(({ state }) => state === "idle");
  }

  #choose(eligible: readonly ServerEntry[], now: number): ServerEntry {
    let pending = eligible.filter((entry) => entry.round < this.#round);
    if (pending.length === 0) {
      this.#round += 1;
      pending = [...eligible];
    }
    const best = Math.min(...pending.map((entry) => standing(entry, this.#gossipFailed)));
    const chosen = this.#rank(
      pending.filter((entry) => standing(entry, this.#gossipFailed) === best),
      now,
    );
    for (const entry of eligible) {
      const place = standing(entry, this.#gossipFailed);
      if (entry === chosen) entry.judge("chosen");
      else if (!pending.includes(entry)) entry.judge("tried in this round");
      else if (place > best) entry.judge(standingReason(place));
      else entry.judge(this.#outranked, chosen.url.href);
    }
    return chosen;
  }

  #rank(candidates: readonly ServerEntry[], now: number): ServerEntry {
    const views = Object.freeze(candidates.map((entry) => entry.view()));
    const id = firstRanked(this.#options.strategy, views, { now, random: this.#random }, (e) => this.#report(e));
    const chosen = candidates.find((entry) => entry.id === id) ?? candidates[0];
    if (chosen === undefined) throw new RangeError("a choice needs candidates");
    return chosen;
  }

  #delay(failures: number, failure: ServerFailure): number {
    return safeDelay(this.#options.backoff, failures, failure, this.#random, (error) => this.#report(error));
  }

  /** False at the first connect, until every server has had its turn. Forgets the outage before a connection that lasts. */
  #countsStrikes(now: number): boolean {
    for (const entry of this.#roster.entries.values()) {
      if (!this.#everConnected && entry.round === 0) return false;
      if (entry.state !== "connected" || now - (entry.lastConnectedAt ?? now) < defaults.stableAfter) continue;
      this.#outage.over();
    }
    return true;
  }

  #begin(entry: ServerEntry, now: number): void {
    entry.state = "dialing";
    entry.judge("chosen");
    entry.justLost = false;
    entry.lastDialAt = now;
    entry.round = this.#round;
    entry.eligibleAt = now + (this.#options.backoff.minSpacing ?? 0);
  }

  #attemptsUsedUp(entry: ServerEntry): boolean {
    return this.#everConnected && entry.attemptsSpent >= this.#options.maxAttempts;
  }

  #forgiveAuthErrors(): void {
    for (const entry of this.#roster.byId.values()) {
      entry.authError = undefined;
      entry.repeatedAuthError = false;
    }
  }

  #report(error: Error): void {
    this.#incidents.push(error);
    if (this.#incidents.length > MAX_INCIDENTS) this.#incidents.shift();
  }
}
