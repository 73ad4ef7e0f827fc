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
          `${count(requests.made - requests.answered - requests.inFlight)} failed (in flight on a lost link: ` +
          `${count(sum(evidence.records, ({ loss }) => loss.outcomes.disconnected))} DisconnectedError, ` +
          `${count(sum(evidence.records, ({ loss }) => loss.outcomes["no-responders"]))} no responders; ` +
          `otherwise: ${strays.excused} no responders beside a failing node, ${strays.unexplained} unexplained), ` +
          `${count(requests.inFlight)} never ended.`,
      ),
      ...paragraph(
        `Publishes: ${count(totals.published)} made (${count(totals.buffered)} of them during outages), ` +
          `${count(totals.arrived)} arrived, ${count(totals.lostInFlight)} lost in flight, ` +
          `${count(totals.lost)} lost otherwise, ${totals.duplicated} arrived twice, ${totals.reordered} out of order.`,
      ),
      ...paragraph(
        `Bars: a request in flight ends within ${SETTLE_BAR_MS} ms of the detection, the next answer comes within ` +
          `${NEXT_ANSWER_BAR_MS} ms of it, and every subscription is live again.`,
      ),
      "",
      ...faults.flatMap((fault) => wrap(`! ${fault}`, width, "  ")),
      ...paragraph(sentenceOf(evidence, faults)),
    ],
  };
}

function lossTable(records: readonly LossRecord[]): string[] {
  const head = ["LOST", "ACT", "NOTICED", "IN FLIGHT", "FAILED", "SETTLED IN", "NEXT ANSWER", "SUBS LIVE"];
  const rows = records.map((record) => {
    const { disconnected, failed, timeout, "no-responders": none } = record.loss.outcomes;
    const others = none + timeout + failed;
    return [
      record.node,
      record.act,
      duration(record.detectedAfter),
      count(record.loss.inFlight),
      `${count(disconnected)} typed${others === 0 ? "" : `, ${count(others)} other`}`,
      duration(record.loss.worstSettle),
      duration(record.loss.nextAnswer),
      record.subscriptionsLive === undefined ? "-" : `${record.subscriptionsLive} of ${record.subscriptions}`,
    ];
  });
  return table([head, ...rows]);
}

function sum(records: readonly LossRecord[], of: (record: LossRecord) => number): number {
  return records.reduce((total, record) => total + of(record), 0);
}
