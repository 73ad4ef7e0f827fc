// A run: faults drawn by a seed, one after the other under load, calm in between, until the time is over. Every kind comes before
// any comes again.

import { setTimeout as sleep } from "node:timers/promises";
import { type ServerBinary, seededRandom } from "@myelin/testing";
import { Arena } from "./arena.js";
import { type Fault, faults } from "./faults.js";
import { Load } from "./load.js";
import { AFTER } from "./presence.js";
import { type FaultRow, snapshot, sumsOf } from "./report.js";
import { Stalls } from "./stalls.js";

export interface RunOptions {
  readonly binary: ServerBinary;
  readonly seed: number;
  readonly seconds: number;
  /** Publishes to everybody, publishes to the queue group, and requests, a second each. */
  readonly rate: number;
  /** Names of faults, in this order, in place of drawing them. */
  readonly only?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  readonly rows: readonly FaultRow[];
  readonly totals: ReturnType<typeof sumsOf>;
  /** What is not as it should be, in words. */
  readonly violations: readonly string[];
  readonly violationCount: number;
}

const CALM_MS = 20_000;
const KEPT_VIOLATIONS = 50;

/** Plays it. `say` gets one row for each fault. */
export async function run(options: RunOptions, say: (row: FaultRow) => void): Promise<RunResult> {
  const violations: string[] = [];
  let violationCount = 0;
  const complain = (what: string): void => {
    violationCount++;
    if (violations.length < KEPT_VIOLATIONS) violations.push(what);
  };
  const unhandled = (reason: unknown): void => complain(`a rejection nobody handled: ${String(reason)}`);
  process.on("unhandledRejection", unhandled);
  const before = process.getActiveResourcesInfo();
  const stalls = new Stalls();
  const rows: FaultRow[] = [];
  const arena = await Arena.open(options.binary);
  let totals: RunResult["totals"] | undefined;
  try {
    const load = await Load.start(arena, stalls, options.rate, complain);
    await sleep(300);
    // What comes next does not depend on how long the last one lasted.
    const [kinds, random] = [seededRandom(options.seed), seededRandom(options.seed + 1)];
    const between = (least: number, most: number): number => least + Math.floor(random() * (most - least + 1));
    const begin = performance.now();
    for (const fault of drawn(kinds, options)) {
      if (options.signal?.aborted === true) break;
      if (options.only === undefined && performance.now() - begin > options.seconds * 1_000) break;
      const state = snapshot(load);
      const at = performance.now();
      const node = between(0, arena.size - 1);
      let what: string;
      try {
        what = await fault.run({ arena, clients: load.clients, node, between });
      } catch (error) {
        what = "broke off";
        complain(`${fault.name} on node ${node}: ${String(error)}`);
      }
      const missing = await missingCalm(load, arena);
      if (missing !== undefined) complain(`${fault.name} on node ${node}: ${CALM_MS} ms later ${missing}`);
      load.judge();
      const row = { at: at - begin, fault: fault.name, node, what, ...state.difference() };
      rows.push(row);
      say(row);
    }
    await load.stop();
    totals = sumsOf(load);
  } finally {
    await arena.close();
    stalls.stop();
  }
  for (const one of await leftOver(before)) complain(`still open at the end: ${one}`);
  process.off("unhandledRejection", unhandled);
  return { rows, totals, violations, violationCount };
}

function* drawn(random: () => number, { only }: RunOptions): Generator<Fault> {
  if (only !== undefined) {
    for (const name of only) yield* faults.filter((fault) => fault.name === name);
    return;
  }
  for (;;) {
    const deck = [...faults];
    while (deck.length > 0) yield* deck.splice(Math.floor(random() * deck.length), 1);
  }
}

/**
 * Waits until every client is connected and has been answered, every subscription has been heard of, and the nodes had time to tell
 * each other. Says what is missing when that takes too long.
 */
async function missingCalm(load: Load, arena: Arena): Promise<string | undefined> {
  const from = performance.now();
  const nodes = Array.from({ length: arena.size }, (_, node) => node);
  for (;;) {
    const now = performance.now();
    const quiet = nodes.every((node) => !arena.touched.meets(node, now) && !arena.disturbed.meets(node, now));
    const silent = load.clients.filter(({ presence }) => presence.node === undefined || presence.provenAt <= from);
    const deaf = load.deafSince(from);
    if (quiet && silent.length === 0 && deaf.length === 0 && now > from + AFTER / 2) return undefined;
    if (now > from + CALM_MS) {
      return `no answer to ${silent.map(({ presence }) => presence.name).join(", ") || "nobody"}, no message to ${deaf.join(", ") || "nobody"}`;
    }
    await sleep(20);
  }
}

/** Resources of this process that were not there before, once it had a little time to let go of them. */
async function leftOver(before: readonly string[]): Promise<string[]> {
  let left: string[] = [];
  const deadline = performance.now() + 3_000;
  do {
    await new Promise((resolve) => setImmediate(resolve));
    const unmatched = [...before];
    left = process.getActiveResourcesInfo().filter((name) => {
      const index = unmatched.indexOf(name);
      if (index < 0) return name !== "Immediate";
      unmatched.splice(index, 1);
      return false;
    });
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  } while (left.length > 0 && performance.now() < deadline);
  return left;
}
