// What was built of other languages, our drivers and the peers of the benchmarks, kept outside the tree: `<cache>/interop/<language>/<fingerprint of its folder>`. Entries appear
// whole or not at all. Knows no language.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MissingToolchainError } from "./language.js";

const run = promisify(execFile);
const BUILD_MS = 15 * 60_000;

/** Where the sources of a driver are. */
export function driverFolder(language: string): string {
  return fileURLToPath(new URL(`../../drivers/${language}`, import.meta.url));
}

/** `$MYELIN_CACHE`, else `$XDG_CACHE_HOME/myelin`, else `~/.cache/myelin`, and in it a folder for a language. */
export function cacheOf(language: string): string {
  const { MYELIN_CACHE, XDG_CACHE_HOME } = process.env;
  const root = MYELIN_CACHE || join(XDG_CACHE_HOME || join(homedir() || tmpdir(), ".cache"), "myelin");
  return join(root, "interop", language);
}

/** The folder `make` filled, made anew only when the sources have changed: those of our driver, or of another folder. */
export async function built(
  language: string,
  make: (folder: string) => Promise<void>,
  sources: string = driverFolder(language),
): Promise<string> {
  const folder = join(cacheOf(language), await fingerprint(sources));
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const staging = await mkdtemp(join(dirname(folder), ".staging-"));
  try {
    await make(staging);
    // Another process may have been faster: the same sources, so either will do.
    await rename(staging, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Runs a tool of the language; rejects with the end of what it printed. */
export async function tool(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const env = { ...process.env, ...options.env };
  try {
    const { stdout } = await run(command, args, { cwd: options.cwd, env, timeout: BUILD_MS, maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const said = stderr.trim().split("\n").slice(-15).join("\n");
    throw new Error(`${command} ${args[0] ?? ""} failed: ${said || message}`, { cause: error });
  }
}

/** Rejects with {@link MissingToolchainError} unless `command` runs and says a version from `least` on. */
export async function requireVersion(command: string, args: readonly string[], least: string): Promise<void> {
  const { stdout } = await run(command, args).catch((error: NodeJS.ErrnoException) => {
    throw new MissingToolchainError(
      error.code === "ENOENT" ? `there is no ${command} on PATH` : `${command} does not run: ${error.message.trim()}`,
    );
  });
  const found = /\d+\.\d+(\.\d+)?/.exec(stdout)?.[0] ?? "0";
  if (!isAtLeast(found, least)) {
    throw new MissingToolchainError(`${command} is ${found}, and its client needs ${least} or newer`);
  }
}

function isAtLeast(found: string, least: string): boolean {
  const [have, want] = [found, least].map((version) => version.split(".").map(Number)) as [number[], number[]];
  for (const [i, part] of want.entries()) if ((have[i] ?? 0) !== part) return (have[i] ?? 0) > part;
  return true;
}

async function fingerprint(folder: string): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.filter((name) => !/[\\/](target|__pycache__)[\\/]/.test(name)).sort()) {
    hash.update(`${file.slice(folder.length)}\n`).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 16);
}
