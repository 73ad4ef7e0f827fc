// The account of messages finds every fault, and excuses what is allowed and nothing beside it.

import { describe, expect, it } from "vitest";
import { MessageAccount, type Reach } from "./messages.js";
import { AFTER, BEFORE, Presence } from "./presence.js";
import { Spans } from "./spans.js";
import { Trouble } from "./trouble.js";

function world(reach: Reach = "every") {
  const [sender, near, far] = [new Presence("sender"), new Presence("near"), new Presence("far")];
  sender.linkUp(0, 0);
  near.linkUp(0, 0);
  far.linkUp(0, 1);
  const [disturbed, touched] = [new Spans<number>(), new Spans<number>()];
  const complaints: string[] = [];
  const account = new MessageAccount(
    "load",
    { reach, sender, receivers: [near, far], trouble: new Trouble(3, disturbed, touched) },
    (what) => complaints.push(what),
  );
  /** Sends at a moment; these receivers get it 1 ms later. */
  const send = (at: number, ...receivers: number[]): number => {
    const number = account.sent(at);
    for (const receiver of receivers) account.arrived(receiver, number, at + 1);
    return number;
  };
  const verdict = (): readonly number[] => {
    account.judge(Number.POSITIVE_INFINITY);
    const { excused, lost, repeated, reordered } = account.totals;
    return [excused, lost, repeated, reordered];
  };
  return { sender, near, far, disturbed, touched, account, complaints, send, verdict };
}

describe("the account of messages", () => {
  it("is content when everybody gets everything once and in order", () => {
    const { send, verdict, complaints } = world();
    for (let at = 0; at < 100; at++) send(at, 0, 1);
    expect([verdict(), complaints]).toEqual([[0, 0, 0, 0], []]);
  });

  it("calls lost what nothing excuses, and names it", () => {
    const { send, verdict, complaints } = world();
    send(10, 0);
    expect(verdict()).toEqual([0, 1, 0, 0]);
    expect(complaints).toEqual(["load: message 0 of 10 ms never came to far on node 1"]);
  });

  it("excuses what was in flight when the sender's link was lost, and nothing the server had answered for", () => {
    const { sender, account, send, verdict } = world();
    send(1_000 - BEFORE - 1);
    sender.proven(1_000);
    send(1_000);
    sender.linkLost(1_100);
    sender.linkUp(1_200, 1);
    account.linkUp(1_200);
    send(1_300);
    expect(verdict()).toEqual([1, 2, 0, 0]);
  });

  it("wants what was kept during an outage, as from the moment it went out", () => {
    const { sender, account, send, verdict } = world();
    sender.proven(1_000);
    sender.linkLost(1_010);
    send(1_020);
    sender.linkUp(5_000, 1);
    account.linkUp(5_000);
    expect(account.totals.kept).toBe(1);
    expect(verdict()).toEqual([0, 1, 0, 0]);
  });

  it("excuses a receiver from its last proof of life until its subscription is known everywhere again, and no other", () => {
    const { far, send, verdict } = world();
    far.proven(1_000);
    far.linkLost(1_500);
    send(1_400, 0);
    send(1_600, 0);
    far.linkUp(2_000, 2);
    send(2_000 + AFTER, 0);
    send(2_000 + AFTER + 1, 0);
    send(1_600, 1);
    expect(verdict()).toEqual([3, 2, 0, 0]);
  });

  it("excuses those who are on a node that cannot be relied on, while it cannot", () => {
    const { disturbed, send, verdict } = world();
    disturbed.begin(1, 100);
    disturbed.end(1, 200);
    send(150, 0); // far is on node 1
    send(150, 1); // near is not, nor the sender
    send(201, 0);
    expect(verdict()).toEqual([1, 2, 0, 0]);
  });

  it("excuses a queue group while servers may still take a lost link for a member, and wants one arrival otherwise", () => {
    const { far, touched, send, verdict } = world("one");
    touched.begin(1, 1_000);
    far.proven(1_990);
    far.linkLost(2_000);
    far.linkUp(2_100, 2);
    send(900);
    send(950, 0);
    send(2_100 + AFTER + 500);
    touched.end(1, 5_000);
    send(6_000);
    expect(verdict()).toEqual([1, 2, 0, 0]);
  });

  it("finds what comes twice, also to two members of a group", () => {
    const every = world();
    const number = every.send(10, 0, 1);
    every.account.arrived(1, number, 20);
    expect(every.verdict()).toEqual([0, 0, 1, 0]);
    const one = world("one");
    one.send(10, 0, 1);
    expect(one.verdict()).toEqual([0, 0, 1, 0]);
    one.account.arrived(0, 99, 20);
    expect(one.account.totals.repeated).toBe(2);
  });

  it("finds what comes out of order, but for what a waking node passes on behind what took another way", () => {
    const { account, sender, verdict } = world();
    const [first, second] = [account.sent(10), account.sent(11)];
    for (const receiver of [0, 1]) {
      account.arrived(receiver, second, 12);
      account.arrived(receiver, first, 13);
    }
    expect(verdict()).toEqual([0, 0, 0, 2]);
    sender.proven(1_000);
    const [third, fourth] = [account.sent(1_001), account.sent(1_002)];
    sender.linkLost(1_100);
    for (const receiver of [0, 1]) {
      account.arrived(receiver, fourth, 1_200);
      account.arrived(receiver, third, 1_201);
    }
    expect(verdict()).toEqual([0, 0, 0, 2]);
  });
});
