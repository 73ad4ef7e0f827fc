// A plain model of the pool's rules, told the same random story as a real pool: what the pool may never do, and what it must.
// A story replays from its number. Which server is the best choice is not here; strategies have tests of their own.

import type { Random } from "@myelin/contracts";
import {
  latency,
  ordered,
  orderedWithFailback,
  type PoolChange,
  type PoolOptions,
  random,
  ServerPool,
  type ServerView,
  type Strategy,
  zones,
} from "../src/index.js";
import { freshlyKnown, type Known } from "./known.js";
import { mulberry32 } from "./mulberry32.js";

export type MakePool = (options: PoolOptions, random: Random) => ServerPool;

const HOSTS = ["a", "b", "c", "d", "e", "f"] as const;
const AT_ONCE = Number.NEGATIVE_INFINITY;
const STABLE = 5_000;
const JITTER = 100;
const WAIT = 1_000;
const PACE = 300;
const STRATEGIES: readonly Strategy[] = [
  random,
  ordered,
  orderedWithFailback({ settle: 3_000 }),
  zones({ settle: 3_000 }),
  latency({ settle: 3_000 }),
  { name: "reversed", rank: (servers) => [...servers].reverse() },
  { name: "hostile", rank: (servers) => servers.slice(2), better: (_current, servers) => servers[0] },
];

export class PoolModel {
  readonly log: string[] = [];
  readonly #chance: Random;
  readonly #pool: ServerPool;
  readonly #maxAttempts: number;
  #lastDraw = 0;
  #now = 0;
  #gate = AT_ONCE;
  #strikes = 0;
  #everConnected = false;
  #gossipFailed = false;
  #known = new Map<string, Known>();
  /** Taken out by replace() while in use. */
  readonly #detached = new Map<string, Known>();
  readonly #exhaustedSeeds = new Set<string>();
  readonly #justLost = new Set<string>();
  #dialCount = 0;
  #lossAt = 0; // number of dials at the last loss
  #dueAtDial: string[][] = [];

  constructor(story: number, make: MakePool = (options, chance) => new ServerPool(options, chance)) {
    this.#chance = mulberry32(story);
    const poolChance = mulberry32(story + 0x5eed);
    this.#maxAttempts = this.#pick([-1, -1, -1, 0, 1, 3]);
    const servers = this.#hosts(1);
    const options: PoolOptions = {
      servers,
      strategy: this.#pick(STRATEGIES),
      maxAttempts: this.#maxAttempts,
      firstAttemptJitter: JITTER,
      rebalance: this.#chance() < 0.5 && { interval: 5_000 },
      backoff: { delay: (n) => n * WAIT, pace: ({ failuresInOutage }) => failuresInOutage * PACE },
    };
    this.#pool = make(options, () => (this.#lastDraw = poolChance()));
    for (const host of servers) this.#known.set(host, this.#fresh(true));
  }

  /** One random thing happens; then everything must fit. */
  step(): void {
    const dice = this.#chance();
    if (dice < 0.45) this.#turn();
    else if (dice < 0.53) this.#endSome();
    else if (dice < 0.64) this.#lose();
    else if (dice < 0.72) this.#now += this.#chance() * 40_000;
    else if (dice < 0.82) this.#advertise();
    else if (dice < 0.85) this.#replace();
    else if (dice < 0.88) this.#withSome((view) => this.#pool.lameDuck(view.id, this.#now));
    else if (dice < 0.9) this.#withSome((view) => this.#pool.measured(view.id, this.#chance() * 100, this.#now));
    else if (dice < 0.92) this.#wake();
    else if (dice < 0.94) this.#jumpBack();
    else this.#rebalance();
    this.#compare();
  }

  /** From here on every dial is answered: a connection must come of it, unless all attempts are used up. */
  settle(): void {
    for (const [host, { state }] of this.#all()) {
      if (state === "connected") return;
      if (state === "dialing") this.#end(host, false, "network");
    }
    for (let turns = 0; turns < 50; turns += 1) {
      const decision = this.#pool.decide(this.#now);
      if (decision.kind === "give-up") {
        check(this.#maxAttempts >= 0, "gives up by itself");
        return;
      }
      if (decision.kind === "dial") {
        this.#dial(decision.server.url.hostname, decision.server.id);
        this.#end(decision.server.url.hostname, true, "network");
        this.#compare();
        return;
      }
      check(decision.until <= this.#now + 120_000, "waits for minutes");
      this.#now = decision.until;
    }
    throw new Error("never settles");
  }

  #turn(): void {
    for (const [host, known] of this.#known)
      if (known.state === "idle" && this.#usedUp(known)) this.#retire(host, known);
    const decision = this.#pool.decide(this.#now);
    const due = [...this.#known].filter(([, known]) => this.#isDue(known)).map(([host]) => host);
    if (decision.kind === "give-up") {
      this.log.push(decision.reason);
      check(this.#known.size === 0, "gives up with servers left");
      return;
    }
    if (decision.kind === "wait") {
      this.log.push(`wait ${decision.until}`);
      check(due.length === 0, `waits although ${due} may be dialled`);
      const waiting = [...this.#known.values()].filter(({ state }) => state === "idle");
      const first = Math.min(...waiting.map(({ notBefore }) => Math.max(notBefore, this.#gate)));
      const until = waiting.length > 0 ? first : this.#now + 1_000;
      // Sums of the same times, not always added up in the same order.
      check(Math.abs(decision.until - until) < 0.001, `waits until ${decision.until} at ${this.#now}, not ${until}`);
      this.#now = decision.until;
      return;
    }
    const host = decision.server.url.hostname;
    this.log.push(`dial ${host} at ${this.#now}`);
    check(due.includes(host), `dials ${host}, which is gone, in use, or waits`);
    check(decision.server.reason === "chosen", "chooses without a reason");
    if (this.#justLost.has(host)) {
      const tried = (one: string): boolean => (this.#known.get(one)?.lastTurn ?? -1) >= this.#lossAt;
      const other = due.filter((one) => !this.#justLost.has(one) && !tried(one) && !this.#isDemoted(one));
      check(other.length === 0, `goes back to ${host}, just lost, although ${other} may be dialled`);
    }
    this.#checkRounds(host);
    this.#dueAtDial[this.#dialCount] = due.filter((one) => one !== host);
    this.#known.get(host)?.dials.unshift(this.#dialCount);
    this.#dial(host, decision.server.id);
    this.#now += this.#pick([0, 1, 700, 5_000]);
    const outcome = this.#chance();
    if (outcome < 0.85) this.#end(host, outcome < 0.3, outcome < 0.7 ? "network" : "auth");
  }

  #dial(host: string, id: number): void {
    this.#pool.dialing(id, this.#now);
    this.#justLost.delete(host);
    const known = this.#known.get(host);
    if (known === undefined) return;
    Object.assign(known, { id, state: "dialing", notBefore: this.#now, everDialled: true, lastTurn: this.#dialCount });
    this.#dialCount += 1;
  }

  #end(host: string, ok: boolean, kind: "network" | "auth"): void {
    const known = this.#known.get(host) ?? this.#detached.get(host);
    if (known?.id === undefined || known.state !== "dialing") return;
    if (ok) {
      this.#justLost.clear();
      this.#pool.connected(known.id, this.#now);
      Object.assign(known, {
        state: "connected",
        failures: 0,
        past: 0,
        spent: 0,
        connectedAt: this.#now,
        everConnected: true,
      });
      this.#everConnected = true;
      this.#gossipFailed = false;
      return;
    }
    this.#pool.failed(known.id, { kind, error: new Error("x") }, this.#now);
    known.state = "idle";
    known.failures += 1;
    known.notBefore = this.#now + (known.failures - known.past) * WAIT;
    if (this.#everConnected) known.spent += 1;
    const unproven = !known.seed && !known.everConnected;
    const stray = unproven && !this.#gossipFailed && kind === "network";
    if (unproven) this.#gossipFailed = true;
    const servers = [...this.#known.values()];
    if (this.#everConnected || servers.every((one) => one.everDialled)) {
      if (servers.some((one) => one.state === "connected" && this.#now - one.connectedAt >= STABLE)) this.#strikes = 0;
      if (!stray) this.#strikes += 1;
      this.#gate = Math.max(this.#gate, this.#now + Math.max(1, this.#strikes) * PACE);
    }
    this.#detached.delete(host);
    if (this.#known.get(host) === known && this.#usedUp(known)) this.#retire(host, known);
  }

  #endSome(): void {
    const dialing = this.#all().filter(([, known]) => known.state === "dialing");
    const [host] = dialing[Math.floor(this.#chance() * dialing.length)] ?? [];
    if (host !== undefined) this.#end(host, this.#chance() < 0.5, "network");
  }

  #lose(): void {
    const [host, known] = this.#all().find(([, one]) => one.state === "connected") ?? [];
    if (host === undefined || known?.id === undefined) return;
    this.#now += this.#pick([0, 10, 6_000, 60_000]);
    if (this.#chance() < 0.2) {
      this.#pool.left(known.id, this.#now);
      Object.assign(known, { state: "idle", shortLinks: 0 });
      this.#detached.delete(host);
      return;
    }
    this.#pool.lost(known.id, new Error("reset"), this.#now);
    const short = this.#now - known.connectedAt < STABLE;
    known.state = "idle";
    known.shortLinks = short ? known.shortLinks + 1 : 0;
    if (known.shortLinks > 1) known.notBefore = Math.max(known.notBefore, this.#now + (known.shortLinks - 1) * WAIT);
    // The pool's own draw: that it is used as it should is what is checked.
    this.#gate = this.#now + this.#lastDraw * JITTER;
    if (short && this.#strikes > 0) this.#gate = Math.max(this.#gate, this.#now + this.#strikes * PACE);
    this.#strikes = short ? this.#strikes + 1 : 0;
    this.#gossipFailed = false;
    for (const other of this.#known.values()) other.dials = [];
    this.#dueAtDial = [];
    this.#lossAt = this.#dialCount;
    if (this.#known.get(host) === known) this.#justLost.add(host);
    this.#detached.delete(host);
  }

  #advertise(): void {
    const [teacher, { id = 0 } = {}] = [...this.#known].find(([, known]) => known.state === "connected") ?? [];
    if (teacher === undefined) return;
    const list = this.#hosts(0);
    const before = new Set(this.#known.keys());
    const change = this.#pool.advertise(
      list.map((host) => `${host}:4222`),
      id,
      this.#now,
    );
    for (const [host, known] of list.length === 0 ? [] : this.#known) {
      if (!known.seed && known.state === "idle" && !list.includes(host)) this.#forget(host);
    }
    for (const host of list) {
      if (this.#known.has(host)) continue;
      const revived = this.#detached.get(host);
      this.#detached.delete(host);
      if (revived !== undefined) Object.assign(revived, { seed: false, since: this.#dialCount });
      this.#known.set(host, revived ?? this.#fresh(this.#exhaustedSeeds.delete(host)));
    }
    this.#checkChange(change, before);
  }

  #replace(): void {
    const list = this.#hosts(1);
    const before = new Set(this.#known.keys());
    const change = this.#pool.replace(list);
    const old = this.#known;
    this.#known = new Map();
    this.#exhaustedSeeds.clear();
    for (const host of list) {
      const known = old.get(host) ?? this.#detached.get(host) ?? this.#fresh(true);
      this.#detached.delete(host);
      this.#known.set(host, Object.assign(known, { seed: true, since: this.#dialCount }));
      old.delete(host);
    }
    for (const [host, known] of old) if (known.state !== "idle") this.#detached.set(host, known);
    for (const host of this.#justLost) if (!this.#known.has(host)) this.#justLost.delete(host);
    this.#checkChange(change, before);
  }

  #wake(): void {
    this.#pool.wakeNow(this.#now);
    this.#gate = AT_ONCE;
    this.#strikes = 0;
    for (const [, one] of this.#all()) Object.assign(one, { notBefore: this.#now, past: one.failures, shortLinks: 0 });
  }

  #jumpBack(): void {
    const back = this.#chance() * 600_000;
    // A pool has no clock: it knows the moments it was told.
    this.#pool.rebalance(this.#now);
    this.#now -= back;
    this.#gate -= back;
    for (const [, known] of this.#all()) {
      known.notBefore -= back;
      known.connectedAt -= back;
    }
    this.#pool.rebalance(this.#now);
  }

  #rebalance(): void {
    const answer = this.#pool.rebalance(this.#now);
    const links = this.#all().filter(([, known]) => known.state === "connected");
    if (answer.kind === "stay") {
      check(answer.until === undefined || answer.until > this.#now, "stays until the past");
      return;
    }
    const host = answer.to.url.hostname;
    const known = this.#known.get(host);
    this.log.push(`move to ${host} at ${this.#now}`);
    check(links.length > 0, "moves without a connection");
    check(known?.state === "idle" && known.notBefore <= this.#now, `moves to ${host}, which is gone, in use, or waits`);
    check(!answer.to.lameDuck, "moves to a lame duck");
    this.#dial(host, answer.to.id);
    this.#end(host, this.#chance() < 0.7, "network");
  }

  #withSome(act: (view: ServerView) => void): void {
    const view = this.#pool.snapshot()[Math.floor(this.#chance() * HOSTS.length)];
    if (view !== undefined) act(view);
  }

  #compare(): void {
    const snapshot = this.#pool.snapshot();
    check(snapshot.length === this.#known.size, `holds ${snapshot.length} servers, not ${this.#known.size}`);
    const seen = new Set<string>();
    for (const { consecutiveFailures, origin, state, url } of snapshot) {
      const known = this.#known.get(url.hostname);
      check(!seen.has(url.key), `holds ${url.key} twice`);
      seen.add(url.key);
      check(known !== undefined, `holds ${url.key}, which is gone`);
      check(state === known?.state, `${url.key} is ${state}, not ${known?.state}`);
      check(consecutiveFailures === known?.failures, `${url.key} counts ${consecutiveFailures} failures`);
      check((origin === "seed") === known?.seed, `${url.key} is a ${origin}`);
    }
  }

  #checkChange(change: PoolChange, before: ReadonlySet<string>): void {
    const named = (hosts: Iterable<string>): string =>
      [...hosts]
        .map((host) => `${host}:4222`)
        .sort()
        .join();
    const added = [...this.#known.keys()].filter((host) => !before.has(host));
    const deleted = [...before].filter((host) => !this.#known.has(host));
    check([...change.added].sort().join() === named(added), `tells that it added ${change.added}`);
    check([...change.deleted].sort().join() === named(deleted), `tells that it deleted ${change.deleted}`);
  }

  // Between a dial of X and the next but one, every server that could be dialled all the while had its turn.
  #checkRounds(host: string): void {
    const last = this.#known.get(host)?.dials[1];
    if (last === undefined) return;
    for (const other of this.#dueAtDial[last] ?? []) {
      const known = this.#known.get(other);
      if (known === undefined || known.since > last) continue;
      check(known.lastTurn > last, `${other} starves beside ${host}`);
    }
  }

  // Demotions below a seed that was just lost are the pool's, and have tests of their own.
  #isDemoted(host: string): boolean {
    const view = this.#pool.snapshot().find((server) => server.url.hostname === host);
    return view === undefined || view.lameDuck || (view.origin === "gossip" && !view.everConnected);
  }

  #isDue({ state, notBefore }: Known): boolean {
    return state === "idle" && notBefore <= this.#now && this.#gate <= this.#now;
  }

  #usedUp({ spent }: Known): boolean {
    return this.#maxAttempts >= 0 && this.#everConnected && spent >= this.#maxAttempts;
  }

  #retire(host: string, known: Known): void {
    this.#forget(host);
    if (known.seed) this.#exhaustedSeeds.add(host);
  }

  #forget(host: string): void {
    this.#known.delete(host);
    this.#justLost.delete(host);
  }

  #all(): [string, Known][] {
    return [...this.#known, ...this.#detached];
  }

  #fresh(seed: boolean): Known {
    return freshlyKnown(seed, this.#dialCount);
  }

  #hosts(least: number): string[] {
    const chosen = HOSTS.filter(() => this.#chance() < 0.5);
    return chosen.length >= least ? chosen : [this.#pick(HOSTS)];
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.#chance() * from.length)];
    if (picked === undefined) throw new RangeError("nothing to pick from");
    return picked;
  }
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
