// qsub <subject> <queue>: one member of a queue group; of each message exactly one member hears.

import { cac } from "cac";
import { run } from "./shared/command-line.js";
import { listen } from "./shared/listen.js";

const cli = cac("qsub");
cli
  .command("<subject> <queue>", "Print the messages that fall to this member of the queue group")
  .option("-s, --server <urls>", "Where to connect, comma-separated", { default: "127.0.0.1:4222" })
  .option("--max <n>", "End after so many messages")
  .action((subject: string, queue: string, options: { server: string; max?: number }) =>
    listen(subject, { name: "qsub", queue, ...options }),
  );
await run(cli);
