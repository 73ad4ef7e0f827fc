// Where fetched servers are kept: `<cache>/nats-server/<version>/nats-server`. Entries appear whole or not at all, and
// several processes may fetch at once. Knows nothing of where binaries come from.

import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, unlink } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compareVersions, isOfLine, versionOf, type Which } from "./server-version.js";

/** `$MYELIN_CACHE`, else `$XDG_CACHE_HOME/myelin`, else `~/.cache/myelin`, else a folder in the temporary directory. */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { MYELIN_CACHE, XDG_CACHE_HOME } = environment;
  if (MYELIN_CACHE) return MYELIN_CACHE;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, "myelin");
  const home = homedir(); // $HOME, which may be empty in a container
  return home === "" || home === "/" ? join(tmpdir(), "myelin-cache") : join(home, ".cache", "myelin");
}

/** A server in the cache. */
export interface CachedServer {
  readonly path: string;
  readonly version: string;
}

/** The best cached server of a line: the highest version for `newest`, the lowest for `oldest`. */
export async function findCached(cache: string, which: Which): Promise<CachedServer | undefined> {
  const versions = await readdir(join(cache, "nats-server")).catch(() => []);
  const usable = versions
    .filter((version) => /^\d/.test(version) && isOfLine(version, which))
    .sort((a, b) => (which === "newest" ? compareVersions(b, a) : compareVersions(a, b)))
    .map((version) => ({ version, path: join(cache, "nats-server", version, "nats-server") }));
  return usable.find(({ path }) => existsSync(path));
}

/**
 * Puts into the cache what `make` leaves behind. `make` gets an empty folder on the cache's own disk and returns the path
 * of a binary in it; the binary is run once for its version, and moved into place in one step.
 */
export async function addToCache(
  cache: string,
  which: Which,
  make: (staging: string) => Promise<string>,
): Promise<CachedServer> {
  const root = join(cache, "nats-server");
  await mkdir(root, { recursive: true });
  const staging = await mkdtemp(join(root, ".staging-"));
  try {
    const binary = await make(staging);
    await chmod(binary, 0o755);
    const version = await versionOf(binary);
    if (!isOfLine(version, which)) throw new Error(`it is ${version}, which is not the ${which} line`);
    const path = join(root, version, "nats-server");
    await mkdir(dirname(path), { recursive: true });
    await rename(binary, path);
    return { path, version };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/**
 * Runs `work` while no other process on this cache does. It only spares a second download: without it `addToCache` is
 * still correct. A lock whose process is gone is taken over.
 */
export async function whileLocked<T>(cache: string, name: string, work: () => Promise<T>): Promise<T> {
  await mkdir(cache, { recursive: true });
  const file = join(cache, `${name}.lock`);
  while (!(await tryLock(file))) {
    if (await isAbandoned(file)) await unlink(file).catch(() => {});
    else await sleep(100);
  }
  try {
    return await work();
  } finally {
    await unlink(file).catch(() => {});
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch(() => "");
  if (text === "") return false; // gone, or just being written
  return !isAlive(Number(text));
}

/** True while a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
