// The account of requests finds every wrong end, and allows the documented ones where something was done to a link or a node.

import { describe, expect, it } from "vitest";
import { CallAccount, LATE } from "./calls.js";
import { Presence } from "./presence.js";
import { Spans } from "./spans.js";
import { Trouble } from "./trouble.js";

const TIMEOUT = 3_000;

function world() {
  const [requester, responder] = [new Presence("requester"), new Presence("responder")];
  requester.linkUp(0, 0);
  responder.linkUp(0, 1);
  const [disturbed, touched] = [new Spans<number>(), new Spans<number>()];
  const complaints: string[] = [];
  const account = new CallAccount(
    { requester, responders: [responder], trouble: new Trouble(3, disturbed, touched), timeout: TIMEOUT },
    (what) => complaints.push(what),
  );
  const call = (at: number, endedAt: number, code?: string): void => account.ended(account.made(at), endedAt, code);
  const verdict = (): { failed: Readonly<Record<string, number>>; wrong: number } => {
    account.judge(Number.POSITIVE_INFINITY);
    account.end();
    const { failed, wrong } = account.totals;
    return { failed, wrong };
  };
  return { requester, responder, disturbed, touched, account, complaints, call, verdict };
}

describe("the account of requests", () => {
  it("is content with answers in time", () => {
    const { call, verdict, account } = world();
    call(0, 5);
    call(1, TIMEOUT);
    expect(verdict()).toEqual({ failed: {}, wrong: 0 });
    expect(account.totals.answered).toBe(2);
  });

  it("finds what never ends, ends twice, or ends late", () => {
    const { account, call, verdict, complaints } = world();
    account.made(0);
    call(0, TIMEOUT + LATE + 1);
    const again = account.made(5);
    account.ended(again, 6, undefined);
    account.ended(again, 7, undefined);
    expect(verdict().wrong).toBe(3);
    expect(complaints.join()).toMatch(/took 4001 ms.*ended twice.*1 requests never ended/);
  });

  it.each(["DISCONNECTED", "NO_RESPONDERS", "TIMEOUT", "SOMETHING_ELSE"])(
    "calls %s wrong while nothing happens",
    (code) => {
      const { call, verdict } = world();
      call(100, 200, code);
      expect(verdict()).toEqual({ failed: {}, wrong: 1 });
    },
  );

  it("allows DISCONNECTED to what was in flight when the link was lost, and soon after", () => {
    const { requester, call, verdict, account } = world();
    requester.linkLost(1_000);
    call(900, 1_010, "DISCONNECTED");
    call(1_001, 1_010, "DISCONNECTED"); // made after the loss
    call(900, 1_000 + LATE + 1, "DISCONNECTED");
    expect(verdict()).toEqual({ failed: { DISCONNECTED: 1 }, wrong: 2 });
    expect(account.totals.worstSettle).toBeGreaterThanOrEqual(10);
  });

  it("allows no responders and time-outs while a node of theirs cannot be relied on, and no error that is not documented", () => {
    const { disturbed, call, verdict } = world();
    disturbed.begin(1, 1_000);
    disturbed.end(1, 2_000);
    call(1_500, 1_501, "NO_RESPONDERS");
    call(900, 3_900, "TIMEOUT");
    call(1_500, 1_501, "RECONNECT_BUFFER_FULL");
    call(2_001, 2_002, "NO_RESPONDERS");
    expect(verdict()).toEqual({ failed: { NO_RESPONDERS: 1, TIMEOUT: 1 }, wrong: 2 });
  });

  it("allows them while servers may take a lost link of a responder for a live one", () => {
    const { responder, touched, call, verdict } = world();
    touched.begin(1, 1_000);
    responder.linkLost(1_500);
    responder.linkUp(1_600, 2);
    call(3_000, 3_500, "TIMEOUT");
    touched.end(1, 4_000);
    call(5_000, 5_500, "TIMEOUT");
    expect(verdict()).toEqual({ failed: { TIMEOUT: 1 }, wrong: 1 });
  });
});
