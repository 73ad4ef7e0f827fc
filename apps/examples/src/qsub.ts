// qsub <subject> <queue>: one member of a queue group; of each message exactly one member hears.

import { cac } from "cac";
import { type AuthenticationFlags, authenticatorOf, withAuthentication } from "./shared/authentication.js";
import { run } from "./shared/command-line.js";
import { listen } from "./shared/listen.js";

const cli = cac("qsub");
withAuthentication(cli.command("<subject> <queue>", "Print the messages that fall to this member of the queue group"))
  .option("-s, --server <urls>", "Where to connect, comma-separated", { default: "127.0.0.1:4222" })
  .option("--max <n>", "End after so many messages")
  .action((subject: string, queue: string, options: { server: string; max?: number } & AuthenticationFlags) =>
    listen(subject, { name: "qsub", queue, ...options, authenticator: authenticatorOf(options) }),
  );
await run(cli);
