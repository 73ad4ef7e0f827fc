import { describe, expect, it } from "vitest";
import { summary } from "./summary.js";
import {
  type Evidence,
  faultsOf,
  type LossRecord,
  type MoveRecord,
  NEXT_ANSWER_BAR_MS,
  SETTLE_BAR_MS,
  sentenceOf,
} from "./verdict.js";

const outcomes = { answered: 0, disconnected: 3, "no-responders": 0, timeout: 0, failed: 0 };
const good: LossRecord = {
  act: "kill",
  node: "demo-2",
  detectedAfter: 3,
  loss: { at: 100, inFlight: 3, outcomes, unsettled: 0, worstSettle: SETTLE_BAR_MS, nextAnswer: NEXT_ANSWER_BAR_MS },
  messagesInFlight: 4,
  subscriptions: 10,
  subscriptionsLive: 10,
  stall: 0,
};
const moved: MoveRecord = {
  act: "lame-duck",
  node: "demo-3",
  load: { to: "demo-1" },
  witness: "demo-2",
  leftAfter: 1_440,
  failed: 0,
  lost: 0,
  astray: 0,
  cut: 0,
  silent: 0,
  silence: 18,
  stall: 0,
};
const clean: Evidence = {
  records: [good],
  moves: [moved, { ...moved, act: "rolling", node: "demo-1", load: "elsewhere" }],
  totals: {
    published: 100,
    arrived: 98,
    buffered: 5,
    lostInFlight: 2,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    overtaken: 0,
    refused: 0,
    unwitnessed: 0,
    examples: [],
  },
  strays: { noResponders: 1, timeouts: 1, unexplained: 0, examples: [] },
  requests: { made: 100, answered: 95, inFlight: 0 },
  problems: [],
};
const withLoss = (change: Partial<LossRecord["loss"]>, more: Partial<LossRecord> = {}): Evidence => ({
  ...clean,
  records: [{ ...good, ...more, loss: { ...good.loss, ...change } }],
});

const withMove = (change: Partial<MoveRecord>): Evidence => ({ ...clean, moves: [{ ...moved, ...change }] });

describe("faultsOf", () => {
  it("finds none when every bar is met and only what was in flight is missing", () => {
    expect(faultsOf(clean)).toEqual([]);
    expect(sentenceOf(clean, [])).toMatch(
      /^PASSED: 1 lost link survived, 2 leaving nodes left in time;.* 2 messages in flight/,
    );
    expect(sentenceOf({ ...clean, moves: [] }, [])).toMatch(/^PASSED: 1 lost link survived;/);
    expect(sentenceOf({ ...withMove({}), records: [] }, [])).toMatch(/^PASSED: 1 leaving node left in time;/);
  });

  it("does not judge how long a move took, nor how long no answer came", () => {
    expect(faultsOf(withMove({ leftAfter: 9_000, silence: 3_000, stall: 2_900 }))).toEqual([]);
  });

  it.each<[string, Evidence, RegExp]>([
    ["a request in flight that never ended", withLoss({ unsettled: 1 }), /never ended/],
    ["an untyped failure", withLoss({ outcomes: { ...outcomes, failed: 1 } }), /neither DisconnectedError/],
    ["a time-out in flight", withLoss({ outcomes: { ...outcomes, timeout: 1 } }), /neither DisconnectedError/],
    ["a late end", withLoss({ worstSettle: SETTLE_BAR_MS + 1 }), /51 ms to end; the bar is 50 ms$/],
    ["a late answer", withLoss({ nextAnswer: NEXT_ANSWER_BAR_MS + 1 }), /after 251 ms; the bar is 250 ms$/],
    ["our own stall beside a late answer", withLoss({ nextAnswer: 300 }, { stall: 120 }), /held up for 120 ms/],
    ["no answer at all", withLoss({ nextAnswer: undefined }), /no answer came/],
    ["a silent subscription", withLoss({}, { subscriptionsLive: 9 }), /1 of 10 subscriptions/],
    ["a loss nobody caused", withLoss({}, { detectedAfter: undefined }), /nobody touched/],
    ["a request that failed during a move", withMove({ failed: 2 }), /^lame-duck \(demo-3\): 2 requests failed/],
    ["a message lost during a move", withMove({ lost: 3 }), /3 messages were lost/],
    ["a message that came twice during a move", withMove({ astray: 1 }), /1 messages arrived twice or out of order/],
    ["a disconnect during a move", withMove({ cut: 1 }), /1 connections were cut off/],
    ["a subscription that fell silent", withMove({ silent: 1 }), /1 subscriptions are silent/],
    ["a load that stayed", withMove({ load: "stayed" }), /connection with the load did not move/],
    ["a witness that stayed", withMove({ witness: undefined }), /witness did not move/],
    ["a node that ended with somebody on it", withMove({ leftAfter: undefined }), /still on the node/],
    ["a lost message", { ...clean, totals: { ...clean.totals, lost: 2, examples: [7, 9] } }, /^2 messages lost.*7, 9/],
    ["a duplicate", { ...clean, totals: { ...clean.totals, duplicated: 1 } }, /twice/],
    ["a message out of order", { ...clean, totals: { ...clean.totals, reordered: 1 } }, /out of order/],
    ["a refused publish", { ...clean, totals: { ...clean.totals, refused: 1 } }, /refused/],
    ["a message without a witness", { ...clean, totals: { ...clean.totals, unwitnessed: 1 } }, /vouch/],
    ["an unexplained failure", { ...clean, strays: { ...clean.strays, unexplained: 1, examples: ["x: y"] } }, /x: y/],
    ["a request without an end", { ...clean, requests: { ...clean.requests, inFlight: 1 } }, /1 requests never/],
    ["no answers", { ...clean, requests: { ...clean.requests, answered: 0 } }, /not one/],
    ["an act that broke off", { ...clean, problems: ["kill did not come to its end"] }, /kill did not/],
  ])("reports %s", (_what, evidence, words) => {
    const faults = faultsOf(evidence);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(words);
    expect(sentenceOf(evidence, faults)).toMatch(/^FAILED: 1 thing is/);
    expect(summary(evidence, 80).passed).toBe(false);
  });
});

describe("summary", () => {
  it("tells of messages that were overtaken when the publisher moved, which is no fault", () => {
    const { lines, passed } = summary({ ...clean, totals: { ...clean.totals, overtaken: 5 } }, 80);
    expect(passed).toBe(true);
    expect(lines.join(" ")).toMatch(/5 were overtaken by +later ones/);
    expect(summary(clean, 80).lines.join(" ")).not.toContain("overtaken");
  });

  it("fits the width it is given and ends with the verdict", () => {
    const { lines, passed } = summary(clean, 80);
    expect(passed).toBe(true);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.findLast((line) => !line.startsWith(" "))).toMatch(/^PASSED/);
    expect(lines).toContainEqual(expect.stringMatching(/^demo-2 +kill +3\.0 ms +3 +3 +50 ms +250 ms +10 of 10$/));
    expect(lines).toContainEqual(expect.stringMatching(/^demo-3 +lame-duck +demo-1 +demo-2 +1\.44 s( +0){4} +18 ms$/));
    expect(lines).toContainEqual(expect.stringMatching(/^demo-1 +rolling +- +demo-2 +1\.44 s( +0){4} +18 ms$/));
    expect(lines.join(" ")).not.toContain("held up");
  });

  it("says for how long the process was held up beside a long silence, and no table where nobody moved", () => {
    const late = summary(withMove({ silence: 1_810, stall: 1_790 }), 80).lines;
    expect(late).toContain("Longest this process itself was held up meanwhile: demo-3 1.79 s.");
    expect(summary({ ...clean, moves: [] }, 80).lines.join("\n")).not.toMatch(/LEFT|QUIET/);
  });
});
