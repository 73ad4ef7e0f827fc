// A subscription with a callback, fed over TCP as fast as it reads.

import { CLIENTS, receiving, type Scenario, sizesOf } from "./scenario.js";

export const subscribe: Scenario = {
  name: "subscribe",
  title: "Client, receiving",
  about:
    "One subscription with a callback, fed over loopback TCP by a source in a process of its own that writes blocks encoded " +
    "beforehand. The figure is the whole receiving process: socket, codec, client, callback. One floor is a bare `net.Socket` " +
    "that counts bytes; the other finds where each message ends and calls back for it. A fast contestant waits for the source and " +
    "then pays for smaller reads.",
  messages: 2_000_000,
  documented: 2_000_000,
  lines: (amounts) =>
    sizesOf(amounts).flatMap((size) => [
      ...(["nothing", "subject+data"] as const).flatMap((read) =>
        CLIENTS.map((who) => receiving(who, amounts.messages, size, { work: { read } })),
      ),
      receiving("framing-socket", amounts.messages, size, { floor: true }),
      receiving("bare-socket", amounts.messages, size),
    ]),
};
