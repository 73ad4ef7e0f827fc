// The other ways to receive from a source: by iterator, with headers and many subjects, and the event loop watched meanwhile.

import { CLIENTS, receiving, type Scenario, sizesOf } from "./scenario.js";

const SUBJECTS = 5_000;

export const iterator: Scenario = {
  name: "iterator",
  title: "Client, receiving by iterator",
  about: "As above, with `for await (const msg of sub)` in place of a callback.",
  messages: 2_000_000,
  documented: 1_000_000,
  lines: (amounts) =>
    sizesOf(amounts).flatMap((size) => [
      ...CLIENTS.map((who) =>
        receiving(who, amounts.messages, size, { work: { by: "iterator" }, words: ", iterated" }),
      ),
      receiving("framing-socket", amounts.messages, size, { words: ", iterated", floor: true }),
    ]),
};

export const headers: Scenario = {
  name: "headers",
  title: "Headers and many subjects, receiving",
  about:
    "A callback, and messages whose subject is one of 5 000 in turn: without headers, subject and data read; with three headers, " +
    "subject and one header read. The floor is a bare `net.Socket` that counts the same bytes.",
  messages: 1_000_000,
  documented: 500_000,
  lines: (amounts) =>
    sizesOf(amounts, [128]).flatMap((size) => {
      const plain = `MSG ${size} B, 5,000 subjects, subject and data read`;
      const full = `HMSG ${size} B, 5,000 subjects, subject and header read`;
      const shape = (kind: "subjects" | "headers") => ({ kind, count: SUBJECTS });
      return [
        ...CLIENTS.map((who) =>
          receiving(who, amounts.messages, size, { work: { read: "subject+data", shape: shape("subjects") } }),
        ).map((line) => ({ ...line, work: plain })),
        {
          ...receiving("bare-socket", amounts.messages, size, { work: { shape: shape("subjects") }, floor: true }),
          work: plain,
        },
        ...CLIENTS.map((who) =>
          receiving(who, amounts.messages, size, { work: { read: "subject+header", shape: shape("headers") } }),
        ).map((line) => ({ ...line, work: full })),
        {
          ...receiving("bare-socket", amounts.messages, size, { work: { shape: shape("headers") }, floor: true }),
          work: full,
        },
      ];
    }),
};

export const loop: Scenario = {
  name: "loop",
  title: "The event loop while messages pour in",
  about:
    "One subscription, fed as fast as it reads. Percentiles, from an HDR histogram, are of how long one chunk holds the event loop: " +
    "from the socket that read it to the last callback of its messages. A turn of the loop has all the chunks that one poll found, " +
    "up to 32 reads, of 64 KiB each, with ours of up to 256; a chain of immediates measures it. " +
    "A client that keeps a chunk and reads it later in the turn shows in the turn alone. What else the machine does is in both.",
  messages: 2_000_000,
  documented: 400_000,
  lines: (amounts) =>
    sizesOf(amounts).flatMap((size) =>
      CLIENTS.map((who) => receiving(who, amounts.messages, size, { work: { read: "subject+data", watched: true } })),
    ),
};
