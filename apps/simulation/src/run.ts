// One scenario with one policy, from beginning to end, and the figures of it.

import type { PolicyKind } from "./policy.js";
import { PoolFleet } from "./pool-fleet.js";
import { quantile, type Record, unevenness } from "./record.js";
import type { Scenario } from "./scenarios.js";
import type { Stage } from "./stage.js";

/** Clients and a cluster, made of whatever. */
export interface Fleet extends Stage {
  readonly record: Record;
  /** Clients on each server. */
  homes(): number[];
  /** Of these, those of servers that run. */
  running(homes: readonly number[]): number[];
}

/** The figures of a run. Times are milliseconds, parts are of all clients. */
export interface Result {
  readonly policy: string;
  readonly scenario: Scenario;
  readonly record: Record;
  readonly homes: readonly number[];
  /** Attempts in the busiest 100 ms, and of those that were not a client's first after a loss. */
  readonly busiest: number;
  readonly busiestRepeats: number;
  /** How long half of the clients that lost their connection were without, 99 %, and the last that came back. */
  readonly half: number;
  readonly most: number;
  readonly last: number;
  readonly stillDown: number;
  readonly gaveUp: number;
  readonly moves: number;
  readonly unevenness: number;
  readonly hash: string;
  /** Seconds of the processors. */
  readonly cpuSeconds: number;
}

export interface RunOptions {
  readonly clients: number;
  readonly servers: number;
  readonly seed: number;
  readonly scenario: Scenario;
  readonly policy: PolicyKind;
}

/** What a fleet has come to. */
export interface Played {
  readonly record: Record;
  /** Clients on each server. */
  readonly homes: readonly number[];
  /** Of these, those of servers that run. */
  readonly running: readonly number[];
}

/** With clients at the level of the pool. */
export function runPools({ clients, policy, scenario, seed, servers }: RunOptions): Promise<Result> {
  const { unreachableGossip } = scenario;
  const build = (): Fleet => new PoolFleet({ clients, servers, policy, seed, unreachableGossip });
  return measured(policy.name, scenario, async () => playOn(build(), scenario));
}

/** Plays the scenario to its end. */
export async function playOn(fleet: Fleet, scenario: Scenario): Promise<Played> {
  await scenario.play(fleet);
  const homes = fleet.homes();
  return { record: fleet.record, homes, running: fleet.running(homes) };
}

/** Plays, and reads off the figures. */
export async function measured(policy: string, scenario: Scenario, play: () => Promise<Played>): Promise<Result> {
  const cpu = process.cpuUsage();
  const { homes, record, running } = await play();
  const { system, user } = process.cpuUsage(cpu);
  return {
    policy,
    scenario,
    record,
    homes,
    busiest: record.busiest("attempts"),
    busiestRepeats: record.busiest("repeats"),
    half: quantile(record.outages, 0.5),
    most: quantile(record.outages, 0.99),
    last: quantile(record.outages, 1),
    stillDown: record.stillDown - record.gaveUp,
    gaveUp: record.gaveUp,
    moves: record.moves,
    unevenness: unevenness(running),
    hash: record.hash,
    cpuSeconds: (system + user) / 1e6,
  };
}
