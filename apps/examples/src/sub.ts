// sub <subject>: prints every message, until --max of them or Ctrl-C. With --queue it is one member of a queue group.

import { cac } from "cac";
import { type AuthenticationFlags, authenticatorOf, withAuthentication } from "./shared/authentication.js";
import { run } from "./shared/command-line.js";
import { listen } from "./shared/listen.js";

const cli = cac("sub");
withAuthentication(cli.command("<subject>", "Print every message of a subject; wildcards are * and >"))
  .option("-s, --server <urls>", "Where to connect, comma-separated", { default: "127.0.0.1:4222" })
  .option("--queue <name>", "Queue group: each message goes to one of its members")
  .option("--max <n>", "End after so many messages")
  .action((subject: string, options: { server: string; queue?: string; max?: number } & AuthenticationFlags) =>
    listen(subject, { name: "sub", ...options, authenticator: authenticatorOf(options) }),
  );
await run(cli);
