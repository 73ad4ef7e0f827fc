// pub <subject> [message]: publishes a message, and ends when the server has it.

import { cac } from "cac";
import { connect } from "myelin";
import { type AuthenticationFlags, authenticatorOf, withAuthentication } from "./shared/authentication.js";
import { count, run } from "./shared/command-line.js";

const cli = cac("pub");
withAuthentication(cli.command("<subject> [message]", "Publish a message"))
  .option("-s, --server <urls>", "Where to connect, comma-separated", { default: "127.0.0.1:4222" })
  .option("--count <n>", "How many times", { default: 1 })
  .action(
    async (
      subject: string,
      message: string | undefined,
      options: { server: string; count: number } & AuthenticationFlags,
    ) => {
      const times = count("--count", options.count);
      const nc = await connect({ servers: options.server, name: "pub", authenticator: authenticatorOf(options) });
      try {
        for (let i = 0; i < times; i++) {
          nc.publish(subject, message ?? "");
          console.log(`Published [${subject}] : '${message ?? ""}'`);
        }
        await nc.flush();
      } finally {
        await nc.close();
      }
    },
  );
await run(cli);
