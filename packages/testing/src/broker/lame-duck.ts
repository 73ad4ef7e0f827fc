// The pace at which a server that leaves closes its clients: nobody for a grace period, then one by one over what is left of its
// duration, at least half and at most a whole step apart, and never more than a second. Source: nats-server's lame duck mode.

import type { Clock, Random } from "@myelin/contracts";
import { CloseCode } from "./protocol-answers.js";

export interface LameDuckPlan<C extends { close(code: number): void }> {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds. */
  readonly duration: number;
  readonly gracePeriod: number;
  /** Those to close, asked once. */
  connections(): readonly C[];
  /** Runs it now, or when the node is awake again. */
  whenAwake(run: () => void): void;
  /** All are closed. */
  done(): void;
}

const LONGEST_STEP_MS = 1_000;

/** Returns what stops it. */
export function closeOneByOne<C extends { close(code: number): void }>(plan: LameDuckPlan<C>): () => void {
  const { clock, random } = plan;
  const waiting = plan.connections();
  if (waiting.length === 0) {
    plan.done();
    return () => {};
  }
  const rest = Math.max(plan.duration - plan.gracePeriod, LONGEST_STEP_MS);
  const step = Math.min(rest / waiting.length, LONGEST_STEP_MS);
  let next = 0;
  let cancel = (): void => {};
  const closeNext = (): void => {
    waiting[next]?.close(CloseCode.goingAway);
    next++;
    if (next >= waiting.length) {
      // What was sent to the last one leaves with it.
      cancel = clock.after(0, () => plan.done());
      return;
    }
    const wait = random() * step;
    cancel = clock.after(wait < step / 2 ? wait + step / 2 : wait, () => plan.whenAwake(closeNext));
  };
  cancel = clock.after(plan.gracePeriod, () => plan.whenAwake(closeNext));
  return () => cancel();
}
