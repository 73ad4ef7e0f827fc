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

/** One node that announced its leaving, and what came of it for those who were on it. */
export interface MoveRecord {
  readonly act: string;
  /** The node that was left. */
  readonly node: string;
  /** Where the connection with the load went; or that it was on another node, or did not move. */
  readonly load: { readonly to: string } | "elsewhere" | "stayed";
  /** Where the witness of the node went, which answers requests; `undefined` = it did not move. */
  readonly witness: string | undefined;
  /** Milliseconds from the announcement until the node said that nobody was on it; `undefined` = it never did. */
  readonly leftAfter: number | undefined;
  /** Requests that failed from the announcement until the node was back. */
  readonly failed: number;
  /** Numbered messages that did not arrive everywhere. */
  readonly lost: number;
  /** Numbered messages that arrived twice or out of order. */
  readonly astray: number;
  /** Disconnects of any connection of ours. */
  readonly cut: number;
  /** Subscriptions of the connection with the load that did not receive afterwards. */
  readonly silent: number;
  /** The longest time without an answer, in milliseconds. Told, and not judged. */
  readonly silence: number;
  /** The longest this process itself was held up meanwhile, in milliseconds. */
  readonly stall: number;
}

export interface Evidence {
  readonly records: readonly LossRecord[];
  readonly moves: readonly MoveRecord[];
  readonly totals: LedgerTotals;
  readonly strays: Strays;
  readonly requests: { readonly made: number; readonly answered: number; readonly inFlight: number };
  /** Acts that did not come to their end, in words. */
  readonly problems: readonly string[];
}

/** Everything that is not as it should be, in words; empty = the run was good. */
export function faultsOf({ moves, records, totals, strays, requests, problems }: Evidence): string[] {
  const faults = [...problems, ...records.flatMap(faultsOfLoss), ...moves.flatMap(faultsOfMove)];
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

// Nothing at all may go wrong here: the server says in good time that it leaves, and a client that moves needs no allowance.
function faultsOfMove(move: MoveRecord): string[] {
  const { act, astray, cut, failed, leftAfter, load, lost, node, silent, witness } = move;
  const faults: string[] = [];
  const fault = (holds: boolean, what: string): void => {
    if (holds) faults.push(`${act} (${node}): ${what}`);
  };
  fault(load === "stayed", "the connection with the load did not move");
  fault(witness === undefined, "the witness did not move");
  fault(leftAfter === undefined, "somebody was still on the node when it ended");
  fault(failed > 0, `${failed} requests failed during a move`);
  fault(lost > 0, `${lost} messages were lost during a move`);
  fault(astray > 0, `${astray} messages arrived twice or out of order during a move`);
  fault(cut > 0, `${cut} connections were cut off during a move`);
  fault(silent > 0, `${silent} subscriptions are silent after a move`);
  return faults;
}

/** The one sentence at the end. */
export function sentenceOf(evidence: Evidence, faults: readonly string[]): string {
  const { moves, records, totals } = evidence;
  if (faults.length > 0) {
    return `FAILED: ${faults.length} ${faults.length === 1 ? "thing is" : "things are"} not as promised, see above.`;
  }
  const number = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const survived = [
    ...(records.length > 0 || moves.length === 0 ? [`${number(records.length, "lost link")} survived`] : []),
    ...(moves.length > 0 ? [`${number(moves.length, "leaving node")} left in time`] : []),
  ].join(", ");
  const allowed =
    totals.lostInFlight === 0
      ? "not one message was lost"
      : `${totals.lostInFlight} messages in flight were lost, which at-most-once delivery allows, and no other`;
  return `PASSED: ${survived}; every request ended, and ${allowed}.`;
}
