// What the run is held to, and whether it did: pure judgement over the two accounts. The bars are the project's own promise;
// what the guarantee of NATS core (at most once) allows is no fault.

import type { LedgerTotals } from "./ledger.js";
import type { LinkLoss, Strays } from "./request-book.js";

/** Milliseconds within which every request in flight on a lost link ends, from its detection. */
export const SETTLE_BAR_MS = 50;

/** Milliseconds to the next answer, from the detection of a lost link. */
export const NEXT_ANSWER_BAR_MS = 250;

/** One lost link and what came of it. */
export interface LossRecord {
  readonly act: string;
  /** The node that was lost. */
  readonly node: string;
  /** Milliseconds from what we did to the node to the client's telling of it; `undefined` = we did nothing. */
  readonly detectedAfter: number | undefined;
  readonly loss: LinkLoss;
  /** Numbered messages that were in flight. */
  readonly messagesInFlight: number;
  readonly subscriptions: number;
  /** `undefined` = nobody asked. */
  readonly subscriptionsLive: number | undefined;
  /** The longest this process itself was held up meanwhile, in milliseconds. */
  readonly stall: number;
}

export interface Evidence {
  readonly records: readonly LossRecord[];
  readonly totals: LedgerTotals;
  readonly strays: Strays;
  readonly requests: { readonly made: number; readonly answered: number; readonly inFlight: number };
  /** Acts that did not come to their end, in words. */
  readonly problems: readonly string[];
}

/** Everything that is not as it should be, in words; empty = the run was good. */
export function faultsOf({ records, totals, strays, requests, problems }: Evidence): string[] {
  const faults = [...problems, ...records.flatMap(faultsOfLoss)];
  const check = (count: number, what: string): void => {
    if (count > 0) faults.push(`${count} ${what}`);
  };
  check(requests.inFlight, "requests never ended");
  check(strays.unexplained, `requests failed while nothing allowed it (${strays.examples.join("; ")})`);
  check(totals.lost, `messages lost that were not in flight (numbers ${totals.examples.join(", ")} …)`);
  check(totals.duplicated, "messages arrived twice");
  check(totals.reordered, "messages arrived out of order");
  check(totals.refused, "publishes were refused");
  check(totals.unwitnessed, "messages that nobody could vouch for");
  if (requests.answered === 0) faults.push("not one request was answered");
  return faults;
}

function faultsOfLoss(record: LossRecord): string[] {
  const { act, loss, node, stall, subscriptions, subscriptionsLive } = record;
  const faults: string[] = [];
  const heldUp = stall > 20 ? `; this process itself was held up for ${Math.round(stall)} ms meanwhile` : "";
  const fault = (what: string): void => void faults.push(`${act} (${node}): ${what}`);
  if (record.detectedAfter === undefined) fault("the link was lost although nobody touched its server");
  if (loss.unsettled > 0) fault(`${loss.unsettled} requests in flight never ended`);
  const untyped = loss.outcomes.failed + loss.outcomes.timeout;
  if (untyped > 0) fault(`${untyped} requests in flight failed with neither DisconnectedError nor no-responders`);
  if (loss.worstSettle > SETTLE_BAR_MS) {
    fault(
      `a request in flight took ${Math.round(loss.worstSettle)} ms to end; the bar is ${SETTLE_BAR_MS} ms${heldUp}`,
    );
  }
  if (loss.nextAnswer === undefined) fault("no answer came afterwards");
  else if (loss.nextAnswer > NEXT_ANSWER_BAR_MS) {
    fault(`the next answer came after ${Math.round(loss.nextAnswer)} ms; the bar is ${NEXT_ANSWER_BAR_MS} ms${heldUp}`);
  }
  if (subscriptionsLive !== undefined && subscriptionsLive < subscriptions) {
    fault(`${subscriptions - subscriptionsLive} of ${subscriptions} subscriptions are silent`);
  }
  return faults;
}

/** The one sentence at the end. */
export function sentenceOf(evidence: Evidence, faults: readonly string[]): string {
  const { records, totals } = evidence;
  if (faults.length > 0) {
    return `FAILED: ${faults.length} ${faults.length === 1 ? "thing is" : "things are"} not as promised, see above.`;
  }
  const outages = `${records.length} lost ${records.length === 1 ? "link" : "links"}`;
  const allowed =
    totals.lostInFlight === 0
      ? "not one message was lost"
      : `${totals.lostInFlight} messages in flight were lost, which at-most-once delivery allows, and no other`;
  return `PASSED: ${outages} survived; every request ended, and ${allowed}.`;
}
