// Many subscriptions: what a message costs among them, and how they are made again.

import type { ReceiveWork } from "../job.js";
import { CLIENTS, line, receiving, type Scenario, sizesOf } from "./scenario.js";

const MANY = 200_000;

/**
 * Messages before the clock starts. What 200,000 subscriptions leave among V8's young objects is collected within them; with fewer that
 * one collection, 10 to 30 ms long, is counted as the cost of the messages.
 */
const WARM_UP = 1_000_000;

export const subscriptions: Scenario = {
  name: "subscriptions",
  title: "Many subscriptions, receiving",
  about:
    "Messages from a source to one of so many (`--subscriptions`) subscriptions of a connection, and to each of them in turn, which also pays for the " +
    "memory that so many callbacks are spread over. A callback counts.",
  messages: 1_000_000,
  documented: 400_000,
  lines: (amounts) =>
    sizesOf(amounts, [128]).flatMap((size) => {
      const many = amounts.subscriptions ?? MANY;
      const words = many.toLocaleString("en");
      const cases: readonly [string, Partial<ReceiveWork>][] = [
        ["one of 1 subscription", {}],
        ["one of 1,000 subscriptions", { subscriptions: Math.min(1_000, many) }],
        [`one of ${words} subscriptions`, { subscriptions: many + 1 }],
        [`${words} subscriptions, to each in turn`, { subscriptions: many + 1, shape: { kind: "sids", count: many } }],
      ];
      return cases.flatMap(([which, work]) =>
        CLIENTS.map((who) =>
          receiving(who, amounts.messages, size, {
            work,
            words: `, ${which}`,
            warmUp: Math.max(WARM_UP, amounts.messages),
          }),
        ),
      );
    }),
};

export const replay: Scenario = {
  name: "replay",
  title: "Many subscriptions, made again by a reconnect",
  about:
    "`--msgs` is the number of subscriptions. From the first byte on the new link to the PONG behind the last subscription, with a " +
    "real server; the largest write is what a socket was handed at once in that time. CPU time is for each subscription, made twice.",
  messages: MANY,
  documented: MANY,
  lines: ({ messages }) =>
    CLIENTS.map((who) =>
      line(who, { kind: "replay", messages }, `${messages.toLocaleString("en")} subscriptions`, { warmUp: 0 }),
    ),
};
