// The suite: every scenario by every door of the runtime, a few doors at once, each in a bounded time. Says how each went, and
// never throws for one that failed.

import { deadline } from "myelin";
import { credentials } from "./credentials.js";
import { messaging } from "./messaging.js";
import { outages } from "./outages.js";
import type { Outcome } from "./plan.js";
import { Backstage, type Scenario, Stage } from "./stage.js";

const SCENARIO_MS = 60_000;

const scenarios: readonly Scenario[] = [...messaging, ...credentials, ...outages];

/** Plays all of it with the servers that `origin` starts. Resolves when every connection is closed. */
export async function play(origin: string, tell: (outcome: Outcome) => void): Promise<void> {
  const backstage = new Backstage(origin);
  const plan = await backstage.plan();
  for (const [index, scenario] of scenarios.entries()) {
    const doors = plan.doors.filter((door) => scenario.needs?.(door) ?? true);
    await Promise.all(
      doors.map(async (door) => {
        const subject = `s${index}.${door.replace(" ", "-")}`;
        tell(await played(scenario, new Stage(door, backstage, plan, subject)));
      }),
    );
  }
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
