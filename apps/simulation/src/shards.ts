// A fleet of real clients in parts, for machines with several cores: each part plays its share of the clients against its share of
// every server's capacity. Parts do not hear of each other, so what comes of them depends on their number and on nothing else: not on
// threads, not on cores, not on who is done first. Threads are shard-threads.ts.

import { ClientFleet } from "./client-fleet.js";
import type { ClientPolicy } from "./policies/client.js";
import { Record, type RecordData } from "./record.js";
import { measured, type Played, playOn, type Result } from "./run.js";
import { scenarios } from "./scenarios.js";

/** A run of real clients, as plain data. */
export interface ClientRun {
  readonly scenario: string;
  readonly policy: ClientPolicy;
  readonly clients: number;
  readonly servers: number;
  readonly seed: number;
  /** `reconnectJitter` of the clients. */
  readonly jitter: number;
  /** Parts the fleet is played in. */
  readonly shards: number;
}

/** One part of it. */
export interface Shard extends ClientRun {
  /** From 0. */
  readonly shard: number;
}

/** What has come of a part. */
export interface ShardOutcome {
  readonly record: RecordData;
  readonly homes: readonly number[];
  /** Whether each server runs in the end. */
  readonly runs: readonly boolean[];
}

/** Plays parts; the outcomes are in the order of the parts. */
export type PlayAll = (shards: readonly Shard[]) => Promise<readonly ShardOutcome[]>;

/** Plays all parts, in this thread and one after the other unless `playAll` has another way, and reads off the figures of the whole. */
export function runClients(run: ClientRun, playAll: PlayAll = inTurn): Promise<Result> {
  return measured(run.policy, scenarioOf(run), async () => {
    const shards = Array.from({ length: run.shards }, (_, shard) => ({ ...run, shard }));
    return whole(await playAll(shards));
  });
}

async function inTurn(shards: readonly Shard[]): Promise<ShardOutcome[]> {
  const outcomes: ShardOutcome[] = [];
  for (const shard of shards) outcomes.push(await playShard(shard));
  return outcomes;
}

/** Plays one part, in this thread. */
export async function playShard(part: Shard): Promise<ShardOutcome> {
  const { clients, jitter, policy, seed, servers, shard, shards } = part;
  const scenario = scenarioOf(part);
  const first = Math.floor((clients * shard) / shards);
  const last = Math.floor((clients * (shard + 1)) / shards);
  const { unreachableGossip } = scenario;
  const fleet = await ClientFleet.connect({
    first,
    clients: last - first,
    servers,
    seed,
    policy,
    jitter,
    unreachableGossip,
  });
  const { homes, record } = await playOn(fleet, scenario);
  return { record: record.data, homes, runs: fleet.runs() };
}

function whole(outcomes: readonly ShardOutcome[]): Played {
  const [some] = outcomes;
  if (some === undefined) throw new RangeError("a fleet has one part at least");
  // All parts play the same, so that what runs in one runs in all.
  const homes = some.homes.map((_, server) => outcomes.reduce((sum, one) => sum + (one.homes[server] ?? 0), 0));
  const running = homes.filter((_, server) => some.runs[server]);
  return { record: Record.merged(outcomes.map(({ record }) => record)), homes, running };
}

function scenarioOf(run: ClientRun): (typeof scenarios)[number] {
  const scenario = scenarios.find(({ name }) => name === run.scenario);
  if (scenario === undefined) throw new RangeError(`there is no scenario ${run.scenario}`);
  return scenario;
}
