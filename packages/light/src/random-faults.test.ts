// Random programs under random faults in virtual time: nothing escapes, every promise settles, the story is told in order, and nothing
// is left. `MYELIN_SEEDS` makes it long, `MYELIN_FIRST_SEED` begins elsewhere.

import { eventViolation, seededRandom } from "@myelin/testing";
import { expect, it } from "vitest";
import { FAULTS, SimulatedCluster } from "../../client/test/escape/simulated-cluster.js";
import { recorded, simulate } from "../test/simulated.js";
import type { LightConnection, Subscription } from "./index.js";

const NAMES = ["a", "b", "c"] as const;
const seeds = Number(process.env["MYELIN_SEEDS"] ?? 60);
const first = Number(process.env["MYELIN_FIRST_SEED"] ?? 1);

/** What became of the promises of one program. */
class Ledger {
  readonly codes = new Map<string, number>();
  open = 0;

  watch(promise: Promise<unknown>): void {
    this.open++;
    promise.then(
      () => this.#count("fulfilled"),
      (error: { readonly code?: string }) => this.#count(error.code ?? String(error)),
    );
  }

  #count(what: string): void {
    this.open--;
    this.codes.set(what, (this.codes.get(what) ?? 0) + 1);
  }
}

async function read(sub: Subscription): Promise<void> {
  for await (const msg of sub) if (msg.string() === "last") break;
}

async function play(seed: number): Promise<Ledger> {
  const random = seededRandom(seed);
  let wake = (): void => {};
  const { begin, clock, network } = simulate(seed, {
    wake: (run) => {
      wake = run;
      return () => {};
    },
  });
  const cluster = new SimulatedCluster(network, NAMES);
  cluster.heal();
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const ledger = new Ledger();
  const nc: LightConnection = await clock.until(
    begin({ servers: "a,b,c", pingInterval: 1_000, reconnectBuffer: { messages: 20 }, maxReconnectAttempts: -1 }),
  );
  const events = recorded(nc);
  const subs: Subscription[] = [];
  const attempt = (call: () => unknown): void => {
    try {
      const result = call();
      if (result instanceof Promise) ledger.watch(result);
    } catch (error) {
      expect((error as { code?: string }).code).toMatch(/RECONNECT_BUFFER_FULL|CONNECTION_|INVALID_OPERATION/);
    }
  };
  const actions: readonly (() => unknown)[] = [
    () => nc.publish(pick(["news", "echo", "denied"]), pick(["x", "last", ""])),
    () => nc.request(pick(["echo", "nobody", "denied"]), "x", { timeout: pick([50, 3_000]) }),
    () => nc.flush({ timeout: 5_000 }),
    () => nc.writable(),
    () => nc.rtt({ timeout: 5_000 }),
    () => {
      const sub = nc.subscribe(
        pick(["news", "echo", "forbidden"]),
        pick([{}, { max: 2 }, { pending: { messages: 1 } }]),
      );
      subs.push(sub);
      return random() < 0.5 ? read(sub) : undefined;
    },
    () => {
      subs.push(
        nc.subscribe("echo", {
          callback: async (_, msg) => {
            if (random() < 0.2) throw new Error("of a callback");
            msg?.respond("y");
          },
        }),
      );
    },
    () => (subs.length > 0 ? pick(subs).unsubscribe(random() < 0.5 ? undefined : 3) : undefined),
    () => (subs.length > 0 ? pick(subs).drain() : undefined),
    () => wake(),
  ];
  for (let step = 0; step < 50; step++) {
    for (let n = 0; n < 3; n++) attempt(pick(actions));
    if (random() < 0.25) await cluster.strike(pick(FAULTS), random() < 0.3 ? undefined : pick(NAMES));
    if (random() < 0.15) cluster.heal();
    if (random() < 0.02) await clock.stall(pick([500, 5_000, 600_000]));
    await clock.advance(pick([0, 1, 20, 300, 4_000]));
  }
  cluster.heal();
  await clock.advance(120_000);
  expect(nc.state).toBe("connected");
  // It works again, whatever befell it.
  const sub = nc.subscribe("after", { max: 1 });
  nc.publish("after", "last");
  await clock.until(read(sub));
  ledger.watch(random() < 0.5 ? nc.drain({ timeout: 1_000 }) : nc.close());
  await clock.until(nc.closed());
  await clock.settle();
  for (const one of subs) expect(one.isClosed()).toBe(true);
  expect(ledger.open).toBe(0);
  expect(eventViolation(events, 1)).toBeUndefined();
  await cluster.stop();
  await clock.settle();
  expect(cluster.openStreams).toBe(0);
  expect(clock.pendingTimers).toBe(0);
  return ledger;
}

it(`P6: ${seeds} random programs under random faults settle every promise and leave nothing`, async () => {
  const codes = new Set<string>();
  for (let seed = first; seed < first + seeds; seed++) {
    try {
      for (const code of (await play(seed)).codes.keys()) codes.add(code);
    } catch (cause) {
      throw new Error(`MYELIN_FIRST_SEED=${seed} MYELIN_SEEDS=1 plays it again`, { cause });
    }
  }
  for (const code of codes) expect(code).toMatch(/^(fulfilled|[A-Z_]+)$/);
  if (seeds >= 60) expect(codes).toContain("DISCONNECTED");
});
