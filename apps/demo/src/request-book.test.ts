import { beforeEach, describe, expect, it } from "vitest";
import { RequestBook } from "./request-book.js";

describe("RequestBook", () => {
  let book: RequestBook;
  beforeEach(() => {
    book = new RequestBook();
    book.linkUp(0);
  });

  it("tells how long an answer took, and until when the server was provably there", () => {
    const number = book.sent(10);
    expect(book.inFlight).toBe(1);
    expect(book.ended(number, 12.5, "answered")).toBe(2.5);
    expect([book.made, book.answered, book.failed, book.inFlight]).toEqual([1, 1, 0, 0]);
    expect(book.provenAt).toBe(10);
  });

  it("puts every request in flight down to the loss, how it ended and how soon", () => {
    const [first, second] = [book.sent(10), book.sent(11)];
    const loss = book.linkLost(20);
    expect(loss).toMatchObject({ inFlight: 2, unsettled: 2 });
    book.ended(first, 21, "disconnected");
    expect(loss.unsettled).toBe(1);
    book.ended(second, 90, "timeout");
    expect(loss).toMatchObject({ unsettled: 0, worstSettle: 70, outcomes: { disconnected: 1, timeout: 1 } });
    expect(book.strays.unexplained).toBe(0);
  });

  it("does not count a request of an earlier loss again", () => {
    book.sent(10);
    book.linkLost(20);
    book.sent(25);
    expect(book.linkLost(30).inFlight).toBe(1);
  });

  it("measures the next answer from the loss, on requests made after it", () => {
    const before = book.sent(10);
    const loss = book.linkLost(20);
    const [during, after] = [book.sent(25), book.sent(40)];
    book.ended(before, 22, "answered");
    expect(loss.nextAnswer).toBeUndefined();
    book.ended(during, 95, "answered");
    book.ended(after, 96, "answered");
    expect(loss.nextAnswer).toBe(75);
  });

  it("calls a failure without a loss unexplained, and keeps its words", () => {
    book.ended(book.sent(1), 2, "no-responders", "nobody");
    book.ended(book.sent(1), 2, "timeout");
    book.ended(book.sent(1), 2, "disconnected");
    expect(book.strays).toMatchObject({ noResponders: 0, timeouts: 0, unexplained: 3 });
    expect(book.strays.examples[0]).toBe("no-responders: nobody");
  });

  it("excuses no responders and time-outs, and nothing else, while a responder is disturbed", () => {
    const waiting = book.sent(1);
    book.disturb();
    book.ended(book.sent(5), 6, "no-responders");
    book.ended(book.sent(5), 6, "failed");
    const late = book.sent(9);
    book.calm(10);
    book.ended(waiting, 20, "timeout");
    book.ended(late, 20, "timeout");
    book.ended(book.sent(11), 20, "timeout");
    expect(book.strays).toMatchObject({ noResponders: 1, timeouts: 2, unexplained: 2 });
  });

  it("is not calmed before anything was disturbed", () => {
    book.calm(10);
    book.ended(book.sent(5), 6, "timeout");
    expect(book.strays).toMatchObject({ timeouts: 0, unexplained: 1 });
  });

  it("counts failures without those that a disturbed responder excuses", () => {
    book.disturb();
    book.ended(book.sent(5), 6, "no-responders");
    book.ended(book.sent(5), 6, "timeout");
    book.ended(book.sent(5), 6, "failed");
    expect([book.failed, book.failedUnexcused]).toEqual([3, 1]);
  });

  it("measures the longest time without an answer, that which lasts included", () => {
    const answer = (at: number): void => void book.ended(book.sent(at - 1), at, "answered");
    answer(100);
    book.watchSilence(500);
    answer(530);
    answer(540);
    expect(book.longestSilence(545)).toBe(30);
    expect(book.longestSilence(600)).toBe(60);
    book.ended(book.sent(600), 610, "failed");
    expect(book.longestSilence(620)).toBe(80);
  });

  it("tells whether everything that was asked before a moment has ended", () => {
    const [first, second] = [book.sent(10), book.sent(20)];
    book.ended(second, 25, "answered");
    expect([book.endedBefore(10), book.endedBefore(11)]).toEqual([true, false]);
    book.ended(first, 25, "timeout");
    expect(book.endedBefore(30)).toBe(true);
  });

  it("notices a request that ends twice", () => {
    const number = book.sent(1);
    book.ended(number, 2, "answered");
    book.ended(number, 3, "disconnected");
    expect(book.strays.unexplained).toBe(1);
  });
});
