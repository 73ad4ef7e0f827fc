// Command line of findServer: prints the path of a nats-server, fetching it first where there is none.
// Usage: fetch-server [newest|oldest]

import { isNatsError } from "@myelin/contracts";
import { findServer } from "./find-server.js";

const which = process.argv[2] ?? "newest";
if (which !== "newest" && which !== "oldest") {
  process.stderr.write("usage: fetch-server [newest|oldest]\n");
  process.exitCode = 2;
} else {
  try {
    const { path, version, source } = await findServer({ which });
    process.stderr.write(`nats-server ${version} (${source})\n`);
    process.stdout.write(`${path}\n`);
  } catch (error) {
    process.stderr.write(`${isNatsError(error) ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
