// The last page: a table of every lost link, the totals, what was wrong if anything was, and one sentence.

import { count, duration, table, wrap } from "./format.js";
import { type Evidence, faultsOf, type LossRecord, NEXT_ANSWER_BAR_MS, SETTLE_BAR_MS, sentenceOf } from "./verdict.js";

/** Lines of plain text. */
export function summary(evidence: Evidence, width: number): { readonly lines: string[]; readonly passed: boolean } {
  const faults = faultsOf(evidence);
  const { requests, strays, totals } = evidence;
  const paragraph = (text: string): string[] => wrap(text, width, "  ");
  return {
    passed: faults.length === 0,
    lines: [
      "",
      ...(evidence.records.length === 0 ? ["No link was lost."] : lossTable(evidence.records)),
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
          `${count(totals.lost)} lost otherwise, ${totals.duplicated} arrived twice, ${totals.reordered} out of order.`,
      ),
      "",
      ...paragraph(
        "NOTICED: from what we did to the node to the client's word of it. IN FLIGHT: requests without an answer then; " +
          "TYPED: those that ended with DisconnectedError or no responders, all of them ENDED IN that time " +
          `(bar ${SETTLE_BAR_MS} ms). ANSWER IN: from the notice to the next answer (bar ${NEXT_ANSWER_BAR_MS} ms). ` +
          "SUBS: subscriptions that received again.",
      ),
      "",
      ...faults.flatMap((fault) => wrap(`! ${fault}`, width, "  ")),
      ...paragraph(sentenceOf(evidence, faults)),
    ],
  };
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
