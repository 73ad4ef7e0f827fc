// When no server works, connect() rejects once, with what happened on every server; nothing is left running.

import { ConnectError, connect } from "myelin";

try {
  await connect({ servers: process.env["NATS_URLS"] ?? "nats://127.0.0.1:1, nats://127.0.0.1:2", timeout: 2_000 });
} catch (error) {
  if (!(error instanceof ConnectError)) throw error;
  console.log(error.message);
  for (const { server, phase, error: cause } of error.attempts) console.log(`${server} ${phase}: ${cause.message}`);
}
