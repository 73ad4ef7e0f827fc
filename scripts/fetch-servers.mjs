// Makes sure, once and before the test workers start, that the newest and the oldest supported nats-server are at hand.
// Never fails: without a server the tests that need one fail with the launcher's own sentence, and the others still run.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
process.stderr.write("Real servers for the tests, newest and oldest supported:\n");
for (const which of ["newest", "oldest"]) {
  // Its standard error says what takes time, and ends with the version and where it came from, or why there is none.
  spawnSync(
    process.execPath,
    ["--conditions=@myelin/source", "--import", "tsx", "packages/testing/src/fetch-server.ts", which],
    { cwd: root, stdio: ["ignore", "ignore", "inherit"] },
  );
}
