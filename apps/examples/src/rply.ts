// rply <subject> <answer>: answers every request with the same text, until --max of them or Ctrl-C.

import { cac } from "cac";
import { type AuthenticationFlags, authenticatorOf, withAuthentication } from "./shared/authentication.js";
import { run } from "./shared/command-line.js";
import { listen } from "./shared/listen.js";

const cli = cac("rply");
withAuthentication(cli.command("<subject> <answer>", "Answer every request"))
  .option("-s, --server <urls>", "Where to connect, comma-separated", { default: "127.0.0.1:4222" })
  .option("--queue <name>", "Queue group: each request goes to one of its members")
  .option("--max <n>", "End after so many requests")
  .action(
    (
      subject: string,
      answer: string,
      options: { server: string; queue?: string; max?: number } & AuthenticationFlags,
    ) => listen(subject, { name: "rply", answer, ...options, authenticator: authenticatorOf(options) }),
  );
await run(cli);
