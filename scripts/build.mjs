// Builds the packages where what is built is not what their sources say: for all that uses `dist/`, which says nothing of its age. What
// was built from these sources before comes from Turborepo's cache, so that it costs two seconds where nothing changed. Builds no app.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const { packageManager } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
const { status, error } = spawnSync("npx", ["-y", packageManager, "build", "--filter=./packages/*"], {
  cwd: fileURLToPath(root),
  stdio: ["ignore", 2, 2],
  shell: process.platform === "win32",
});
if (status !== 0) {
  const why = error === undefined ? `it ended with ${status}` : error.message;
  process.stderr.write(`The packages could not be built with npx ${packageManager} build: ${why}.\n`);
  process.exit(1);
}
