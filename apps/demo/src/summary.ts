// The last page: a table of every lost link, one of every node that was left in time, the totals, what was wrong if anything was, and one sentence.

import { count, duration, table, wrap } from "./format.js";
import {
  type Evidence,
  faultsOf,
  type LossRecord,
  type MoveRecord,
  NEXT_ANSWER_BAR_MS,
  SETTLE_BAR_MS,
  sentenceOf,
} from "./verdict.js";

/** Lines of plain text. */
export function summary(evidence: Evidence, width: number): { readonly lines: string[]; readonly passed: boolean } {
  const faults = faultsOf(evidence);
  const { moves, requests, strays, totals } = evidence;
  const paragraph = (text: string): string[] => wrap(text, width, "  ");
  return {
    passed: faults.length === 0,
    lines: [
      "",
      ...(evidence.records.length === 0 ? ["No link was lost."] : lossTable(evidence.records)),
      ...(moves.length === 0 ? [] : ["", ...moveTable(moves, width)]),
      "",
      ...paragraph(
        `Requests: ${count(requests.made)} made, ${count(requests.answered)} answered, ` +
          `${count(sum(evidence.records, typed))} failed with the link they were in flight on, ` +
          `${count(strays.noResponders)} found no responders and ${count(strays.timeouts)} timed out because the ` +
          `server had handed them to a responder on a failing node, ${count(strays.unexplained)} failed otherwise, ` +
          `${count(requests.inFlight)} never ended.`,
      ),
      ...paragraph(
        `Messages: ${count(totals.published)} published (${count(totals.buffered)} of them during outages), ` +
          `${count(totals.arrived)} arrived, ${count(totals.lostInFlight)} lost in flight, ` +
          `${count(totals.lost)} lost otherwise, ${totals.duplicated} arrived twice, ${totals.reordered} out of order.` +
          (totals.overtaken === 0 ? "" : ` ${count(totals.overtaken)} ${OVERTAKEN}`),
      ),
      "",
      ...paragraph(
        "NOTICED: from what we did to the node to the client's word of it. IN FLIGHT: requests without an answer then; " +
          "TYPED: those that ended with DisconnectedError or no responders, all of them ENDED IN that time " +
          `(bar ${SETTLE_BAR_MS} ms). ANSWER IN: from the notice to the next answer (bar ${NEXT_ANSWER_BAR_MS} ms). ` +
          "SUBS: subscriptions that received again.",
      ),
      ...(moves.length === 0 ? [] : paragraph(MOVE_LEGEND)),
      "",
      ...faults.flatMap((fault) => wrap(`! ${fault}`, width, "  ")),
      ...paragraph(sentenceOf(evidence, faults)),
    ],
  };
}

const OVERTAKEN =
  "were overtaken by later ones on another way through the cluster when the connection with the load moved, which core NATS allows.";

const MOVE_LEGEND =
  "LEFT: a node that announced its leaving. LOAD TO, WITNESS: where the connection with the load and the node's responder " +
  "went; - was elsewhere. EMPTY IN: from the announcement to the node's own word that nobody is on it. FAILED: requests; LOST " +
  "and ASTRAY: messages; CUT: disconnects of any connection; until the node was back (bar 0 each). QUIET: the longest time " +
  "without an answer.";

function moveTable(moves: readonly MoveRecord[], width: number): string[] {
  const head = ["LEFT", "ACT", "LOAD TO", "WITNESS", "EMPTY IN", "FAILED", "LOST", "ASTRAY", "CUT", "QUIET"];
  const late = moves
    .filter(({ silence }) => silence > NEXT_ANSWER_BAR_MS)
    .map(({ node, stall }) => `${node} ${duration(stall)}`);
  const rows = moves.map(({ act, astray, cut, failed, leftAfter, load, lost, node, silence, witness }) => [
    node,
    act,
    destination(load),
    witness ?? "stayed",
    duration(leftAfter),
    count(failed),
    count(lost),
    count(astray),
    count(cut),
    duration(silence),
  ]);
  const held =
    late.length === 0
      ? []
      : wrap(`Longest this process itself was held up meanwhile: ${late.join(", ")}.`, width, "  ");
  return [...table([head, ...rows]), ...held];
}

/** In a word where the connection with the load went. */
export function destination(load: MoveRecord["load"]): string {
  if (load === "elsewhere") return "-";
  return load === "stayed" ? load : load.to;
}

function lossTable(records: readonly LossRecord[]): string[] {
  const head = ["LOST", "ACT", "NOTICED", "IN FLIGHT", "TYPED", "ENDED IN", "ANSWER IN", "SUBS"];
  const rows = records.map((record) => [
    record.node,
    record.act,
    duration(record.detectedAfter),
    count(record.loss.inFlight),
    count(typed(record)),
    duration(record.loss.worstSettle),
    duration(record.loss.nextAnswer),
    record.subscriptionsLive === undefined ? "-" : `${record.subscriptionsLive} of ${record.subscriptions}`,
  ]);
  return table([head, ...rows]);
}

function typed({ loss }: LossRecord): number {
  return loss.outcomes.disconnected + loss.outcomes["no-responders"];
}

function sum(records: readonly LossRecord[], of: (record: LossRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0);
}
