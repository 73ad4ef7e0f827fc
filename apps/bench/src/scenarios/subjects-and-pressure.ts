// The other ways to publish to a sink: to many subjects, and as much as the client takes.

import { CLIENTS, publishing, type Scenario, sizesOf } from "./scenario.js";

export const subjects: Scenario = {
  name: "subjects",
  title: "Many subjects, publishing",
  about: "As publishing above, to 5 000 and to 100 000 subjects in turn.",
  messages: 1_000_000,
  documented: 300_000,
  lines: (amounts) =>
    sizesOf(amounts, [128]).flatMap((size) =>
      [5_000, 100_000].flatMap((subjects) =>
        CLIENTS.map((who) =>
          publishing(who, amounts.messages, size, {
            work: { subjects },
            words: `, ${subjects.toLocaleString("en")} subjects`,
          }),
        ),
      ),
    ),
};

export const pressure: Scenario = {
  name: "pressure",
  title: "Memory of a publisher that outruns its socket",
  about:
    "As many messages as `publish` takes, without a turn of the event loop between them: our `publish` answers `false` when more " +
    "waits than is good, and the publisher then awaits `writable()`; nats.js has no such signal and is given everything. The peak " +
    "resident set is that of the whole process, about 45 MiB of which are Node's own. Without a warm-up.",
  messages: 2_000_000,
  documented: 2_000_000,
  lines: (amounts) =>
    sizesOf(amounts, [128]).flatMap((size) =>
      CLIENTS.map((who) =>
        publishing(who, amounts.messages, size, { work: { pace: "signal" }, words: ", heeding the client", warmUp: 0 }),
      ),
    ),
};
