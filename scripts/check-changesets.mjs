// Every package changed since the last release has a changeset. The last release is the newest tag, else the first commit
// there is, which in a shallow clone is the oldest one that was cloned.

import { execFileSync, spawnSync } from "node:child_process";
import { root } from "./packages.mjs";

const git = (...args) =>
  execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

const { status } = spawnSync(`${root}node_modules/.bin/changeset`, ["status", `--since=${lastRelease()}`], {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;

function lastRelease() {
  try {
    return git("describe", "--tags", "--abbrev=0");
  } catch {
    return git("rev-list", "--max-parents=0", "HEAD").split("\n").at(-1);
  }
}
