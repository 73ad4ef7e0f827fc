// A framework as npm installs it, once, in `<cache>/frameworks/<name>-<what its package-lock.json says>`, and below it projects of a moment: the files
// of ours, and our archives installed by npm. Entries appear whole or not at all, so that several processes may install at once.

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cacheDirectory } from "../../../../packages/testing/src/server-cache.js";
import { ownEnvironment } from "./command.js";

const INSTALL_MS = 300_000;
const MANIFESTS = ["package.json", "package-lock.json"];
/** A small package that ours need anyway, to see whether there is a registry. */
const PROBE = "@nats-io/nkeys";
const run = promisify(execFile);

/** What cannot be had here, for which nobody is to blame: no network, or a registry that lacks it. */
export class UnavailableError extends Error {
  /** As npm has it. */
  readonly code: string;

  constructor(code: string, why: string) {
    super(`npm could not get it: ${code}: ${why}`);
    this.code = code;
  }
}

/** Where the files of a framework's project are. */
export function sourcesOf(name: string): string {
  return fileURLToPath(new URL(`../../frameworks/${name}`, import.meta.url));
}

/** The folder with the framework, installed when it is not yet. Rejects with an {@link UnavailableError} when it cannot be had. */
export async function installed(name: string): Promise<string> {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const file of MANIFESTS) hash.update(readFileSync(join(sourcesOf(name), file)));
  const cache = join(cacheDirectory(), "frameworks");
  const folder = join(cache, `${name}-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, ".staging-"));
  try {
    for (const file of MANIFESTS) cpSync(join(sourcesOf(name), file), join(staging, file));
    await npm(staging, "ci", "--include=dev");
    try {
      renameSync(staging, folder);
    } catch (error) {
      // Another process may have been faster: the same lock file, so either will do.
      if (!existsSync(folder)) throw error;
    }
    return folder;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** A project below the framework's folder, which finds the framework there; its owner removes it. */
export async function projectOf(
  name: string,
  folder: string,
  archives: Readonly<Record<string, string>>,
): Promise<string> {
  const project = mkdtempSync(join(folder, "project-"));
  try {
    cpSync(sourcesOf(name), project, {
      recursive: true,
      filter: (path) => !MANIFESTS.some((file) => path.endsWith(file)),
    });
    const dependencies = Object.fromEntries(Object.entries(archives).map(([one, file]) => [one, `file:${file}`]));
    writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, dependencies }));
    await npm(project, "install", "--no-package-lock");
    return project;
  } catch (error) {
    rmSync(project, { recursive: true, force: true });
    // What no registry has is what an archive should not ask for.
    throw error instanceof UnavailableError && error.code === "E404" ? new Error(error.message) : error;
  }
}

// What cannot be had is told, and not waited for: without a registry, what npm has in its own cache is good enough.
async function npm(cwd: string, ...args: string[]): Promise<void> {
  const absent = await npmRun(cwd, ["view", PROBE, "version", "--prefer-online", "--fetch-retries=0"]);
  const failure = await npmRun(cwd, [...args, absent === undefined ? "--prefer-offline" : "--offline"]);
  if (failure === undefined) return;
  throw failure instanceof UnavailableError ? (absent ?? failure) : failure;
}

/** Why it failed, if it did. */
async function npmRun(cwd: string, args: readonly string[]): Promise<Error | undefined> {
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const options = { cwd, timeout: INSTALL_MS, shell: process.platform === "win32", env: ownEnvironment() };
  try {
    await run("npm", [...args, ...quiet], options);
    return undefined;
  } catch (error) {
    const { stderr = "", message } = error as { readonly stderr?: string; readonly message: string };
    return refusalOf(stderr || message);
  }
}

// Codes of npm that say that there is no network, or not this package; any other is a fault of a manifest or of an archive.
const ABSENT =
  /npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED|ENETUNREACH|E404|E5\d\d)\b/;

/** What npm says, as the error it means. */
export function refusalOf(said: string): Error {
  const lines = said.split("\n").filter((line) => /^npm error (?!code|errno|syscall)/.test(line));
  const code = ABSENT.exec(said)?.[1];
  if (code === undefined) return new Error(said.trim());
  return new UnavailableError(code, (lines[0] ?? "").replace("npm error", "").trim());
}
