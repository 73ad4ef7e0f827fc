// Which servers there are: seeds and advertised ones, in and out of rotation, and what a list does to them. When to dial whom
// is server-pool.ts. Source: decisions D3, D4; conformance SEED-18…31, RECONN-MAX-4.

import { InvalidArgumentError } from "@myelin/contracts";
import type { PolicyError } from "./errors.js";
import { type GossipPolicy, readGossip, serverNameOf } from "./gossip.js";
import type { ServerView } from "./server.js";
import { ServerEntry } from "./server-entry.js";
import { parseServerList } from "./server-list.js";
import { addressOf, type ServerUrl, type ServerUrlOptions } from "./server-url.js";

/** What a list did to the pool, as `host:port`, of a unix socket its path; all empty when it changed nothing. */
export interface PoolChange {
  /** Servers that are new. */
  readonly added: readonly string[];
  /** Servers that left. */
  readonly deleted: readonly string[];
  /** Advertised entries nothing can be made of, as they came. */
  readonly rejected: readonly string[];
}

/** A change, and the servers that were not there, or were unlisted, before: new to the cluster, or back. */
export interface Advertised {
  readonly change: PoolChange;
  readonly arrived: readonly ServerEntry[];
}

const NONE: readonly never[] = Object.freeze([]);
export const UNCHANGED: PoolChange = Object.freeze({ added: NONE, deleted: NONE, rejected: NONE });

export class Roster {
  /** In rotation, by key, in pool order: seeds as listed, then advertised servers as learned. */
  entries: Map<string, ServerEntry> = new Map();
  /** Those in rotation, and those taken out of it while a dial or connection of theirs goes on. */
  readonly byId: Map<number, ServerEntry> = new Map();
  /** Out of rotation for having used up their attempts. */
  readonly exhausted: Map<string, ServerEntry> = new Map();
  #nextId = 1;
  #hadList = false;

  constructor(seeds: readonly ServerUrl[]) {
    for (const url of seeds) this.#add(url, "seed", undefined, url.hostname);
  }

  get(id: number): ServerEntry | undefined {
    return this.byId.get(id) ?? [...this.exhausted.values()].find((entry) => entry.id === id);
  }

  inRotation(entry: ServerEntry): boolean {
    return this.entries.get(entry.url.key) === entry;
  }

  /** Takes it out for having used up its attempts. */
  exhaust(entry: ServerEntry): void {
    entry.judge(`left the rotation after ${entry.attemptsSpent} failed attempts in a row`);
    this.entries.delete(entry.url.key);
    this.byId.delete(entry.id);
    this.exhausted.set(entry.url.key, entry);
  }

  /** Forgets a server that left the rotation while in use, and is in use no longer. */
  release(entry: ServerEntry): void {
    if (!this.inRotation(entry)) this.byId.delete(entry.id);
  }

  /** Takes in the list `teacher` advertised. Seeds and servers in use stay. */
  advertise(
    urls: readonly string[],
    teacher: ServerEntry,
    overTls: boolean,
    policy: Exclude<GossipPolicy, "ignore">,
    parsing: ServerUrlOptions,
    report: (error: PolicyError) => void,
  ): Advertised {
    const known = (key: string): ServerUrl | undefined => this.entries.get(key)?.url;
    const gossip = readGossip(urls, teacher.url, overTls, policy, parsing, report, known);
    const added: string[] = [];
    const deleted: string[] = [];
    const arrived: ServerEntry[] = [];
    for (const [key, entry] of gossip.credible ? this.entries : []) {
      // A list tells of listeners of one kind: that of the connection it came over. Those of the other kind it cannot miss.
      if (isWebSocket(entry.learnedFrom ?? entry.url.href) !== isWebSocket(teacher.url.href)) continue;
      const listed = gossip.servers.has(key);
      if (entry.lameDuck && entry.id !== teacher.id) {
        if (listed && entry.leftGossip) entry.lameDuck = false;
        entry.leftGossip = !listed;
      }
      if (listed && (entry.listed === false || (entry.listed === undefined && this.#hadList))) arrived.push(entry);
      // A seed that is a name no server advertises says nothing by being absent.
      if (listed || entry.listed !== undefined) entry.listed = listed;
      if (!listed && entry.origin === "gossip" && entry.state === "idle") {
        this.entries.delete(key);
        this.byId.delete(entry.id);
        deleted.push(addressOf(entry.url));
      }
    }
    for (const [key, url] of gossip.servers) {
      if (this.entries.has(key)) continue;
      const entry = this.#learn(url, teacher);
      entry.listed = true;
      arrived.push(entry);
      added.push(addressOf(url));
    }
    if (gossip.credible) this.#hadList = true;
    const { rejected } = gossip;
    const same = added.length + deleted.length + rejected.length === 0;
    return { change: same ? UNCHANGED : Object.freeze({ added, deleted, rejected }), arrived };
  }

  /**
   * Replaces all servers; one that stays keeps its counts.
   *
   * @throws InvalidArgumentError before anything changes.
   */
  replace(servers: string | readonly string[], parsing: ServerUrlOptions): PoolChange {
    if (servers === undefined) throw new InvalidArgumentError("servers", "name at least one server");
    const urls = parseServerList(servers, parsing);
    const before = this.entries;
    this.entries = new Map();
    this.exhausted.clear();
    const added: string[] = [];
    for (const url of urls) {
      if (!before.has(url.key)) added.push(addressOf(url));
      this.#seed(before.get(url.key) ?? this.#find(url.key), url).resolved = false;
    }
    const deleted: string[] = [];
    for (const [key, entry] of before) {
      if (this.entries.has(key)) continue;
      deleted.push(addressOf(entry.url));
      if (entry.state === "idle") this.byId.delete(entry.id);
    }
    return Object.freeze({ added, deleted, rejected: NONE });
  }

  /**
   * Replaces the seeds of the answer before; those of the options and advertised servers stay.
   *
   * @throws InvalidArgumentError before anything changes.
   */
  reseed(servers: string | readonly string[], parsing: ServerUrlOptions): PoolChange {
    if (servers === undefined) throw new InvalidArgumentError("servers", "name at least one server");
    const urls = new Map(parseServerList(servers, parsing).map((url) => [url.key, url]));
    const before = this.entries;
    this.entries = new Map();
    for (const [key, entry] of before) if (entry.origin === "seed" && !entry.resolved) this.entries.set(key, entry);
    const added: string[] = [];
    for (const [key, url] of urls) {
      // What used up its attempts does not get new ones by being answered again.
      if (this.entries.has(key) || this.exhausted.has(key)) continue;
      if (!before.has(key)) added.push(addressOf(url));
      this.#seed(before.get(key) ?? this.#find(key), url).resolved = true;
    }
    for (const [key, entry] of this.exhausted) if (entry.resolved && !urls.has(key)) this.exhausted.delete(key);
    const deleted: string[] = [];
    for (const [key, entry] of before) {
      if (this.entries.has(key)) continue;
      if (entry.resolved && entry.listed !== true) {
        deleted.push(addressOf(entry.url));
        if (entry.state === "idle") this.byId.delete(entry.id);
        continue;
      }
      entry.origin = "gossip";
      entry.resolved = false;
      this.entries.set(key, entry);
    }
    if (added.length + deleted.length === 0) return UNCHANGED;
    return Object.freeze({ added, deleted, rejected: NONE });
  }

  #learn(url: ServerUrl, teacher: ServerEntry): ServerEntry {
    const { href } = teacher.url;
    const gone = this.exhausted.get(url.key);
    this.exhausted.delete(url.key);
    const known = this.#find(url.key);
    if (known !== undefined) {
      // Taken out by replace() while it was in use: it is still the same server, and still in use.
      known.origin = "gossip";
      known.learnedFrom = href;
      this.entries.set(url.key, known);
      return known;
    }
    if (gone?.origin === "seed") return this.#add(gone.url, "seed", href, gone.serverName);
    return this.#add(url, "gossip", href, serverNameOf(url, teacher.serverName));
  }

  // In rotation as a seed, with the counts it has.
  #seed(known: ServerEntry | undefined, url: ServerUrl): ServerEntry {
    if (known === undefined) return this.#add(url, "seed", undefined, url.hostname);
    known.url = url;
    known.origin = "seed";
    known.learnedFrom = undefined;
    known.serverName = url.hostname;
    this.entries.set(url.key, known);
    return known;
  }

  #add(url: ServerUrl, origin: ServerView["origin"], learnedFrom: string | undefined, serverName: string): ServerEntry {
    const entry = new ServerEntry(this.#nextId, url, origin, learnedFrom, serverName);
    this.#nextId += 1;
    this.entries.set(url.key, entry);
    this.byId.set(entry.id, entry);
    return entry;
  }

  // Among those in use only: what is in rotation is in `entries`.
  #find(key: string): ServerEntry | undefined {
    for (const entry of this.byId.values()) if (entry.url.key === key) return entry;
    return undefined;
  }
}

function isWebSocket(href: string): boolean {
  return /^wss?:/.test(href);
}
