// Whole clients on whole clusters: whatever happens, no subscription is lost, no promise stays unsettled, no message is lost in
// silence, and everything is idle in the end. A failing seed is in the test's name and replays alone; MYELIN_SEEDS asks for more.

import { describe, expect, it } from "vitest";
import { live } from "./whole/life.js";

const SEEDS = Number(process.env["MYELIN_SEEDS"] ?? 200);
const FIRST = Number(process.env["MYELIN_FIRST_SEED"] ?? 1);
const TOGETHER = 20;

// Seeds that once failed: a server whose new link broke in the midst of a move was never dialled again; the first second of a link
// made right after a move brought nothing; a subscription that drained during a move was made on the new server for good.
const REGRESSIONS = [43, 104, 157, 130, 160, 290, 265];

const blocks = Array.from({ length: Math.ceil(SEEDS / TOGETHER) }, (_, block) => FIRST + block * TOGETHER);

describe("three clients on a cluster of three, in all weathers", () => {
  it.each(REGRESSIONS)("P6: seed %i, which once failed, is accounted for", async (seed) => {
    expect((await live(seed)).problems).toEqual([]);
  });

  it.each(blocks)("P6: seeds from %i on: every message is accounted for", async (first) => {
    for (let seed = first; seed < Math.min(first + TOGETHER, FIRST + SEEDS); seed++) {
      const { events, problems } = await live(seed);
      expect(problems, `seed ${seed}:\n${events.join("\n")}`).toEqual([]);
    }
  });
});
