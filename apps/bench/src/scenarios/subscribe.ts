// A subscription with a callback, fed over TCP as fast as it reads.

import { receiving, type Scenario, SIZES } from "./scenario.js";

export const subscribe: Scenario = {
  name: "subscribe",
  title: "Client, receiving",
  about:
    "One subscription with a callback, fed over loopback TCP by a source in a process of its own that writes blocks encoded " +
    "beforehand. The figure is the whole receiving process: socket, codec, client, callback. The floor is a bare " +
    "`net.Socket` that counts bytes; a fast contestant waits for the source and then pays for smaller reads.",
  messages: 2_000_000,
  lines: (messages) =>
    SIZES.flatMap((size) => [
      ...(["nothing", "subject+data"] as const).flatMap((read) => [
        receiving("myelin-client", messages, size, read),
        receiving("nats-js-client", messages, size, read),
      ]),
      receiving("bare-socket", messages, size, "nothing"),
    ]),
};
