// Payloads, subjects and order.

import { expect } from "vitest";
import { bytes, numbers, received, receivedTogether, type Scenario, texts, upTo } from "./scenario.js";

export const publishing: readonly Scenario[] = [
  {
    name: "payloads arrive byte for byte: none, zeros, every byte, protocol text, 1 MiB",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const { messages } = await receiver.subscribe(subject);
      const payloads = [
        new Uint8Array(),
        new Uint8Array(3),
        Uint8Array.from({ length: 256 }, (_, i) => i),
        bytes("\r\nMSG a 1 0\r\n\r\n"),
        Uint8Array.from({ length: 1_048_576 }, (_, i) => (i * 31) % 251),
      ];
      for (const payload of payloads) await sender.publish(subject, payload);
      const found = await received(messages, payloads.length);
      // Buffers compare in one step; a diff of a mebibyte helps nobody.
      expect(found.map(({ data }, i) => Buffer.compare(data, payloads[i] ?? bytes("none")))).toEqual(
        payloads.map(() => 0),
      );
    },
  },
  {
    name: "subjects and payloads in UTF-8 arrive as they were written",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const { messages } = await receiver.subscribe(`${subject}.größe.*`);
      await sender.publish(`${subject}.größe.日本`, bytes("𝄞 und ß"));
      const [message] = await received(messages, 1);
      expect(message?.subject).toBe(`${subject}.größe.日本`);
      expect(texts(messages)).toEqual(["𝄞 und ß"]);
    },
  },
  {
    name: "RECV-WILD-1: * and > match the same subjects, whoever subscribes",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const patterns = [`${subject}.us.*`, `${subject}.*.east`, `${subject}.>`];
      const subs = await Promise.all(patterns.map((pattern) => receiver.subscribe(pattern)));
      const places = ["us.east", "us.east.atlanta", "eu.east", "eu.east.warsaw"];
      for (const place of places) await sender.publish(`${subject}.${place}`);
      const counts = [1, 2, 4];
      for (const [i, { messages }] of subs.entries()) await received(messages, counts[i] ?? 0);
      expect(subs.map(({ messages }) => messages.map((one) => one.subject.slice(subject.length + 1)))).toEqual([
        ["us.east"],
        ["us.east", "eu.east"],
        places,
      ]);
    },
  },
  {
    name: "2 000 messages arrive whole and in order",
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const { messages } = await receiver.subscribe(subject);
      await sender.burst(subject, 0, 2_000);
      await received(messages, 2_000);
      expect(texts(messages).map(Number)).toEqual(upTo(2_000));
    },
  },
  {
    name: "RECV-QUEUE-1: a queue group with members of both serves each message once",
    async play({ from, to, subject }) {
      const members = [await from.open(), await to.open(), await from.open(), await to.open()];
      const subs = await Promise.all(members.map((member) => member.subscribe(subject, { queue: "workers" })));
      const [sender, plain] = [await from.open(), await to.open()];
      const all = await plain.subscribe(subject);
      await sender.burst(subject, 0, 400);
      await received(all.messages, 400);
      await receivedTogether(subs, 400);
      expect(numbers(...subs.map(({ messages }) => messages))).toEqual(upTo(400));
      expect(subs.map(({ messages }) => messages.length)).not.toContain(0);
    },
  },
];
