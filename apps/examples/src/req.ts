// req <subject> [message]: sends a request and prints the answer.

import { cac } from "cac";
import { connect } from "myelin";
import { type AuthenticationFlags, authenticatorOf, withAuthentication } from "./shared/authentication.js";
import { count, run } from "./shared/command-line.js";

const cli = cac("req");
withAuthentication(cli.command("<subject> [message]", "Send a request and print the answer"))
  .option("-s, --server <urls>", "Where to connect, comma-separated", { default: "127.0.0.1:4222" })
  .option("--timeout <ms>", "How long to wait for the answer", { default: 1000 })
  .option("--count <n>", "How many requests, one after the other", { default: 1 })
  .action(
    async (
      subject: string,
      message: string | undefined,
      options: Record<"server" | "timeout" | "count", string> & AuthenticationFlags,
    ) => {
      const timeout = count("--timeout", options.timeout);
      const times = count("--count", options.count);
      const nc = await connect({ servers: options.server, name: "req", authenticator: authenticatorOf(options) });
      try {
        for (let i = 0; i < times; i++) {
          const pending = nc.request(subject, message ?? "", { timeout });
          console.log(`Published [${subject}] : '${message ?? ""}'`);
          const answer = await pending;
          console.log(`Received  [${answer.subject}] : '${answer.string()}'`);
        }
      } finally {
        await nc.close();
      }
    },
  );
await run(cli);
