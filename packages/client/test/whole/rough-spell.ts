// Rough weather: anything may happen to any server and between them, while everything goes on. Then all is healed, and everybody
// comes back by himself.

import type { Scene } from "./fair-spell.js";
import type { Member } from "./member.js";

const STEPS = 14;
const FILLS = ["", " ", ` ${"x".repeat(3_000)}`];
/** Milliseconds within which everybody is back: some have waited for long by then, and wait 30 s at most. */
const RETURN = 90_000;

export async function roughSpell(scene: Scene): Promise<void> {
  const { clock, members, problems, random, weather } = scene;
  for (let step = 0; step < STEPS; step++) {
    if (random() < 0.35) scene.note(await weather.strike());
    else act(scene);
    if (random() < 0.6) await clock.advance(random() < 0.25 ? random() * 3_000 : random() * 50);
  }
  scene.note("heal");
  await weather.heal(clock);
  for (const { name, nc } of members) {
    const until = clock.now() + RETURN;
    let proven = false;
    while (!proven && clock.now() < until) {
      const flushed = nc.flush({ timeout: 1_000 }).then(
        () => nc.state === "connected",
        () => false,
      );
      proven = await clock.until(flushed);
      if (!proven) await clock.advance(200);
    }
    if (!proven) problems.push(`${name} is ${nc.state} long after everything was healed`);
  }
  // Requests that were under way, links that are left, interest on its way to the others.
  await clock.advance(12_000);
  weather.calm();
  for (const member of members) {
    member.checkOutcomes();
    member.account.checkArrivals();
  }
}

function act(scene: Scene): void {
  const { members, note, random } = scene;
  const member = members[Math.floor(random() * members.length)];
  if (member === undefined) return;
  const dice = random();
  const fill = FILLS[Math.floor(random() * FILLS.length)] ?? "";
  const times = 1 + Math.floor(random() * 5);
  if (dice < 0.3) member.publish("news", times, fill);
  else if (dice < 0.45) member.publish("work", times, fill);
  else if (dice < 0.65) member.request(200 + random() * 4_000, false);
  else if (dice < 0.72) member.keep("flush", member.nc.flush({ timeout: 2_000 }));
  else if (dice < 0.8) {
    note(`${member.name} moves`);
    member.keep("move", member.nc.reconnect({ graceful: true }));
  } else if (dice < 0.84) {
    note(`${member.name} reconnects`);
    member.keep("reconnect", member.nc.reconnect());
  } else if (dice < 0.88) member.keep("publishConfirmed", member.nc.publishConfirmed("x", "sure", { timeout: 2_000 }));
  else if (dice < 0.94) member.subscribe("news.*", random() < 0.3 ? "h" : undefined);
  else leave(scene, member);
}

function leave({ note, random }: Scene, member: Member): void {
  const later = member.open.slice(2);
  const one = later[Math.floor(random() * later.length)];
  if (one === undefined) return;
  note(`${member.name} ends subscription ${one.sub.getID()}`);
  if (random() < 0.5) one.sub.unsubscribe();
  else member.keep("drain of a subscription", one.sub.drain());
}
