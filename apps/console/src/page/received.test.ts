import { expect, it } from "vitest";
import { Inbox, KEPT } from "./received.js";

const message = (subject: string, data: Uint8Array = new Uint8Array(1)) => ({ subject, data });

it("the newest are kept, each handed out once, and all are counted", () => {
  const inbox = new Inbox();
  for (let i = 1; i <= KEPT + 5; i++) inbox.add(message(`s.${i}`), 1_000, 5);
  expect([inbox.count, inbox.untaken]).toEqual([KEPT + 5, KEPT + 5]);
  const taken = inbox.take();
  expect([taken.length, taken[0]?.subject, taken.at(-1)?.number]).toEqual([KEPT, "s.6", KEPT + 5]);
  expect([inbox.take(), inbox.untaken]).toEqual([[], 0]);
  inbox.add(message("next"), 1_000, 6);
  expect(inbox.take()).toMatchObject([{ number: KEPT + 6, subject: "next", at: 6 }]);
  inbox.add(message("cleared"), 1_000, 6);
  inbox.clear();
  expect([inbox.take(), inbox.untaken, inbox.count]).toEqual([[], 0, KEPT + 7]);
  expect(inbox.meter.perSecond(2_000)).toBe(KEPT + 7);
});

it("what is kept is a copy, cut at what can be shown", () => {
  const inbox = new Inbox();
  const data = new Uint8Array(100_000).fill(1);
  inbox.add(message("s", data), 0, 0);
  data.fill(2);
  const [kept] = inbox.take();
  expect([kept?.size, kept?.bytes.length, kept?.bytes[0]]).toEqual([100_000, 65_536, 1]);
});
