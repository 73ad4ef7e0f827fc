// Random stories told to the pool beside a plain model of the rules; virtual time, seeded chance, no network.

import { fc } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { mulberry32 } from "../test/mulberry32.js";
import { ordered, random, ServerPool, type ServerView, type Strategy } from "./index.js";

const HOSTS = ["a", "b", "c", "d", "e", "f"] as const;
const hosts = (min: number): fc.Arbitrary<string[]> => fc.uniqueArray(fc.constantFrom(...HOSTS), { minLength: min });

type Op =
  | { readonly do: "step"; readonly outcome: "connect" | "fail" | "auth" | "hang"; readonly took: number }
  | { readonly do: "end"; readonly which: number; readonly ok: boolean }
  | { readonly do: "lose"; readonly lived: number }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "advertise"; readonly hosts: readonly string[] }
  | { readonly do: "replace"; readonly hosts: readonly string[] }
  | { readonly do: "lameDuck"; readonly which: number }
  | { readonly do: "wake" };

const took = fc.constantFrom(0, 1, 700, 5_000);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant("step" as const),
      outcome: fc.constantFrom("connect" as const, "fail" as const, "fail" as const, "auth" as const, "hang" as const),
      took,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("end" as const), which: fc.nat(5), ok: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("lose" as const), lived: fc.constantFrom(0, 10, 60_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.nat(40_000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("advertise" as const), hosts: hosts(0) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("replace" as const), hosts: hosts(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lameDuck" as const), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wake" as const) }) },
);

const reversed: Strategy = { name: "reversed", rank: (servers) => [...servers].reverse() };
const hostile: Strategy = { name: "hostile", rank: (servers) => servers.slice(0, servers.length - 2) };
const story = fc.record({
  seed: fc.integer(),
  seeds: hosts(1),
  strategy: fc.constantFrom(random, ordered, reversed, hostile),
  maxAttempts: fc.constantFrom(-1, -1, 0, 1, 3),
  ops: fc.array(op, { maxLength: 80 }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

/** What the model knows of one host. */
interface Known {
  seed: boolean;
  state: "idle" | "dialing" | "connected";
  notBefore: number;
  failures: number;
  shortLinks: number;
  connectedAt: number;
  /** Indexes of its dials since the last loss, newest first. */
  dials: number[];
  since: number;
}

/** Tells the story to a pool, checks every rule on the way, and returns all decisions. */
function tell({ seed, seeds, strategy, maxAttempts, ops }: Story): string[] {
  const chance = mulberry32(seed);
  const model = new Map<string, Known>();
  // Taken out by replace() while in use.
  const detached = new Map<string, Known>();
  const log: string[] = [];
  let now = 0;
  let gate = 0;
  let everConnected = false;
  let dialCount = 0;
  const justLost = new Set<string>();
  let dueAtDial: string[][] = [];
  const backoff = { delay: (n: number): number => n * 1_000 };
  const pool = new ServerPool({ servers: seeds, strategy, maxAttempts, backoff }, chance);

  const fresh = (isSeed: boolean): Known => ({
    seed: isSeed,
    state: "idle",
    notBefore: 0,
    failures: 0,
    shortLinks: 0,
    connectedAt: 0,
    dials: [],
    since: dialCount,
  });
  const viewOf = (host: string): ServerView | undefined => pool.snapshot().find((s) => s.url.hostname === host);
  const exhaustedCount = (known: Known): boolean =>
    maxAttempts >= 0 && everConnected && (spent.get(known) ?? 0) >= maxAttempts;
  const spent = new Map<Known, number>();
  const exhaustedSeeds = new Set<string>();
  for (const host of seeds) model.set(host, fresh(true));

  const retire = (host: string, known: Known): void => {
    model.delete(host);
    if (known.seed) exhaustedSeeds.add(host);
  };
  const ended = (host: string, ok: boolean, kind: "network" | "auth"): void => {
    const known = model.get(host) ?? detached.get(host);
    const id = ids.get(host);
    if (known === undefined || id === undefined || known.state !== "dialing") return;
    if (ok) {
      pool.connected(id, now);
      Object.assign(known, { state: "connected", failures: 0, connectedAt: now });
      spent.set(known, 0);
      everConnected = true;
      justLost.clear();
      return;
    }
    pool.failed(id, { kind, error: new Error("x") }, now);
    known.state = "idle";
    known.failures += 1;
    known.notBefore = now + known.failures * 1_000;
    justLost.clear();
    if (everConnected) spent.set(known, (spent.get(known) ?? 0) + 1);
    detached.delete(host);
    if (model.has(host) && exhaustedCount(known)) retire(host, known);
  };
  const ids = new Map<string, number>();

  const step = (outcome: "connect" | "fail" | "auth" | "hang", ms: number): void => {
    for (const [host, known] of model) if (known.state === "idle" && exhaustedCount(known)) retire(host, known);
    const decision = pool.decide(now);
    const due = [...model].filter(([, k]) => k.state === "idle" && k.notBefore <= now && gate <= now).map(([h]) => h);
    if (decision.kind === "give-up") {
      log.push(decision.reason);
      expect(model.size, "gives up with servers left").toBe(0);
      return;
    }
    if (decision.kind === "wait") {
      log.push(`wait ${decision.until}`);
      expect(due, "waits although a server may be dialled").toEqual([]);
      expect(decision.until).toBeGreaterThan(now);
      expect(Number.isFinite(decision.until)).toBe(true);
      now = decision.until;
      return;
    }
    const host = decision.server.url.hostname;
    log.push(`dial ${host} at ${now}`);
    expect(due, "dials a removed or busy server, or one before its wait is over").toContain(host);
    expect(decision.server.reason).toBe("chosen");
    if (justLost.has(host)) {
      const other = due.filter((h) => !justLost.has(h) && !demoted(h));
      expect(other, "goes back to the lost server although another may be dialled").toEqual([]);
    }
    checkRounds(host);
    pool.dialing(decision.server.id, now);
    ids.set(host, decision.server.id);
    const known = model.get(host);
    if (known !== undefined) {
      known.state = "dialing";
      known.notBefore = now;
      known.dials.unshift(dialCount);
    }
    dueAtDial[dialCount] = due.filter((h) => h !== host);
    dialCount += 1;
    now += ms;
    if (outcome !== "hang") ended(host, outcome === "connect", outcome === "auth" ? "auth" : "network");
  };

  // Demotions below a seed that was just lost are the pool's, and have tests of their own.
  const demoted = (host: string): boolean => {
    const view = viewOf(host);
    return view === undefined || view.lameDuck || (view.origin === "gossip" && !view.everConnected);
  };

  // Between a dial of X and the next but one, every server that could be dialled all the while had its turn.
  const checkRounds = (host: string): void => {
    const last = model.get(host)?.dials[1];
    if (last === undefined) return;
    for (const other of dueAtDial[last] ?? []) {
      const known = model.get(other);
      if (known === undefined || known.since > last) continue;
      expect(
        known.dials.some((at) => at > last),
        `${other} starves beside ${host}`,
      ).toBe(true);
    }
  };

  const connected = (): [string, Known] | undefined => [...model].find(([, known]) => known.state === "connected");

  for (const action of ops) {
    if (action.do === "step") step(action.outcome, action.took);
    else if (action.do === "pass") now += action.ms;
    else if (action.do === "end") {
      const dialing = [...model, ...detached].filter(([, known]) => known.state === "dialing");
      const [host] = dialing[action.which % Math.max(1, dialing.length)] ?? [];
      if (host !== undefined) ended(host, action.ok, "network");
    } else if (action.do === "lose") {
      const found = connected() ?? [...detached].find(([, known]) => known.state === "connected");
      if (found === undefined) continue;
      const [host, known] = found;
      now += action.lived;
      pool.lost(ids.get(host) ?? 0, new Error("reset"), now);
      known.state = "idle";
      known.shortLinks = now - known.connectedAt < 5_000 ? known.shortLinks + 1 : 0;
      if (known.shortLinks > 1) known.notBefore = now + (known.shortLinks - 1) * 1_000;
      gate = now; // and up to 100 ms more, which the model asks the pool for:
      const decision = pool.decide(now);
      if (decision.kind === "wait" && decision.until <= now + 100) gate = Math.min(gate + 100, decision.until);
      for (const other of model.values()) other.dials = [];
      dueAtDial = [];
      if (model.has(host)) justLost.add(host);
      detached.delete(host);
      for (const [h, k] of model) if (k.state === "idle" && exhaustedCount(k)) retire(h, k);
    } else if (action.do === "advertise") {
      const teacher = connected();
      if (teacher === undefined) continue;
      const before = new Set(pool.snapshot().map((s) => s.url.hostname));
      const change = pool.advertise(
        action.hosts.map((host) => `${host}:4222`),
        ids.get(teacher[0]) ?? 0,
        now,
      );
      if (action.hosts.length > 0) {
        for (const [host, known] of model) {
          if (!known.seed && known.state === "idle" && !action.hosts.includes(host)) model.delete(host);
        }
        for (const host of action.hosts) {
          if (model.has(host)) continue;
          const revived = detached.get(host);
          detached.delete(host);
          if (revived !== undefined) Object.assign(revived, { seed: false, since: dialCount });
          model.set(host, revived ?? fresh(exhaustedSeeds.delete(host)));
        }
      }
      const after = new Set(model.keys());
      expect([...change.added].sort()).toEqual(
        [...after]
          .filter((h) => !before.has(h))
          .map((h) => `${h}:4222`)
          .sort(),
      );
      expect([...change.deleted].sort()).toEqual(
        [...before]
          .filter((h) => !after.has(h))
          .map((h) => `${h}:4222`)
          .sort(),
      );
    } else if (action.do === "replace") {
      pool.replace(action.hosts);
      const old = new Map(model);
      model.clear();
      exhaustedSeeds.clear();
      for (const host of action.hosts) {
        const known = old.get(host) ?? detached.get(host);
        detached.delete(host);
        if (known === undefined) model.set(host, fresh(true));
        else model.set(host, Object.assign(known, { seed: true, since: dialCount }));
        old.delete(host);
      }
      for (const [host, known] of old) if (known.state !== "idle") detached.set(host, known);
      for (const host of justLost) if (!model.has(host)) justLost.delete(host);
    } else if (action.do === "lameDuck") {
      const view = pool.snapshot()[action.which];
      if (view !== undefined) pool.lameDuck(view.id, now);
    } else {
      pool.wakeNow(now);
      gate = now;
      for (const known of [...model.values(), ...detached.values()]) {
        known.notBefore = now;
        known.shortLinks = 0;
      }
    }
    const snapshot = pool.snapshot();
    expect(new Set(snapshot.map((s) => s.url.key)).size, "holds a duplicate").toBe(snapshot.length);
    expect(snapshot.map((s) => s.url.hostname).sort(), "holds other servers than it should").toEqual(
      [...model.keys()].sort(),
    );
    for (const view of snapshot) {
      const known = model.get(view.url.hostname);
      expect([view.state, view.consecutiveFailures, view.origin]).toEqual([
        known?.state,
        known?.failures,
        known?.seed ? "seed" : "gossip",
      ]);
    }
  }
  return log;
}

describe("any story", () => {
  it("P42: keeps the rules: no removed server, no dial before its wait, seeds stay, no duplicate, everybody's turn", () => {
    fc.assert(
      fc.property(story, (told) => {
        tell(told);
      }),
      { numRuns: 1_500 },
    );
  });

  it("replays: same options, same chance, same calls, same decisions", () => {
    fc.assert(
      fc.property(story, (told) => {
        expect(tell(told)).toEqual(tell(told));
      }),
      { numRuns: 200 },
    );
  });
});
