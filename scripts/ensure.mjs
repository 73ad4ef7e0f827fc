// Installs the workspace when it is not installed yet or no longer fits the lockfile. Only Node and npm are needed, and no
// network when nothing changed. Must not install anything outside this folder.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const at = (path) => new URL(path, root);
// Contents, not times: a checkout touches times, and must not cost a network access.
const stamp = at("node_modules/.installed");
const wanted = fingerprint();

if (!existsSync(at("node_modules/.modules.yaml")) || read(stamp) !== wanted) {
  const { packageManager } = JSON.parse(readFileSync(at("package.json"), "utf8"));
  process.stderr.write(`Installing the workspace with ${packageManager}, once …\n`);
  const { status, error } = spawnSync("npx", ["-y", packageManager, "install", "--frozen-lockfile"], {
    cwd: fileURLToPath(root),
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (status !== 0) {
    const why = error === undefined ? `it ended with ${status}` : error.message;
    process.stderr.write(`The workspace could not be installed with npx ${packageManager}: ${why}.\n`);
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

function fingerprint() {
  const hash = createHash("sha256");
  const members = ["packages", "apps"].flatMap((group) =>
    existsSync(at(group)) ? readdirSync(at(group)).map((name) => `${group}/${name}/package.json`) : [],
  );
  for (const path of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...members.sort()]) {
    hash.update(`${path}\n${read(at(path)) ?? ""}\n`);
  }
  return hash.digest("hex");
}

function read(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
