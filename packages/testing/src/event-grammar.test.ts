// The checker itself must be able to say no.

import { expect, it } from "vitest";
import { eventViolation, type RecordedEvent } from "./event-grammar.js";

const word = (text: string): RecordedEvent[] =>
  text.split(" ").map((one) => {
    const [type = "", number] = one.split("=");
    if (number === undefined) return { type };
    return type === "gap" ? { type, dropped: Number(number) } : { type, epoch: Number(number) };
  });

it.each([
  ["connect=1 ping=1 ldm=1 close"],
  ["attemptFailed=0 update attemptFailed=0 connect=1 error close"],
  ["connect=1 disconnect=1 reconnecting=1 attemptFailed=1 reconnecting=1 reconnect=2 error=1 close"],
  ["connect=1 staleConnection=1 forceReconnect=1 disconnect=1 forceReconnect=1 reconnecting=1 close"],
  ["connect=1 attemptFailed=1 handover=2 ping=2 handover=3 disconnect=3 reconnect=4"],
  ["connect=1 disconnect=1 reconnecting=1 reconnecting=1 attemptFailed=1 reconnecting=1 reconnect=2 attemptFailed=2"],
  ["connect=1 error=2 disconnect=1"],
  ["gap=3 reconnecting=2 attemptFailed=2 attemptFailed=2 reconnect=3 disconnect=3"],
  ["gap=3 ping=2 disconnect=2 reconnecting=2 reconnect=3"],
  ["connect=1 gap=7 attemptFailed=4 reconnecting=4 gap=1 reconnect=6 close"],
])("P21: takes %s", (text) => {
  expect(eventViolation(word(text))).toBeUndefined();
});

it.each([
  ["connect=1 connect=1", "event 2, connect"],
  ["connect=1 reconnect=2", "event 2, reconnect: it may not come while linked"],
  ["connect=2", "the first link is 1"],
  ["connect=1 disconnect=1 disconnect=1", "event 3"],
  ["connect=1 disconnect=1 reconnecting=1 attemptFailed=1 reconnect=2", "every attempt had failed"],
  ["connect=1 disconnect=1 reconnecting=1 forceReconnect=1", "an attempt is under way"],
  ["connect=1 handover=1", "its epoch is 1, expected 2"],
  ["connect=1 disconnect=1 handover=2", "event 3"],
  ["connect=1 disconnect=1 reconnecting=1 reconnect=2 reconnect=3", "event 5"],
  ["connect=1 disconnect=1 reconnecting=1 reconnect=3", "its epoch is 3, expected 2"],
  ["connect=1 disconnect=1 attemptFailed=1", "no attempt was under way"],
  ["connect=1 disconnect=2", "its epoch is 2, expected 1"],
  ["connect=1 ping", "it has no epoch"],
  ["connect=1 error=3", "there was no link 3"],
  ["connect=1 close error", "nothing may follow close"],
  ["connect=1 close close", "nothing may follow close"],
  ["connect=1 gap", "how many are missing"],
  ["connect=1 gap=1 ping=0", "its epoch is 0"],
  ["connect=1 gap=4 reconnecting=3 ping=3", "event 4"],
  ["connect=1 nonsense=1", "event 2, nonsense"],
])("P21: refuses %s", (text, problem) => {
  expect(eventViolation(word(text))).toContain(problem);
});

it("P21: a recording that begins on a link says which one it is", () => {
  expect(eventViolation(word("disconnect=4 reconnecting=4 reconnect=5"), 4)).toBeUndefined();
  expect(eventViolation(word("disconnect=4"), 3)).toContain("expected 3");
});
