// How subscriptions and connections end: after so many messages, at once, drained; and messages that do not come back.

import { expect } from "vitest";
import type { PeerConnection, PeerSubscription } from "../../src/peer.js";
import {
  bytes,
  type Cast,
  type End,
  numbers,
  passFence,
  received,
  receivedTogether,
  type Scenario,
  texts,
  upTo,
} from "./scenario.js";

// The load while somebody drains.
const BURST = 50;
const UNDER_WAY = 4;
const SHARE = 300;
const MOST = 50_000;

export const ending: readonly Scenario[] = [
  {
    name: "RECV-UNSUB-AFTER-1: a subscription ends after exactly as many messages as it was given",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const [limited, later, open] = [
        await receiver.subscribe(subject, { max: 3 }),
        await receiver.subscribe(subject),
        await receiver.subscribe(subject),
      ];
      await sender.burst(subject, 0, 2);
      await received(later.messages, 2);
      await later.unsubscribe(5);
      await sender.burst(subject, 2, 8);
      await received(open.messages, 10);
      await received(limited.messages, 3);
      await received(later.messages, 5);
      await passFence(sender, receiver, subject);
      expect([limited, later, open].map(({ messages }) => numbers(messages))).toEqual([upTo(3), upTo(5), upTo(10)]);
    },
  },
  {
    name: "a subscription that was ended gets nothing more",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const [ended, open] = [await receiver.subscribe(subject), await receiver.subscribe(subject)];
      await sender.burst(subject, 0, 5);
      await received(ended.messages, 5);
      await ended.unsubscribe();
      await sender.burst(subject, 5, 5);
      await received(open.messages, 10);
      await passFence(sender, receiver, subject);
      expect(numbers(ended.messages)).toEqual(upTo(5));
    },
  },
  {
    name: "with echo off, our own messages do not come back and those of others do",
    async play({ from, to, subject }) {
      const [deaf, other] = [await from.open({ noEcho: true }), await to.open()];
      const [own, all] = [await deaf.subscribe(subject), await other.subscribe(subject)];
      await deaf.publish(subject, bytes("own"));
      await received(all.messages, 1);
      await other.publish(subject, bytes("other"));
      await received(own.messages, 1);
      await received(all.messages, 2);
      expect([texts(own.messages), texts(all.messages)]).toEqual([["other"], ["own", "other"]]);
    },
  },
  {
    name: "a connection that publishes and drains at once loses nothing",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const { messages } = await receiver.subscribe(subject);
      await sender.burst(subject, 0, 3_000);
      await sender.drain();
      await received(messages, 3_000);
      expect(numbers(messages)).toEqual(upTo(3_000));
    },
  },
  {
    name: "a member of a queue group whose connection drains in full flow loses nothing",
    hindrance: goesEarly,
    play: (cast) => leaveInFullFlow(cast, (_, connection) => connection.drain()),
  },
  {
    name: "a member of a queue group that drains in full flow loses nothing",
    hindrance: goesEarly,
    play: (cast) => leaveInFullFlow(cast, (sub) => sub.drain()),
  },
];

function goesEarly({ name, traits }: End): string | undefined {
  return traits.drainWaits ? undefined : `${name} may leave before the server knows, see README.md`;
}

/**
 * Two members of a group under load; the first one leaves when it has had its share, while the load goes on until it has left.
 * What was sent is counted, and who got it: every number once.
 */
async function leaveInFullFlow(
  { from, to, subject }: Cast,
  leave: (sub: PeerSubscription, connection: PeerConnection) => Promise<void>,
): Promise<void> {
  const [leaving, staying, sender] = [await from.open(), await to.open(), await to.open()];
  const sub = await leaving.subscribe(subject, { queue: "workers" });
  const subs = [sub, await staying.subscribe(subject, { queue: "workers" })];
  let left = false;
  let sent = 0;
  const load = async (): Promise<void> => {
    // Several bursts are under way at any time, so that there is no moment without messages between the two.
    const underWay: Promise<void>[] = [];
    for (; !left && sent < MOST; sent += BURST) {
      underWay.push(sender.burst(subject, sent, BURST));
      if (underWay.length >= UNDER_WAY) await underWay.shift();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(underWay);
  };
  const departure = async (): Promise<number> => {
    try {
      await received(sub.messages, SHARE);
      await leave(sub, leaving);
      return sub.messages.length;
    } finally {
      left = true;
    }
  };
  const [whenLeft] = await Promise.all([departure(), load()]);
  await receivedTogether(subs, sent);
  expect(numbers(...subs.map(({ messages }) => messages))).toEqual(upTo(sent));
  expect(sub.messages.length, "nothing comes to who has left").toBe(whenLeft);
}
