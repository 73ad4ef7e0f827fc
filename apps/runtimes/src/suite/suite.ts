// The suite: every scenario by every door of the runtime, a few at once, each in a bounded time. Says how each went, and never
// throws for one that failed.

import { deadline } from "myelin";
import { credentials } from "./credentials.js";
import { messaging } from "./messaging.js";
import { outages } from "./outages.js";
import type { Outcome } from "./plan.js";
import { Backstage, type Scenario, Stage } from "./stage.js";

const SCENARIO_MS = 60_000;
const AT_ONCE = 8;

/** In the order of the table. */
export const scenarios: readonly Scenario[] = [...messaging, ...credentials, ...outages];

/** Plays a list with the servers that `origin` starts, `atOnce` at a time. Resolves when every connection is closed. */
export async function play(
  origin: string,
  tell: (outcome: Outcome) => void,
  list: readonly Scenario[] = scenarios,
  atOnce: number = AT_ONCE,
): Promise<void> {
  const backstage = new Backstage(origin);
  const plan = await backstage.plan();
  const plays = list.flatMap((scenario, index) =>
    plan.doors
      .filter((door) => scenario.needs?.(door) ?? true)
      .map((door) => ({ scenario, door, subject: `s${index}.${door.replace(" ", "-")}` })),
  );
  // The longest are the last of the list.
  const left = plays.reverse();
  const player = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      tell(await played(next.scenario, new Stage(next.door, backstage, plan, next.subject)));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, player));
}

async function played({ name, play: run }: Scenario, stage: Stage): Promise<Outcome> {
  const started = performance.now();
  const outcome = (error?: string): Outcome => ({
    scenario: name,
    door: stage.door,
    ms: Math.round(performance.now() - started),
    ...(error === undefined ? {} : { error }),
  });
  try {
    await deadline(run(stage), SCENARIO_MS);
    return outcome();
  } catch (error) {
    return outcome(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } finally {
    await stage.leave();
  }
}
