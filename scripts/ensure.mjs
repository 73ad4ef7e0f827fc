// Installs the workspace on first use. Only Node and npm are needed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";

const root = new URL("../", import.meta.url);
const at = (p) => new URL(p, root);
const mtime = (p) => (existsSync(at(p)) ? statSync(at(p)).mtimeMs : 0);
if (mtime("node_modules/.modules.yaml") >= mtime("pnpm-lock.yaml")) process.exit(0);
const { packageManager } = JSON.parse(readFileSync(at("package.json"), "utf8"));
const r = spawnSync("npx", ["-y", packageManager.split("+")[0], "install", "--frozen-lockfile"], {
  cwd: root,
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exit(r.status ?? 1);
