// Large payloads, where copying is what costs.

import { CLIENTS, publishing, receiving, type Scenario, sizesOf } from "./scenario.js";

const KIB = 1_024;
const HEEDING = { work: { pace: "signal" }, words: ", heeding the client" } as const;

export const large: Scenario = {
  name: "large",
  title: "Large payloads",
  about:
    "Publishing to a sink and receiving from a source. `--msgs` is the number of messages of 1 KiB; of larger ones there are as many " +
    "as make the same bytes. A publisher flushes after 32 MiB, for which a client must have memory; a bare socket waits as soon as it is full, " +
    "and so does a publisher that heeds the client. The floors are those of the small messages.",
  messages: 1_000_000,
  documented: 400_000,
  lines: (amounts) =>
    sizesOf(amounts, [KIB, 64 * KIB, 1_024 * KIB]).flatMap((size) => {
      const messages = Math.max(1, Math.floor((amounts.messages * KIB) / Math.max(KIB, size)));
      return [publishing, receiving].flatMap((make) => [
        ...CLIENTS.map((who) => make(who, messages, size)),
        ...(make === publishing ? [publishing("myelin-client", messages, size, HEEDING)] : []),
        make("framing-socket", messages, size, { floor: true }),
        make("bare-socket", messages, size),
      ]);
    }),
};
