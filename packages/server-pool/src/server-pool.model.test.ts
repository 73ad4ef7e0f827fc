// Random stories told to the pool beside a plain model of its rules, and to pools that are broken on purpose. Virtual time,
// seeded chance. MYELIN_OPERATIONS=1000000 is the long run, MYELIN_SEED where its stories begin.

import { describe, expect, it } from "vitest";
import { brokenPools } from "../test/broken-pools.js";
import { type MakePool, PoolModel } from "../test/pool-model.js";

const OPERATIONS = Number(process.env["MYELIN_OPERATIONS"] ?? 50_000);
const FIRST_STORY = Number(process.env["MYELIN_SEED"] ?? 1);
const STORY = 100;

/** What one story shows to be wrong, or `undefined`. */
function fault(story: number, make?: MakePool): string | undefined {
  const model = new PoolModel(story, make);
  try {
    for (let step = 0; step < STORY; step += 1) model.step();
    model.settle();
  } catch (cause) {
    return `story ${story}: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
  return undefined;
}

describe("any story", () => {
  it("P42, SEED-22, RECONN-WAIT-1: keeps the rules: no removed server, no dial before its wait, seeds stay, no duplicate, everybody's turn, and it settles", {
    timeout: 600_000,
  }, () => {
    for (let told = 0; told < OPERATIONS / STORY; told += 1) expect(fault(FIRST_STORY + told)).toBeUndefined();
  });

  it("replays: same options, same chance, same calls, same decisions", () => {
    const log = (story: number): string[] => {
      const model = new PoolModel(story);
      for (let step = 0; step < STORY; step += 1) model.step();
      return model.log;
    };
    for (let story = 1; story <= 20; story += 1) expect(log(story)).toEqual(log(story));
  });
});

describe("the model catches a pool that", () => {
  for (const [what, make] of Object.entries(brokenPools)) {
    it(`P42: ${what}`, () => {
      let found: string | undefined;
      for (let story = 1; story <= 200 && found === undefined; story += 1) found = fault(story, make);
      expect(found).toBeDefined();
    });
  }
});
