// Bytes to messages and messages to bytes without a socket.

import { publishing, receiving, type Scenario, sizesOf } from "./scenario.js";

export const codec: Scenario = {
  name: "codec",
  title: "Codec alone",
  about:
    "No socket and no client. Decoding reads chunks of 64 KiB, cut through the middle of messages, and makes one message " +
    "object for each MSG; the last 1024 objects are kept alive. Ours is `@myelin/protocol`; the peer's is the parser and " +
    "message object of nats-core. Encoding writes PUBs for one subject, a thousand in a turn of the event loop, and takes the " +
    "blocks away; nats-core's encoder lives in its protocol handler, which is given a transport that swallows.",
  messages: 2_000_000,
  documented: 500_000,
  lines: (amounts) => [
    ...sizesOf(amounts).flatMap((size) =>
      (["nothing", "subject+data"] as const).flatMap((read) => [
        receiving("myelin-codec", amounts.messages, size, { work: { read } }),
        receiving("nats-js-codec", amounts.messages, size, { work: { read } }),
      ]),
    ),
    ...sizesOf(amounts).flatMap((size) => [
      publishing("myelin-codec", amounts.messages, size),
      publishing("nats-js-codec", amounts.messages, size),
    ]),
  ],
};
