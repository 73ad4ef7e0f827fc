// Fair weather: servers may leave in order and return, clients may move, and nothing may be lost by it. Every message published
// reaches every plain subscription and one member of the queue group, in the order of its publisher; every request is answered;
// nobody is without a link for a moment; and the servers know exactly the subscriptions their clients have.

import type { BrokerCluster, VirtualClock } from "@myelin/testing";
import type { Member } from "./member.js";
import type { Weather } from "./weather.js";

export interface Scene {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly cluster: BrokerCluster;
  readonly weather: Weather;
  readonly members: readonly Member[];
  readonly problems: string[];
  note(what: string): void;
}

const STEPS = 10;
const FILLS = ["", " ", ` ${"x".repeat(3_000)}`];

/** Plays one spell and checks it. */
export async function fairSpell(scene: Scene): Promise<void> {
  const { clock, members, problems, random } = scene;
  const before = members.map(({ disconnects }) => disconnects);
  for (const member of members) for (const one of member.open) one.steady = true;
  checkSubscriptions(scene);
  const news: string[] = [];
  const work: string[] = [];
  for (let step = 0; step < STEPS; step++) {
    await act(scene, news, work);
    if (random() < 0.6) await clock.advance(random() * (random() < 0.2 ? 2_500 : 300));
  }
  for (const { name, nc } of members) {
    await clock
      .until(nc.flush({ timeout: 10_000 }))
      .catch((error: Error) => problems.push(`${name}: ${error.message}`));
  }
  await clock.advance(4_000);
  await scene.weather.afterLeaving(clock);
  await clock.advance(3_000);
  for (const [index, { disconnects, name }] of members.entries()) {
    if (disconnects !== before[index]) problems.push(`${name} was without a link in fair weather`);
  }
  checkDelivery(scene, news, work);
  checkSubscriptions(scene);
  for (const member of members) {
    member.checkOutcomes();
    member.account.checkArrivals();
  }
}

async function act(scene: Scene, news: string[], work: string[]): Promise<void> {
  const { clock, members, note, random, weather } = scene;
  const member = members[Math.floor(random() * members.length)];
  if (member === undefined) return;
  const dice = random();
  const fill = FILLS[Math.floor(random() * FILLS.length)] ?? "";
  const times = 1 + Math.floor(random() * 4);
  if (dice < 0.3) news.push(...member.publish("news", times, fill));
  else if (dice < 0.45) work.push(...member.publish("work", times, fill));
  else if (dice < 0.65) member.request(5_000, true);
  else if (dice < 0.78) {
    note(`${member.name} moves`);
    // It is over with the next loss of the link, or refused where another move is planned.
    member.keep("move", member.nc.reconnect({ graceful: true }));
    // Something is under way at every moment of it.
    for (let time = 0; time < 12; time++) {
      for (const one of members) if (random() < 0.5) news.push(...one.publish("news", 2));
      if (random() < 0.3) member.request(5_000, true);
      await clock.advance(random() * 100);
    }
  } else if (dice < 0.86) note(weather.lameDuck() ?? "none leaves");
  else if (dice < 0.9) await weather.welcome(clock);
  else if (dice < 0.94) member.subscribe("news.*", random() < 0.3 ? "h" : undefined);
  else leave(scene, member);
}

// Of the subscriptions that came later, not of the first two.
function leave({ note, random }: Scene, member: Member): void {
  const later = member.open.slice(2);
  const one = later[Math.floor(random() * later.length)];
  if (one === undefined) return;
  one.steady = false;
  note(`${member.name} ends subscription ${one.sub.getID()}`);
  if (random() < 0.5) one.sub.unsubscribe();
  else member.keep("drain of a subscription", one.sub.drain(), true);
}

function checkDelivery({ members, problems }: Scene, news: readonly string[], work: readonly string[]): void {
  for (const { name, open } of members) {
    for (const { handed, kind, order, steady, sub } of open) {
      if (!steady || kind !== "plain") continue;
      const missing = news.filter((id) => !handed.has(id));
      if (missing.length > 0) problems.push(`${name}: subscription ${sub.getID()} never got ${missing.join(", ")}`);
      for (const from of members) {
        const own = (ids: readonly string[]): string =>
          ids.filter((id) => news.includes(id) && id.startsWith(`${from.name}-`)).join(" ");
        if (missing.length === 0 && own(order) !== own(news)) {
          problems.push(`${name}: subscription ${sub.getID()} got ${own(order)} for ${own(news)}`);
        }
      }
    }
  }
  for (const id of work) {
    const takers = members
      .flatMap(({ account }) => [...account.subscribed.values()])
      .filter(({ handed }) => handed.has(id));
    if (takers.length !== 1) problems.push(`${takers.length} members of the queue group got ${id}`);
  }
}

function checkSubscriptions({ cluster, members, problems }: Scene): void {
  const all = cluster.servers.flatMap(({ connections }) => connections).filter(({ isConnected }) => isConnected);
  for (const { account, name, nc, open } of members) {
    if (nc.state !== "connected") problems.push(`${name} is ${nc.state} in fair weather`);
    const mine = all.filter((one) => one.name === name);
    if (mine.length !== 1) problems.push(`${name} has ${mine.length} links in fair weather`);
    const known = (mine[0]?.subscriptions ?? []).map(({ sid }) => Number(sid));
    for (const { sub } of open) {
      if (!known.includes(sub.getID())) problems.push(`${name}: no server knows subscription ${sub.getID()}`);
    }
    const ended = known.filter((sid) => account.subscribed.get(sid)?.sub.isClosed());
    if (ended.length > 0) problems.push(`${name}: its server still has the ended subscriptions ${ended.join(", ")}`);
  }
}
