import { beforeEach, describe, expect, it } from "vitest";
import { Departure } from "./departure.js";
import { Ledger } from "./ledger.js";
import { RequestBook } from "./request-book.js";

// One trusted witness; a link is up; demo-1 announces at 1,000 that it leaves, with the load's connection on it.
describe("Departure", () => {
  let book: RequestBook;
  let ledger: Ledger;
  let departure: Departure;
  const answered = (at: number): void => void book.ended(book.sent(at), at, "answered");
  beforeEach(() => {
    book = new RequestBook();
    ledger = new Ledger(1);
    ledger.trust(0);
    ledger.linkUp();
    // Of the past: none of it is this departure's.
    book.ended(book.sent(1), 2, "failed");
    ledger.published(1);
    ledger.judgeBefore(10);
    departure = new Departure("rolling", "demo-1", true, book, ledger, 1_000);
  });

  it("tells where everybody went, when the node was empty, and the longest silence", () => {
    answered(1_010);
    answered(1_050);
    departure.moved("load", "demo-1", "demo-2");
    departure.moved("witness", "demo-1", "demo-3");
    departure.moved("witness", "demo-3", "demo-1"); // on its way home
    departure.left(2_500);
    answered(1_060);
    expect(departure.record(1_080)).toEqual({
      act: "rolling",
      node: "demo-1",
      load: { to: "demo-2" },
      witness: "demo-3",
      leftAfter: 1_500,
      failed: 0,
      lost: 0,
      astray: 0,
      cut: 0,
      silence: 40,
    });
  });

  it("says so of those who did not move, and of a load that was elsewhere", () => {
    expect(departure.record(2_000)).toMatchObject({ load: "stayed", witness: undefined, leftAfter: undefined });
    const other = new Departure("rolling", "demo-2", false, book, ledger, 2_000);
    departure.moved("load", "demo-3", "demo-1");
    expect(other.record(2_000).load).toBe("elsewhere");
  });

  it("counts every request that fails from then on, whatever it fails with", () => {
    for (const outcome of ["failed", "timeout", "no-responders", "disconnected"] as const) {
      book.ended(book.sent(1_100), 1_200, outcome);
    }
    expect(departure.record(2_000).failed).toBe(4);
  });

  it("does not count a time-out of a request that was made while a node was disturbed on purpose", () => {
    book.disturb();
    const late = book.sent(500);
    book.calm(900);
    const next = new Departure("rolling", "demo-2", true, book, ledger, 1_000);
    book.ended(late, 3_500, "timeout");
    book.ended(book.sent(1_001), 3_500, "timeout");
    expect(next.record(4_000).failed).toBe(1);
  });

  it("counts messages that are missing, in flight or not, and those that arrive twice or out of order", () => {
    const [first, second, third] = [1_100, 1_101, 1_102].map((at) => ledger.published(at));
    ledger.arrived(0, second ?? 0);
    ledger.arrived(0, first ?? 0);
    ledger.arrived(0, first ?? 0);
    ledger.judgeBefore(2_000);
    expect(departure.record(2_000)).toMatchObject({ lost: 1, astray: 2 });
    ledger.arrived(0, third ?? 0);
    ledger.published(2_100);
    ledger.linkLost(0);
    ledger.judgeBefore(3_000);
    expect(departure.record(3_000)).toMatchObject({ lost: 1 });
  });

  it("counts disconnects", () => {
    departure.cut();
    departure.cut();
    expect(departure.record(2_000).cut).toBe(2);
  });
});
