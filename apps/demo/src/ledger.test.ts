import { beforeEach, describe, expect, it } from "vitest";
import { CUT_MS, HANDOVER_MS, Ledger } from "./ledger.js";

// Two witnesses, trusted; a link is up.
describe("Ledger", () => {
  let ledger: Ledger;
  beforeEach(() => {
    ledger = new Ledger(2);
    ledger.trust(0);
    ledger.trust(1);
    ledger.linkUp();
  });

  const publish = (...times: number[]): number[] => times.map((at) => ledger.published(at));
  const everywhere = (...numbers: number[]): void => {
    for (const number of numbers) for (const witness of [0, 1]) ledger.arrived(witness, number);
  };
  const totals = (): Partial<Ledger["totals"]> => {
    const { arrived, duplicated, lost, lostInFlight, reordered, unwitnessed } = ledger.totals;
    return { arrived, duplicated, lost, lostInFlight, reordered, unwitnessed };
  };
  const fine = { arrived: 0, duplicated: 0, lost: 0, lostInFlight: 0, reordered: 0, unwitnessed: 0 };

  it("finds nothing wrong when everything arrives in order", () => {
    everywhere(...publish(0, 1, 2));
    ledger.judgeBefore(10);
    expect(totals()).toEqual({ ...fine, arrived: 3 });
  });

  it("calls a message lost that a trusted witness did not see while the link was up", () => {
    const [first = 0, second = 0] = publish(0, 1);
    everywhere(first);
    ledger.arrived(0, second);
    ledger.judgeBefore(1);
    expect(totals()).toMatchObject({ lost: 0 });
    ledger.judgeBefore(10);
    expect(totals()).toEqual({ ...fine, arrived: 2, lost: 1 });
    expect(ledger.totals.examples).toEqual([second]);
  });

  it("allows the loss of what was sent after the last proof of life, and of nothing before it", () => {
    publish(100, 200, 200 + HANDOVER_MS, 300);
    expect(ledger.linkLost(200 + HANDOVER_MS)).toBe(3);
    ledger.judgeBefore(1000);
    expect(totals()).toEqual({ ...fine, lost: 1, lostInFlight: 3 });
    expect(ledger.totals.examples).toEqual([0]);
  });

  it("demands everything that was published during an outage, once the next link is up", () => {
    ledger.linkLost(0);
    publish(50, 60);
    ledger.linkUp();
    publish(100);
    ledger.judgeBefore(1000);
    expect(ledger.totals.buffered).toBe(2);
    expect(totals()).toEqual({ ...fine, lost: 3 });
  });

  it("counts what an outage kept as in flight when the next link dies before it has proven anything", () => {
    ledger.linkLost(0);
    publish(50, 60);
    ledger.linkUp();
    expect(ledger.linkLost(100)).toBe(2);
  });

  it("does not count what an outage kept as in flight when the next link has proven later messages", () => {
    ledger.linkLost(0);
    publish(50);
    ledger.linkUp();
    publish(100, 300);
    expect(ledger.linkLost(200)).toBe(1);
  });

  it("takes back a loss in flight when the message comes late after all", () => {
    const [late = 0] = publish(100);
    ledger.linkLost(0);
    ledger.judgeBefore(1000);
    expect(totals()).toMatchObject({ lostInFlight: 1 });
    ledger.arrived(1, late);
    expect(totals()).toEqual({ ...fine, arrived: 1 });
  });

  it("counts a message that arrives twice at one witness, and one that nobody published", () => {
    const [number = 0] = publish(0);
    everywhere(number);
    ledger.arrived(1, number);
    ledger.arrived(1, 77);
    ledger.arrived(1, Number.NaN);
    expect(totals()).toMatchObject({ duplicated: 3 });
  });

  it("counts a message of one link that arrives behind a later one of it", () => {
    const [first = 0, second = 0] = publish(0, 1);
    ledger.arrived(0, second);
    ledger.arrived(0, first);
    expect(totals()).toMatchObject({ reordered: 1 });
  });

  it("knows no order between links, nor for what was in flight on a lost one", () => {
    const [first = 0, second = 0] = publish(0, 1);
    ledger.linkLost(0);
    ledger.linkUp();
    const [third = 0] = publish(50);
    everywhere(third, second, first);
    expect(totals()).toMatchObject({ reordered: 0, duplicated: 0 });
  });

  it("tells those that were overtaken by later ones when the publisher moved, as long as they keep their own order", () => {
    const [first = 0, second = 0, third = 0, fourth = 0] = publish(0, CUT_MS, CUT_MS + 1, CUT_MS + 2);
    ledger.linkMoved(CUT_MS + 1);
    ledger.arrived(0, fourth);
    ledger.arrived(0, first); // too old to have had a choice of ways
    expect(ledger.totals).toMatchObject({ overtaken: 0, reordered: 1 });
    for (const number of [second, third]) ledger.arrived(0, number);
    expect(ledger.totals).toMatchObject({ overtaken: 2, reordered: 1 });
    for (const number of [fourth, third, second]) ledger.arrived(1, number);
    expect(ledger.totals).toMatchObject({ overtaken: 3, reordered: 2 });
    const [fifth = 0, sixth = 0] = publish(CUT_MS + 5, CUT_MS + 6); // both over the new link
    for (const number of [sixth, fifth]) ledger.arrived(0, number);
    expect(ledger.totals).toMatchObject({ overtaken: 3, reordered: 3 });
  });

  it("asks nothing of a witness from the moment it is disturbed, for what is under way either", () => {
    const [under = 0] = publish(0);
    ledger.distrust(1);
    const [after = 0] = publish(1);
    ledger.arrived(0, under);
    ledger.arrived(0, after);
    expect(ledger.settledBefore(10)).toBe(true);
    ledger.judgeBefore(10);
    expect(totals()).toEqual({ ...fine, arrived: 2 });
  });

  it("says so when nobody can vouch for a message", () => {
    ledger.distrust(0);
    ledger.distrust(1);
    publish(0);
    ledger.judgeBefore(10);
    expect(totals()).toEqual({ ...fine, unwitnessed: 1 });
  });

  it("is not settled while a trusted witness misses something that was not in flight", () => {
    const [number = 0] = publish(5);
    expect(ledger.settledBefore(5)).toBe(true);
    expect(ledger.settledBefore(6)).toBe(false);
    everywhere(number);
    expect(ledger.settledBefore(6)).toBe(true);
  });

  it("demands nothing of a publish that was refused", () => {
    ledger.refused(ledger.published(0));
    ledger.judgeBefore(10);
    expect(ledger.totals.refused).toBe(1);
    expect(totals()).toEqual(fine);
  });
});
