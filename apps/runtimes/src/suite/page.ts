// The suite in a page: `playSuite` is called by whoever opened it, and tells every outcome to `tellOutcome`, which was put there.

import type { Outcome } from "./plan.js";
import { play } from "./suite.js";

interface Page {
  readonly location: { readonly origin: string };
  readonly tellOutcome: (outcome: Outcome) => void;
  playSuite?: () => Promise<void>;
}

const page = globalThis as unknown as Page;
page.playSuite = () => play(page.location.origin, (outcome) => page.tellOutcome(outcome));
