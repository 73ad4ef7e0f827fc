// Through a real server: N publishers and M subscribers in one process, and one of either beside clients of other languages.

import { bytesOf, CLIENTS, line, publishing, receiving, type Scenario, sizesOf } from "./scenario.js";

export const pubsub: Scenario = {
  name: "pubsub",
  title: "N publishers, M subscribers",
  about:
    "Every connection its own, all in one process, through a real server. `--msgs` is the number of messages published by all, " +
    "`--clients` the number of publishers, `--subscribers` of subscribers; each of them hears every message, and a run with one " +
    "too few or too many is void. Messages are those sent and those heard. Rates of single connections are from their own first " +
    "message to their last.",
  messages: 400_000,
  documented: 100_000,
  lines: ({ clients, subscribers, ...amounts }) => {
    const given = clients !== undefined || subscribers !== undefined;
    const pairs = given
      ? [[clients ?? 1, subscribers ?? 1] as const]
      : ([
          [1, 1],
          [4, 4],
        ] as const);
    return sizesOf(amounts, [128]).flatMap((size) =>
      pairs.flatMap(([publishers, subscribers]) =>
        CLIENTS.map((who) => {
          const work = { kind: "fan", size, messages: amounts.messages, publishers, subscribers } as const;
          const warmUp = Math.ceil(amounts.messages / 5);
          return line(who, work, `${publishers}:${subscribers}, ${bytesOf(size)}`, { warmUp });
        }),
      ),
    );
  },
};

export const peers: Scenario = {
  name: "peers",
  title: "Through a real server, beside other languages",
  about:
    "One publisher to a real server without subscribers, and one subscriber whose publisher is a bare socket in a process of its " +
    "own. Each client is a program of its own that measures itself; what it does with a message is to count it and its bytes. " +
    "A publisher is held back by its socket where its client has a way to tell it, else by a flush after every 50,000 messages. " +
    "nats-py is given a tenth of the messages. Server, publisher and client share the cores, so that `msgs/s` is also a matter of who leaves them to the others.",
  messages: 2_000_000,
  documented: 400_000,
  lines: (amounts) =>
    sizesOf(amounts, [128]).flatMap((size) => {
      const everyone = [...CLIENTS, "nats-go", "async-nats", "nats-py"] as const;
      const words = " through a server";
      const through = { work: { through: true }, words };
      const messagesOf = (who: string): number => Math.ceil(amounts.messages / (who === "nats-py" ? 10 : 1));
      return [
        ...everyone.map((who) => {
          const pace = who === "myelin-client" ? ({ pace: "signal" } as const) : {};
          return publishing(who, messagesOf(who), size, { ...through, work: { ...through.work, ...pace } });
        }),
        publishing("framing-socket", amounts.messages, size, { ...through, floor: true }),
        publishing("bare-socket", amounts.messages, size, through),
        ...everyone.map((who) =>
          receiving(who, messagesOf(who), size, { ...through, work: { through: true, read: "subject+data" } }),
        ),
        receiving("framing-socket", amounts.messages, size, { ...through, floor: true }),
        receiving("bare-socket", amounts.messages, size, through),
      ];
    }),
};
