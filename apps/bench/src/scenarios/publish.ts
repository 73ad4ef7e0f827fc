// Publishing over TCP to a sink.

import { publishing, type Scenario, sizesOf } from "./scenario.js";

export const publish: Scenario = {
  name: "publish",
  title: "Client, publishing",
  about:
    "`publish` to one subject, a thousand in a turn of the event loop and a `flush` after every 50 000, over loopback TCP to " +
    "a sink in a process of its own; the same loop for both clients. One floor writes blocks encoded beforehand to a bare " +
    "`net.Socket`; the other copies each message, head and payload, into a fresh block of 64 KiB and writes that. The sink's byte " +
    "count is checked after every run.",
  messages: 2_000_000,
  documented: 2_000_000,
  lines: (amounts) =>
    sizesOf(amounts).flatMap((size) => [
      publishing("myelin-client", amounts.messages, size),
      publishing("nats-js-client", amounts.messages, size),
      publishing("framing-socket", amounts.messages, size, { floor: true }),
      publishing("bare-socket", amounts.messages, size),
    ]),
};
