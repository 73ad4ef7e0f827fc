// `npm run interop`: makes every driver ready, runs all scenarios with everyone, and says in a table for each of our clients who played what. Ends with
// 1 when a scenario failed; a language whose toolchain is missing is told with its reason and is no failure.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { languages } from "./languages/index.js";
import { MissingToolchainError } from "./languages/language.js";
import { ours } from "./our-peer.js";
import { type Report, table } from "./summary.js";

const app = fileURLToPath(new URL("../", import.meta.url));
const root = fileURLToPath(new URL("../../../", import.meta.url));

const missing = new Map<string, string>();
for (const language of languages) {
  const say = (line: string): void => void process.stderr.write(`${language.name}: ${line}\n`);
  try {
    await language.prepare(say);
    say("ready");
  } catch (error) {
    // A build that fails is told again, and counted, by its test file.
    if (error instanceof MissingToolchainError) missing.set(language.name, error.message);
    say(error instanceof Error ? error.message : String(error));
  }
}

const output = join(root, ".reports/interop.json");
rmSync(output, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${output}`];
const args = [join(root, "node_modules/vitest/vitest.mjs"), "run", ...reporters, ...process.argv.slice(2)];
const [code] = (await once(spawn(process.execPath, args, { cwd: app, stdio: "inherit" }), "exit")) as [number | null];
for (const { name } of ours) {
  const met = languages.map((language) => ({ ...language, ours: name }));
  process.stdout.write(`\n${name}\n${table(JSON.parse(readFileSync(output, "utf8")) as Report, met, missing)}\n`);
}
process.exitCode = code ?? 1;
