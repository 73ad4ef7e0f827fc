// A whole life from one number: three clients on a cluster of three brokers in memory and virtual time, spells of rough and of fair
// weather in turn, and an end. Tells everything that was wrong, and what happened.

import { BrokerCluster, memoryNetwork, seededRandom, VirtualClock } from "@myelin/testing";
import { type ConnectionOptions, connect } from "../../src/index.js";
import { Account } from "./account.js";
import { fairSpell, type Scene } from "./fair-spell.js";
import { Member } from "./member.js";
import { roughSpell } from "./rough-spell.js";
import { GRACE, LAME_DUCK, Weather } from "./weather.js";
import { Wiretap } from "./wiretap.js";

export interface Life {
  readonly problems: readonly string[];
  /** What happened, in order, with the time. */
  readonly events: readonly string[];
  readonly disconnects: number;
  readonly moves: number;
  readonly messages: number;
}

const SPELLS = 3;

export async function live(seed: number): Promise<Life> {
  const random = seededRandom(seed);
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, chunkSize: random() < 0.3 ? 50 : 65_536, dialTime: random() < 0.5 ? 3 : 0 });
  const cluster = BrokerCluster.onMemory(network, {
    random: seededRandom(seed + 1),
    routeRetry: 200,
    routeTimeout: 3_000,
    lameDuckGracePeriod: GRACE,
    lameDuckDuration: LAME_DUCK,
  });
  const events: string[] = [];
  const problems: string[] = [];
  const taps: Wiretap[] = [];
  const members: Member[] = [];
  const options = optionsOf(random, cluster.urls);
  const weather = new Weather(cluster, random);
  for (const name of ["a", "b", "c"]) {
    const account = new Account(name, () => weather.isRough);
    const tap = new Wiretap(network.transport, account);
    const runtime = { transports: [tap], clock, random: seededRandom(seed * 3 + members.length) };
    const nc = await clock.until(connect({ ...options, name }, runtime));
    account.open(nc, tap);
    taps.push(tap);
    members.push(new Member(name, nc, account));
  }
  const scene: Scene = {
    clock,
    random,
    cluster,
    weather,
    members,
    problems,
    note: (what) => void events.push(`${clock.now().toFixed(1)} ${what}`),
  };
  await clock.until(cluster.waitForMesh());
  await clock.advance(1_000);
  for (let spell = 0; spell < SPELLS; spell++) {
    await fairSpell(scene);
    await roughSpell(scene);
  }
  await fairSpell(scene);
  await end(scene, taps);
  return {
    problems: [...problems, ...members.flatMap(({ account }) => account.problems)],
    events,
    disconnects: members.reduce((sum, { disconnects }) => sum + disconnects, 0),
    moves: members.reduce((sum, { moves }) => sum + moves, 0),
    messages: members.reduce((sum, { nc }) => sum + nc.stats().inMsgs, 0),
  };
}

function optionsOf(random: () => number, servers: readonly string[]): ConnectionOptions {
  return {
    servers: [...servers],
    timeout: 1_000,
    pingInterval: 1_000,
    reconnectTimeWait: random() < 0.5 ? 50 : undefined,
    reconnectBufferSize: random() < 0.5 ? 20_000 : undefined,
    noRandomize: random() < 0.2,
    dialPlan: random() < 0.2 ? "race" : undefined,
  };
}

// Some drain and some close, in fair weather: everything accepted is sent, and nothing is left.
async function end({ clock, cluster, members, problems, random }: Scene, taps: readonly Wiretap[]): Promise<void> {
  for (const member of members) {
    member.publish("news", 3);
    const closesToo = random() < 0.3;
    if (random() < 0.5) member.keep("drain", member.nc.drain({ timeout: 5_000 }), !closesToo);
    else member.keep("close", member.nc.close(), true);
    if (closesToo) member.keep("close", member.nc.close());
  }
  await clock.advance(20_000);
  for (const member of members) {
    const { account, name, nc } = member;
    member.checkOutcomes();
    account.checkArrivals();
    account.checkPublishes();
    if (nc.state !== "closed") problems.push(`${name} is ${nc.state} in the end`);
    if (nc.bufferedBytes > 0) problems.push(`${name} holds ${nc.bufferedBytes} bytes in the end`);
  }
  await cluster.stop();
  await clock.settle();
  if (clock.pendingTimers > 0) problems.push(`${clock.pendingTimers} timers are left in the end`);
  const open = taps.reduce((sum, tap) => sum + tap.open.length, 0);
  if (open > 0) problems.push(`${open} streams are left in the end`);
}
