// The suite in a page: `playSuite` is called by whoever opened it, who put the other functions there.

import type { Outcome } from "./plan.js";
import { play } from "./suite.js";
import { waking } from "./waking.js";

interface Page {
  readonly location: { readonly origin: string };
  readonly tellOutcome: (outcome: Outcome) => void;
  readonly loseNetwork: () => Promise<void>;
  playSuite?: () => Promise<void>;
}

const page = globalThis as unknown as Page;
const tell = (outcome: Outcome): void => page.tellOutcome(outcome);

page.playSuite = async () => {
  const { origin } = page.location;
  await play(origin, tell);
  // One at a time: everything else of the page would be offline with it.
  await play(origin, tell, waking(page.loseNetwork), 1);
};
