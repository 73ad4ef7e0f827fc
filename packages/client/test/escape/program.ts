// Random programs of calls and faults, each made from one number: a few servers, a connection with some options, and steps. The
// same number makes the same program.

import { seededRandom } from "@myelin/testing";
import type { ConnectionOptions } from "../../src/index.js";
import { FAULTS } from "./simulated-cluster.js";
import { type Entry, entries } from "./table.js";
import { hostileOptions } from "./user-code.js";
import { World } from "./world.js";

const NAMES = ["a", "b", "c"];
const STEPS = 40;

/** One thing that happens. */
interface Step {
  /** As a person reads it. */
  readonly what: string;
  run(world: World): Promise<void> | void;
}

export interface Program {
  readonly seed: number;
  readonly title: string;
  readonly options: ConnectionOptions;
  readonly steps: readonly Step[];
}

const OPTIONS: { readonly [title: string]: () => ConnectionOptions } = {
  "no options": () => ({}),
  "in the background": () => ({ firstConnect: "background" }),
  "whileDisconnected: drop": () => ({ whileDisconnected: "drop" }),
  "whileDisconnected: reject": () => ({ whileDisconnected: "reject" }),
  "a small buffer": () => ({ reconnectBufferSize: 64 }),
  "pause when slow": () => ({ pending: { messages: 2, overflow: "pause" } }),
  "drop the old": () => ({ pending: { messages: 2, overflow: "drop-old" } }),
  "end when slow": () => ({ pending: { messages: 2, overflow: "error" } }),
  "its own backoff": () => ({ reconnectTimeWait: undefined, verbose: true }),
  ...hostileOptions,
};

// What ends the connection, or may: rare, or most programs would be short.
const mayEnd = ({ name, row }: Entry): boolean =>
  row.ends === true || name.startsWith("user code.a listener calls back");
const ending = entries.filter(mayEnd);
const others = entries.filter((entry) => !mayEnd(entry));

/** The program of a number. */
export function programOf(seed: number): Program {
  const random = seededRandom(seed);
  const anyOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const title = random() < 0.5 ? "no options" : anyOf(Object.keys(OPTIONS));
  const step = (): Step => {
    const dice = random();
    if (dice < 0.01) return called(anyOf(ending));
    if (dice < 0.6) return called(anyOf(others));
    if (dice < 0.75) return struck(anyOf(FAULTS), random() < 0.8 ? anyOf(NAMES) : undefined);
    if (dice < 0.8) return { what: "heal", run: (world) => world.cluster.heal() };
    if (dice < 0.83) return { what: "abort the signals", run: (world) => world.ledger.abort() };
    return passed(random() < 0.2 ? random() * 1_000 : random() * 30);
  };
  return { seed, title, options: OPTIONS[title]?.() ?? {}, steps: Array.from({ length: STEPS }, step) };
}

/** Runs it; tells what went wrong. */
export async function run(program: Program): Promise<readonly string[]> {
  const world = new World(program.seed, NAMES);
  await world.passing(async () => {
    world.cluster.heal();
    await world.connect(program.options);
    for (const step of program.steps) await step.run(world);
    await recover(world, program.title);
  });
  return world.end();
}

/** The program as lines to read. */
export function written({ seed, steps, title }: Program): string {
  return [`seed ${seed}, ${title}:`, ...steps.map(({ what }) => `  ${what}`)].join("\n");
}

// With every server well it comes back by itself, unless somebody has ended it, and every subscription is where it is.
async function recover(world: World, title: string): Promise<void> {
  const { clock, cluster, ledger, nc, subscriptions } = world;
  cluster.heal();
  await clock.advance(5_000);
  if (nc.state === "closed" || nc.state === "draining") return;
  for (let waited = 0; nc.state !== "connected" && waited < 90; waited++) await clock.advance(1_000);
  if (nc.state !== "connected") ledger.problems.push(`it is ${nc.state} though every server is well`);
  await clock.settle();
  const sids = new Set(cluster.sids);
  // While reading is paused nobody hears that the server has gone, or has ended a subscription; and one that is denied is gone.
  if (title === "pause when slow") return;
  const allowed = subscriptions.filter((sub) => sub.getSubject() !== "forbidden");
  const lost = allowed.filter((sub) => !sub.isClosed() && !sub.isDraining() && !sids.has(sub.getID()));
  if (nc.state === "connected" && lost.length > 0)
    ledger.problems.push(`lost: the subscriptions ${lost.map((sub) => sub.getID()).join(", ")}`);
}

function called(entry: Entry): Step {
  return { what: entry.name, run: (world) => world.call(entry) };
}

function struck(fault: (typeof FAULTS)[number], name: string | undefined): Step {
  return { what: `${fault} ${name ?? "everywhere"}`, run: (world) => world.cluster.strike(fault, name) };
}

function passed(ms: number): Step {
  return { what: `${ms.toFixed(1)} ms pass`, run: (world) => world.clock.advance(ms) };
}
