// Headers as they were written: case, several values, order, what values may hold, size.

import { expect } from "vitest";
import type { HeaderList, PeerMessage } from "../../src/peer.js";
import { bytes, type Cast, received, type Scenario } from "./scenario.js";

export const headers: readonly Scenario[] = [
  {
    name: "PROTO-30: header names keep their case, also when they differ in nothing else",
    async play(cast) {
      const list: HeaderList = [
        ["x-lower-case", ["1"]],
        ["X-UPPER-CASE", ["2"]],
        ["X-mIxEd-CaSe", ["3"]],
        ["nats-msg-id", ["4"]],
        ["Nats-Msg-Id", ["5"]],
        ["NATS-MSG-ID", ["6"]],
      ];
      expect((await sent(cast, list)).headers).toEqual(inOrder(list));
    },
  },
  {
    name: "PROTO-31: several values of one header arrive all, in their order",
    hindrance: (from, to) => {
      const single = [from, to].find(({ traits }) => !traits.severalValues);
      return single && `${single.name} has one value for each name`;
    },
    async play(cast) {
      const list: HeaderList = [
        ["Many", ["z", "a", "z", ""]],
        ["One", ["only"]],
        ["many", ["other"]],
      ];
      expect((await sent(cast, list)).headers).toEqual(inOrder(list));
    },
  },
  {
    name: "names arrive in the order in which they were set",
    hindrance: (from, to) => {
      const unordered = [from, to].find(({ traits }) => !traits.nameOrder);
      return unordered && `${unordered.name} keeps headers without an order of names`;
    },
    async play(cast) {
      const list: HeaderList = ["Zebra", "apple", "Mango", "_under", "0digit"].map((name) => [name, [name]]);
      const { headers: found } = await sent(cast, list, false);
      expect(found.map(([name]) => name)).toEqual(list.map(([name]) => name));
    },
  },
  {
    name: "header values may be empty, hold colons, commas, quotes, tabs, and UTF-8",
    async play(cast) {
      const list: HeaderList = [
        ["Empty", [""]],
        ["Colons", ["a:b: c::d"]],
        ["Colon-First", [":first"]],
        ["Url", ["nats://127.0.0.1:4222"]],
        ["Json", ['{"a": [1, "two"], "b": null}']],
        ["Inner", ["a  b\tc"]],
        ["Text", ["größe 日本 𝄞"]],
        ["Long", ["x".repeat(5_000)]],
      ];
      expect((await sent(cast, list)).headers).toEqual(inOrder(list));
    },
  },
  {
    name: "spaces and tabs around a header value are no part of it",
    async play(cast) {
      const { headers: found } = await sent(cast, [
        ["Padded", [" \t both sides \t "]],
        ["Blank", ["  "]],
      ]);
      expect(found).toEqual([
        ["Blank", [""]],
        ["Padded", ["both sides"]],
      ]);
    },
  },
  {
    name: "headers without any name leave the payload whole",
    async play(cast) {
      const message = await sent(cast, []);
      expect([message.headers, Buffer.from(message.data).toString()]).toEqual([[], "payload"]);
    },
  },
  {
    name: "large headers arrive whole: 300 names, and one value of 64 KiB, before a payload",
    async play(cast) {
      const many: HeaderList = Array.from({ length: 300 }, (_, i) => [`Name-${i}`, [`${i}-`.repeat(200)]]);
      const list: HeaderList = [...many, ["Big", ["y".repeat(65_536)]]];
      const message = await sent(cast, list);
      expect(JSON.stringify(message.headers) === JSON.stringify(inOrder(list))).toBe(true);
      expect(Buffer.from(message.data).toString()).toBe("payload");
    },
  },
];

/** What arrives of a message with these headers; names sorted, unless told otherwise. */
async function sent({ from, to, subject }: Cast, list: HeaderList, sorted = true): Promise<PeerMessage> {
  const [sender, receiver] = [await from.open(), await to.open()];
  const { messages } = await receiver.subscribe(subject);
  await sender.publish(subject, bytes("payload"), { headers: list });
  const [message] = await received(messages, 1);
  if (message === undefined) throw new Error("there is no message");
  return sorted ? { ...message, headers: inOrder(message.headers) } : message;
}

function inOrder(list: HeaderList): HeaderList {
  return [...list].sort(([a], [b]) => (a < b ? -1 : 1));
}
