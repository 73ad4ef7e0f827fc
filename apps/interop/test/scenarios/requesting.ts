// Requests for one answer and for many, and what there is when nobody answers.

import { expect } from "vitest";
import { PeerError, type PeerFailure, type PeerMessage } from "../../src/peer.js";
import { bytes, received, type Scenario, texts } from "./scenario.js";

const TIMEOUT = 15_000;

export const requesting: readonly Scenario[] = [
  {
    name: "SEND-REQUEST-1: a request is answered, with bytes and headers both ways",
    async play({ from, to, subject }) {
      const [asker, responder] = [await from.open(), await to.open()];
      const payload = Uint8Array.of(0, 13, 10, 255);
      await responder.subscribe(subject, { respond: {} });
      const answer = await asker.request(subject, payload, {
        timeout: TIMEOUT,
        headers: [["X-Way", ["there and back"]]],
      });
      expect([...answer.data]).toEqual([...payload]);
      expect(answer.headers).toEqual([["X-Way", ["there and back"]]]);
    },
  },
  {
    name: "100 requests at once get each its own answer",
    async play({ from, to, subject }) {
      const [asker, responder] = [await from.open(), await to.open()];
      await responder.subscribe(subject, { respond: {} });
      const questions = Array.from({ length: 100 }, (_, i) => `question ${i}`);
      const answers = await Promise.all(
        questions.map((question) => asker.request(subject, bytes(question), { timeout: TIMEOUT })),
      );
      expect(texts(answers)).toEqual(questions);
    },
  },
  {
    name: "a request for many gets the answers of responders of both",
    hindrance: (from) => (from.traits.asksMany ? undefined : `${from.name} has no call for many answers`),
    async play({ from, to, subject }) {
      const asker = await from.open();
      const responders = [await to.open(), await from.open(), await to.open(), await from.open()];
      for (const [i, responder] of responders.entries()) {
        await responder.subscribe(subject, { respond: { data: bytes(`answer ${i}`) } });
      }
      const answers = await asker.requestMany(subject, bytes("who?"), { count: 4, timeout: TIMEOUT });
      expect(texts(answers).sort()).toEqual(["answer 0", "answer 1", "answer 2", "answer 3"]);
    },
  },
  {
    name: "SEND-REQUEST-4: no responders is an error of its own, at once",
    async play({ from, to, subject }) {
      const [asker, other] = [await from.open(), await to.open()];
      // Somebody is there, and then nobody.
      const responder = await other.subscribe(subject, { respond: {} });
      await asker.request(subject, bytes("?"), { timeout: TIMEOUT });
      await responder.unsubscribe();
      expect(await failureOf(asker.request(subject, bytes("?"), { timeout: TIMEOUT }))).toBe("no-responders");
    },
  },
  {
    name: "a request nobody answers times out, while the other keeps silent",
    async play({ from, to, subject }) {
      const [asker, silent] = [await from.open(), await to.open()];
      const { messages } = await silent.subscribe(subject);
      expect(await failureOf(asker.request(subject, bytes("?"), { timeout: 150 }))).toBe("timeout");
      expect(texts(await received(messages, 1))).toEqual(["?"]);
    },
  },
  {
    name: "a 503 of the server reaches an ordinary subscription as a status line without a body",
    async play({ from, subject }) {
      const asker = await from.open();
      const inbox = await asker.subscribe(`${subject}.inbox`);
      await asker.publish(`${subject}.nobody`, bytes("?"), { reply: `${subject}.inbox` });
      const [answer] = await received(inbox.messages, 1);
      expect(answer).toMatchObject({ status: 503, data: new Uint8Array() });
      // Newer servers name the subject of the request as well.
      const named = answer?.headers.length === 1 ? [["Nats-Subject", [`${subject}.nobody`]]] : [];
      expect(answer?.headers).toEqual(named);
    },
  },
  {
    name: "PROTO-33: a status line with a description and headers arrives in its parts",
    hindrance: (from) => (from.traits.writesStatus ? undefined : `${from.name} publishes no status line`),
    async play({ from, to, subject }) {
      const [sender, receiver] = [await from.open(), await to.open()];
      const { messages } = await receiver.subscribe(subject);
      await sender.publish(subject, bytes("x"), {
        status: 503,
        description: "Not Now",
        headers: [["Retry-In", ["5"]]],
      });
      await sender.publish(subject, bytes("y"), { status: 404, description: "No Messages" });
      const [first, second] = await received(messages, 2);
      expect(first).toMatchObject({ status: 503, description: "Not Now", headers: [["Retry-In", ["5"]]] });
      expect(second).toMatchObject({ status: 404, description: "No Messages", headers: [] });
      expect(texts(messages)).toEqual(["x", "y"]);
    },
  },
];

async function failureOf(work: Promise<PeerMessage>): Promise<PeerFailure | "an answer"> {
  try {
    await work;
    return "an answer";
  } catch (error) {
    if (error instanceof PeerError) return error.code;
    throw error;
  }
}
