// Which server next, and when. Values in, decisions out: the pool dials nothing, waits for nothing and knows no clock; its
// caller reports what happened and asks again. Same options, same chance and same calls give the same decisions.
// Source: decisions D3, D6, D11, D15; conformance SEED-*, RECONN-MAX-*, RECONN-RANDOM-*, RECONN-WAIT-*; ADR-40.

import { InvalidArgumentError, type Random } from "@myelin/contracts";
import { defaults } from "./defaults.js";
import { readGossip, serverNameOf } from "./gossip.js";
import { firstRanked, safeDelay } from "./guarded-policy.js";
import { type PoolOptions, type ResolvedPoolOptions, resolveOptions } from "./options.js";
import type { ServerFailure, ServerView } from "./server.js";
import { ServerEntry } from "./server-entry.js";
import { parseServerList } from "./server-list.js";
import { addressOf, type ServerUrl } from "./server-url.js";
import { LEAVING, standing, standingReason, waitReason } from "./standing.js";

/** What to do now. `until` is on the caller's clock; ask again then, or after the next report, whichever is first. */
export type Decision =
  | { readonly kind: "dial"; readonly server: ServerView }
  | { readonly kind: "wait"; readonly until: number }
  | { readonly kind: "give-up"; readonly reason: "max-attempts" | "repeated-auth-error" | "empty-pool" };

/** What a list did to the pool, as `host:port`; all empty when it changed nothing. */
export interface PoolChange {
  readonly added: readonly string[];
  readonly deleted: readonly string[];
  /** Advertised entries nothing can be made of, as they came. */
  readonly rejected: readonly string[];
}

const NONE: readonly string[] = Object.freeze([]);
const UNCHANGED: PoolChange = Object.freeze({ added: NONE, deleted: NONE, rejected: NONE });
const AT_ONCE = Number.NEGATIVE_INFINITY;
// Incidents nobody takes must not grow a long-lived process.
const MAX_INCIDENTS = 100;

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
  /** In rotation, by key, in pool order. */
  #entries = new Map<string, ServerEntry>();
  /** Those in rotation, and those taken out of it while a dial or connection of theirs goes on. */
  readonly #byId = new Map<number, ServerEntry>();
  /** Out of rotation for having used up their attempts. */
  readonly #exhausted = new Map<string, ServerEntry>();
  #incidents: Error[] = [];
  #nextId = 1;
  #everConnected = false;
  #round = 1;
  #failuresInOutage = 0;
  #notBefore: number = AT_ONCE;

  /** @throws InvalidArgumentError for a server or an option that makes no sense. */
  constructor(options: PoolOptions, random: Random) {
    this.#options = resolveOptions(options);
    this.#random = random;
    for (const url of this.#options.seeds) this.#add(url, "seed", undefined, url.hostname);
  }

  /** Servers in rotation. */
  get size(): number {
    return this.#entries.size;
  }

  /** All servers in rotation: seeds as listed, then advertised ones as learned. A frozen copy. */
  snapshot(): readonly ServerView[] {
    return Object.freeze([...this.#entries.values()].map((entry) => entry.view()));
  }

  /** Servers that used up their attempts, for a final report; advertised ones are forgotten with the next success. */
  exhausted(): readonly ServerView[] {
    return Object.freeze([...this.#exhausted.values()].map((entry) => entry.view()));
  }

  /** One server, also one that just left the rotation; `undefined` once it is forgotten. */
  get(id: number): ServerView | undefined {
    return (this.#byId.get(id) ?? [...this.#exhausted.values()].find((entry) => entry.id === id))?.view();
  }

  /** Errors of the caller's own functions since the last call, oldest first, 100 at most. */
  takeIncidents(): readonly Error[] {
    const taken = this.#incidents;
    this.#incidents = [];
    return taken;
  }

  /** Answers which server to dial now, or how long to wait, or that nothing is left to do. Always answers, never throws. */
  decide(now: number): Decision {
    for (const entry of this.#entries.values()) {
      if (entry.state === "idle" && this.#attemptsUsedUp(entry)) this.#exhaust(entry);
    }
    const entries = [...this.#entries.values()];
    if (entries.length === 0)
      return { kind: "give-up", reason: this.#exhausted.size > 0 ? "max-attempts" : "empty-pool" };
    if (entries.some((entry) => entry.repeatedAuthError)) return { kind: "give-up", reason: "repeated-auth-error" };

    const eligible: ServerEntry[] = [];
    let until = Number.POSITIVE_INFINITY;
    for (const entry of entries) {
      const at = Math.max(entry.eligibleAt, this.#notBefore);
      if (entry.state !== "idle") {
        entry.reason = entry.state === "dialing" ? "being dialled" : "connected";
      } else if (at > now) {
        until = Math.min(until, at);
        entry.reason = waitReason(entry, this.#notBefore, now);
      } else {
        eligible.push(entry);
      }
    }
    if (eligible.length === 0) return { kind: "wait", until: Number.isFinite(until) ? until : now + defaults.recheck };
    return { kind: "dial", server: this.#choose(eligible, now).view() };
  }

  /** A dial of this server has begun. */
  dialing(id: number, now: number): void {
    const entry = this.#byId.get(id);
    if (entry?.state === "idle") this.#begin(entry, now);
  }

  /** The dial succeeded: the server has answered the first PING. Clears every count and wait of this server. */
  connected(id: number, now: number): void {
    const entry = this.#byId.get(id);
    if (entry === undefined || entry.state === "connected") return;
    if (entry.state === "idle") this.#begin(entry, now);
    entry.state = "connected";
    entry.everConnected = true;
    entry.lastConnectedAt = now;
    entry.consecutiveFailures = 0;
    entry.attemptsSpent = 0;
    entry.lameDuck = false;
    entry.leftGossip = false;
    this.#everConnected = true;
    this.#failuresInOutage = 0;
    this.#forgiveAuthErrors();
    for (const other of this.#entries.values()) other.justLost = false;
    for (const [key, gone] of this.#exhausted) if (gone.origin === "gossip") this.#exhausted.delete(key);
  }

  /** A dial failed, or could not begin. The server waits for its backoff, or leaves when its attempts are used up. */
  failed(id: number, failure: Omit<ServerFailure, "at">, now: number): void {
    const entry = this.#byId.get(id);
    if (entry === undefined || entry.state === "connected") return;
    if (entry.state === "idle") this.#begin(entry, now);
    const { kind, error } = failure;
    entry.state = "idle";
    entry.lastFailure = Object.freeze({ kind, error, at: now });
    entry.consecutiveFailures += 1;
    entry.eligibleAt = Math.max(entry.eligibleAt, now + this.#delay(entry.consecutiveFailures, entry.lastFailure));
    if (this.#options.abortOnRepeatedAuthError && kind === "auth" && sameError(entry.authError, error)) {
      entry.repeatedAuthError = true;
    }
    entry.authError = kind === "auth" ? error : undefined;
    if (this.#everConnected) entry.attemptsSpent += 1;
    this.#failuresInOutage += 1;
    for (const other of this.#entries.values()) other.justLost = false;
    if (!this.#inRotation(entry)) this.#byId.delete(id);
    else if (this.#attemptsUsedUp(entry)) this.#exhaust(entry);
  }

  /**
   * An established connection ended. The next dial waits a uniform 0 to `firstAttemptJitter` and goes to another server
   * where one may be dialled. A server whose connections keep ending within seconds also backs off.
   */
  lost(id: number, error: Error, now: number): void {
    const entry = this.#byId.get(id);
    if (entry?.state !== "connected") return;
    entry.state = "idle";
    entry.lastFailure = Object.freeze({ kind: "lost", error, at: now });
    // Without this, a server that accepts and then throws everybody out is dialled twenty times a second by each client.
    const short = now - (entry.lastConnectedAt ?? now) < defaults.stableAfter;
    entry.shortLinks = short ? entry.shortLinks + 1 : 0;
    if (entry.shortLinks > 1) {
      entry.eligibleAt = Math.max(entry.eligibleAt, now + this.#delay(entry.shortLinks - 1, entry.lastFailure));
    }
    entry.justLost = true;
    this.#notBefore = now + this.#random() * this.#options.firstAttemptJitter;
    this.#round += 1;
    this.#failuresInOutage = 0;
    if (!this.#inRotation(entry)) this.#byId.delete(id);
  }

  /**
   * A dial was called off, or a connection left on purpose: it says nothing against the server, and nothing waits for it.
   */
  left(id: number, _now: number): void {
    const entry = this.#byId.get(id);
    if (entry === undefined || entry.state === "idle") return;
    entry.state = "idle";
    if (!this.#inRotation(entry)) this.#byId.delete(id);
  }

  /**
   * A server to move to while another one still serves us: one that may be dialled now, is not a lame duck and has not proven
   * unreachable; `undefined` when there is none. The strategy chooses among them. Counts as a turn of its round only when it is dialled.
   */
  alternative(now: number): ServerView | undefined {
    const eligible = [...this.#entries.values()].filter(
      (entry) =>
        entry.state === "idle" &&
        entry.eligibleAt <= now &&
        !this.#attemptsUsedUp(entry) &&
        standing(entry, this.#failuresInOutage) < LEAVING,
    );
    return eligible.length === 0 ? undefined : this.#choose(eligible, now).view();
  }

  /**
   * The server announced that it is leaving: it ranks last until a later connect to it succeeds, or another server
   * advertises it again after having advertised a list without it.
   */
  lameDuck(id: number, _now: number): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    entry.lameDuck = true;
    entry.leftGossip = false;
  }

  /**
   * Takes in the list an INFO of server `from` advertised. Advertised servers that are not in it leave, unless they are
   * being dialled or connected; seeds never do. No list, and an empty one, say nothing and change nothing. What was learned
   * over WebSocket is judged by lists that come over WebSocket, everything else by those that do not.
   *
   * @param overTls the teacher demands TLS though its URL is `nats://`: what it teaches is then `tls://` (SEED-25)
   */
  advertise(urls: readonly string[] | undefined, from: number, _now: number, overTls = false): PoolChange {
    const teacher = this.#byId.get(from);
    const { gossip: policy, parsing } = this.#options;
    if (teacher === undefined || policy === "ignore" || urls === undefined || urls.length === 0) return UNCHANGED;
    const gossip = readGossip(urls, teacher.url, overTls, policy, parsing, (error) => this.#report(error));
    const added: string[] = [];
    const deleted: string[] = [];
    // A list tells of listeners of one kind: that of the connection it came over. Those of the other kind it cannot miss.
    const known = [...this.#entries].filter(([, { learnedFrom, url }]) => {
      return isWebSocket(learnedFrom ?? url.href) === isWebSocket(teacher.url.href);
    });
    for (const [key, entry] of gossip.credible ? known : []) {
      const listed = gossip.servers.has(key);
      if (entry.lameDuck && entry.id !== from) {
        if (listed && entry.leftGossip) entry.lameDuck = false;
        entry.leftGossip = !listed;
      }
      if (!listed && entry.origin === "gossip" && entry.state === "idle") {
        this.#entries.delete(key);
        this.#byId.delete(entry.id);
        deleted.push(addressOf(entry.url));
      }
    }
    for (const [key, url] of gossip.servers) {
      if (this.#entries.has(key)) continue;
      this.#learn(url, teacher);
      added.push(addressOf(url));
    }
    return Object.freeze({ added, deleted, rejected: gossip.rejected });
  }

  /**
   * Replaces all servers, advertised ones included; a server that stays keeps its counts. Connections are not touched.
   *
   * @throws InvalidArgumentError before anything changes.
   */
  replace(servers: string | readonly string[]): PoolChange {
    if (servers === undefined) throw new InvalidArgumentError("servers", "name at least one server");
    const urls = parseServerList(servers, this.#options.parsing);
    const before = this.#entries;
    this.#entries = new Map();
    this.#exhausted.clear();
    const added: string[] = [];
    for (const url of urls) {
      const known = this.#find(url.key);
      if (!before.has(url.key)) added.push(addressOf(url));
      if (known === undefined) {
        this.#add(url, "seed", undefined, url.hostname);
        continue;
      }
      known.url = url;
      known.origin = "seed";
      known.learnedFrom = undefined;
      known.serverName = url.hostname;
      this.#entries.set(url.key, known);
    }
    const deleted: string[] = [];
    for (const [key, entry] of before) {
      if (this.#entries.has(key)) continue;
      deleted.push(addressOf(entry.url));
      if (entry.state === "idle") this.#byId.delete(entry.id);
    }
    this.#forgiveAuthErrors();
    return Object.freeze({ added, deleted, rejected: NONE });
  }

  /** Ends every wait that is running, once: a forced reconnect does not sit out a backoff. Counts stay. */
  wakeNow(_now: number): void {
    this.#notBefore = AT_ONCE;
    for (const entry of this.#byId.values()) {
      entry.eligibleAt = AT_ONCE;
      // The connection that is about to be dropped on purpose says nothing against its server.
      entry.shortLinks = 0;
    }
    this.#forgiveAuthErrors();
  }

  #choose(eligible: readonly ServerEntry[], now: number): ServerEntry {
    let pending = eligible.filter((entry) => entry.round < this.#round);
    if (pending.length === 0) {
      this.#round += 1;
      pending = [...eligible];
    }
    const best = Math.min(...pending.map((entry) => standing(entry, this.#failuresInOutage)));
    const candidates = pending.filter((entry) => standing(entry, this.#failuresInOutage) === best);
    const chosen = this.#rank(candidates, now);
    for (const entry of eligible) {
      const place = standing(entry, this.#failuresInOutage);
      if (entry === chosen) entry.reason = "chosen";
      else if (!pending.includes(entry)) entry.reason = "tried in this round";
      else if (place > best) entry.reason = standingReason(place);
      else entry.reason = `ranks below ${chosen.url.href} by strategy ${this.#options.strategy.name}`;
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

  #begin(entry: ServerEntry, now: number): void {
    entry.state = "dialing";
    entry.lastDialAt = now;
    entry.round = this.#round;
    entry.eligibleAt = now + (this.#options.backoff.minSpacing ?? 0);
  }

  #learn(url: ServerUrl, teacher: ServerEntry): void {
    const { href } = teacher.url;
    const gone = this.#exhausted.get(url.key);
    this.#exhausted.delete(url.key);
    const known = this.#find(url.key);
    if (known !== undefined) {
      // Taken out by replace() while it was in use: it is still the same server, and still in use.
      known.origin = "gossip";
      known.learnedFrom = href;
      this.#entries.set(url.key, known);
    } else if (gone?.origin === "seed") {
      this.#add(gone.url, "seed", href, gone.serverName);
    } else {
      this.#add(url, "gossip", href, serverNameOf(url, teacher.serverName));
    }
  }

  #add(url: ServerUrl, origin: ServerView["origin"], learnedFrom: string | undefined, serverName: string): void {
    const entry = new ServerEntry(this.#nextId, url, origin, learnedFrom, serverName);
    this.#nextId += 1;
    this.#entries.set(url.key, entry);
    this.#byId.set(entry.id, entry);
  }

  #find(key: string): ServerEntry | undefined {
    return this.#entries.get(key) ?? [...this.#byId.values()].find((entry) => entry.url.key === key);
  }

  #inRotation(entry: ServerEntry): boolean {
    return this.#entries.get(entry.url.key) === entry;
  }

  #attemptsUsedUp(entry: ServerEntry): boolean {
    return this.#everConnected && entry.attemptsSpent >= this.#options.maxAttempts;
  }

  #exhaust(entry: ServerEntry): void {
    entry.reason = `left the rotation after ${entry.attemptsSpent} failed attempts in a row`;
    this.#entries.delete(entry.url.key);
    this.#byId.delete(entry.id);
    this.#exhausted.set(entry.url.key, entry);
  }

  #forgiveAuthErrors(): void {
    for (const entry of this.#byId.values()) {
      entry.authError = undefined;
      entry.repeatedAuthError = false;
    }
  }

  #report(error: Error): void {
    this.#incidents.push(error);
    if (this.#incidents.length > MAX_INCIDENTS) this.#incidents.shift();
  }
}

function isWebSocket(href: string): boolean {
  return /^wss?:/.test(href);
}

function sameError(a: Error | undefined, b: Error): boolean {
  return a !== undefined && a.name === b.name && a.message === b.message && codeOf(a) === codeOf(b);
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : undefined;
}
