// What an application waits for: answers, and its connection when everybody connects at once.

import { bytesOf, CLIENTS, line, type Scenario, sizesOf } from "./scenario.js";

export const storm: Scenario = {
  name: "storm",
  title: "Connection storm",
  about:
    "`--msgs` is the number of connections, all made at once to a real server by one process, each with a round trip. Latency is from " +
    "the call to that round trip; CPU time is for each connection.",
  messages: 1_000,
  documented: 1_000,
  lines: ({ messages }) =>
    CLIENTS.map((who) =>
      line(who, { kind: "storm", messages }, `${messages.toLocaleString("en")} connections`, {
        warmUp: Math.ceil(messages / 10),
      }),
    ),
};

/** Requests before the clock starts, at the least: the first thousands wait for the compiler. */
const WARM_UP = 5_000;

export const request: Scenario = {
  name: "request",
  title: "Request and reply",
  about:
    "Through a real server, requester and responder on connections of their own in one process. Latencies are from an HDR histogram. " +
    "The bare socket sends a request made beforehand and waits for the bytes of the answer. One at a time there are a tenth of the " +
    "messages.",
  messages: 500_000,
  documented: 60_000,
  lines: (amounts) =>
    sizesOf(amounts, [128]).flatMap((size) =>
      (
        [
          [1, "one at a time"],
          [256, "256 in flight"],
          [4_096, "4,096 in flight"],
        ] as const
      ).flatMap(([inFlight, words]) => {
        const messages = inFlight === 1 ? Math.ceil(amounts.messages / 10) : amounts.messages;
        const work = { kind: "request", size, messages, inFlight } as const;
        const warmUp = Math.min(messages, Math.max(WARM_UP, Math.ceil(messages / 5) + inFlight));
        const what = `request ${bytesOf(size)}, ${words}`;
        const floor = inFlight === 1 ? [line("bare-socket", work, what, { warmUp, floor: true })] : [];
        return [...CLIENTS.map((who) => line(who, work, what, { warmUp })), ...floor];
      }),
    ),
};
