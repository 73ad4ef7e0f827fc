import type { StatusEvent } from "myelin";
import { expect, it } from "vitest";
import { about, entryOf } from "./words.js";

const gone = new Error("it reset the connection");

it.each<[StatusEvent, tone: string, text: string]>([
  [{ type: "connect", epoch: 1, server: "a:1" }, "good", "Connected to a:1."],
  [{ type: "disconnect", epoch: 1, server: "a:1", error: gone }, "bad", "Lost a:1: it reset the connection."],
  [
    { type: "disconnect", epoch: 1, server: "a:1", error: undefined },
    "bad",
    "a:1 closed the connection. Looking for another server.",
  ],
  [{ type: "reconnecting", epoch: 1, server: "b:1", attempt: 1 }, "plain", "Trying b:1."],
  [{ type: "reconnecting", epoch: 1, server: "b:1", attempt: 2 }, "plain", "Trying b:1, attempt 2."],
  [
    { type: "attemptFailed", epoch: 1, server: "b:1", error: new Error("is a server there?") },
    "bad",
    "b:1 did not work: is a server there?",
  ],
  [{ type: "reconnect", epoch: 2, server: "b:1" }, "good", "b:1 serves us now; subscriptions are made again."],
  [
    { type: "handover", epoch: 2, from: "a:1", server: "b:1", reason: "lame-duck" },
    "good",
    "Moved from a:1 to b:1 without an interruption, because it leaves.",
  ],
  [
    { type: "update", added: ["c:1"], deleted: ["a:1", "b:1"] },
    "plain",
    "The cluster changed: c:1 is new; a:1, b:1 are gone.",
  ],
  [
    { type: "ldm", epoch: 1, server: "a:1" },
    "plain",
    "a:1 announces that it is about to leave; moving to another server.",
  ],
  [{ type: "error", error: gone }, "bad", "it reset the connection."],
  [{ type: "staleConnection", epoch: 1 }, "bad", "The server has been silent for too long and is given up."],
  [
    { type: "dropped", messages: 1, bytes: 5, reason: "buffer-full" },
    "bad",
    "1 message will not be sent: too much was kept while there was no connection.",
  ],
  [{ type: "close", error: undefined }, "plain", "The connection is closed."],
  [{ type: "close", error: gone }, "bad", "The connection is closed for good: it reset the connection."],
])("%j is %s news in a sentence", (event, tone, text) => {
  expect(entryOf(event)).toEqual({ tone, text });
});

it.each([
  ["a:1", "ws://a:1 ended the connection", "it ended the connection."],
  ["a:1", "a:1 refused", "it refused."],
  ["[::1]:80", "wss://[::1]:80/nats?x broke (1006).", "it broke (1006)."],
  ["a:1", "ws://a:12 ended the connection", "ws://a:12 ended the connection."],
  ["a.b:1", "ws://axb:1 ended", "ws://axb:1 ended."],
  ["a:1", "connecting to ws://a:1 timed out", "connecting to ws://a:1 timed out."],
])("of %s, which has just been named, %s is told as %s", (server, message, told) => {
  expect(about(server, new Error(message))).toBe(told);
});

it("pings are told to nobody", () => {
  expect(entryOf({ type: "ping", epoch: 1, pendingPings: 1 })).toBeUndefined();
});
