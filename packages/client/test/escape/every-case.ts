// One call, one fault, one moment: the exhaustive part.

import type { ConnectionOptions } from "../../src/index.js";
import { connectionCalls } from "./connection-calls.js";
import type { Fault } from "./simulated-cluster.js";
import type { Entry } from "./table.js";
import { World } from "./world.js";

/** What happens to a call: what the cluster does, and what the caller does. */
export const happenings = ["kill", "reset", "silence", "auth", "close", "drain"] as const;
export type Happening = (typeof happenings)[number];

/** When it happens. The first three on a connection that is up, the others on one that is not. */
export const moments = [
  "before the call",
  "in the same turn",
  "a little later",
  "backing off",
  "dialling",
  "first connect pending",
] as const;
export type Moment = (typeof moments)[number];

const LATER = [1, 5, 12, 25];

/** Plays one case and tells what went wrong: nothing, as a rule. `salt` varies chance and times. */
export async function playCase(
  entry: Entry,
  happening: Happening,
  moment: Moment,
  salt: number,
  options: ConnectionOptions = {},
): Promise<readonly string[]> {
  const world = new World(salt, ["a"]);
  await world.passing(async () => {
    await prepare(world, moment, options);
    if (moment === "before the call") {
      await happen(world, happening);
      world.call(entry);
    } else {
      world.call(entry);
      if (moment !== "in the same turn") await world.clock.advance(LATER[salt % LATER.length] ?? 1);
      await happen(world, happening);
    }
    if (salt % 2 === 0) world.ledger.abort();
    await world.clock.advance(40);
    if (salt % 3 > 0) world.cluster.heal();
    await world.clock.advance(260);
  });
  return world.end();
}

async function prepare(world: World, moment: Moment, options: ConnectionOptions): Promise<void> {
  if (moment === "first connect pending") {
    await world.connect({ ...options, firstConnect: "background" });
    await world.clock.advance(1);
    return;
  }
  world.cluster.heal();
  await world.connect(options);
  await world.clock.settle();
  if (moment === "backing off") {
    await world.cluster.strike("kill");
    await reach(world, "waiting");
  } else if (moment === "dialling") {
    await world.cluster.strike("silence");
    await world.cluster.strike("goodbye");
    await reach(world, "dialing");
  }
}

// Under hostile options it may never come to this: then what follows happens in another state, which is as good.
async function reach(world: World, state: "waiting" | "dialing"): Promise<void> {
  for (let steps = 0; steps < 60 && world.nc.state !== state; steps++) await world.clock.advance(1);
}

async function happen(world: World, happening: Happening): Promise<void> {
  if (happening === "close") world.call(CLOSE);
  else if (happening === "drain") world.call(DRAIN);
  else await world.cluster.strike(happening satisfies Fault);
}

const CLOSE: Entry = { name: "close()", row: { fails: [], calls: [] }, call: ({ nc }) => nc.close() };
const DRAIN: Entry = { name: "drain()", row: connectionCalls.drain, call: ({ nc }) => nc.drain() };
