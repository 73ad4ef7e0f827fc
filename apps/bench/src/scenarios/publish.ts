// Publishing over TCP to a sink.

import { publishing, type Scenario, SIZES } from "./scenario.js";

export const publish: Scenario = {
  name: "publish",
  title: "Client, publishing",
  about:
    "`publish` to one subject, a thousand in a turn of the event loop and a `flush` after every 50 000, over loopback TCP to " +
    "a sink in a process of its own; the same loop for both clients. The floor writes blocks encoded beforehand to a bare " +
    "`net.Socket`. The sink's byte count is checked after every run.",
  messages: 2_000_000,
  lines: (messages) =>
    SIZES.flatMap((size) => [
      publishing("myelin-client", messages, size),
      publishing("nats-js-client", messages, size),
      publishing("bare-socket", messages, size),
    ]),
};
