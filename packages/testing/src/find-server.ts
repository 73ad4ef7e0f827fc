// Finds a real nats-server: one named in the environment, on PATH, or fetched before; else fetches one into the cache.
// The steps live in their own files; here is their order, what each reports, and the one sentence when all fail.

import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { InvalidArgumentError } from "@myelin/contracts";
import { readAptMirrors } from "./apt-sources.js";
import { download, findPackage, unpackServer, verifyHash } from "./debian-archive.js";
import { type FailedSource, ServerNotFoundError } from "./launch-errors.js";
import { addToCache, cacheDirectory, findCached, whileLocked } from "./server-cache.js";
import { isOfLine, versionLines, versionOf, type Which } from "./server-version.js";

/** Where a server may come from, in the order they are tried. */
export type Source = "env" | "path" | "cache" | "archive" | "go" | "release";

/** A nats-server that runs on this machine. */
export interface ServerBinary {
  /** Absolute path of the program. */
  readonly path: string;
  /** Without the `v`: `2.15.1`. */
  readonly version: string;
  /** Where it came from. */
  readonly source: Source;
}

/** Which server is wanted, and where to look for it. */
export interface FindServerOptions {
  /** Default `"newest"`. */
  readonly which?: Which;
  /** Told one line for each thing that takes time. Default: standard error. */
  readonly say?: (line: string) => void;
  /** Steps to try. Default: `$MYELIN_SERVER_SOURCES` (comma-separated), else all of them. */
  readonly sources?: readonly Source[];
  /** Default: see `cacheDirectory`. */
  readonly cache?: string;
  /** Folder of the apt configuration. Default `/etc/apt`. */
  readonly aptDirectory?: string;
  /** Base of the official releases: `<base>/v<version>/<file>`. Default: the server's project on GitHub. */
  readonly releases?: string;
}

type Settings = Required<FindServerOptions>;

const SOURCES: readonly Source[] = ["env", "path", "cache", "archive", "go", "release"];
const RELEASES = "https://github.com/nats-io/nats-server/releases/download";
const MODULE = "github.com/nats-io/nats-server/v2";
// Debian suites to look in, best first. Codenames stay when stable moves on; sid is always unstable.
const SUITES: Readonly<Record<Which, readonly string[]>> = { newest: ["sid"], oldest: ["bookworm", "trixie"] };
const run = promisify(execFile);

/**
 * Finds a nats-server, fetching one into the cache when there is none. Rejects with {@link ServerNotFoundError}, or with
 * `InvalidArgumentError` when `NATS_SERVER` (for `oldest`: `NATS_SERVER_OLD`) names something that does not run.
 */
export async function findServer(options: FindServerOptions = {}): Promise<ServerBinary> {
  const settings = resolve(options);
  const tried: FailedSource[] = [];
  const attempt = async (sources: readonly Source[]): Promise<ServerBinary | undefined> => {
    for (const source of sources.filter((name) => settings.sources.includes(name))) {
      try {
        return { ...(await steps[source](settings)), source };
      } catch (error) {
        if (error instanceof InvalidArgumentError) throw error;
        tried.push({ source, why: reason(error) });
        if (fetching.includes(source)) settings.say(`${source}: ${reason(error)}`);
      }
    }
    return undefined;
  };
  const fetching: readonly Source[] = ["archive", "go", "release"];
  const found =
    (await attempt(["env", "path", "cache"])) ??
    (await whileLocked(settings.cache, settings.which, () => {
      // Another process may have fetched it while this one waited for the lock.
      tried.splice(0, tried.length, ...tried.filter(({ source }) => source !== "cache"));
      return attempt(["cache", ...fetching]);
    }));
  if (found !== undefined) return found;
  const { from, below } = versionLines[settings.which];
  throw new ServerNotFoundError(`nats-server from ${from} to below ${below}`, tried);
}

const steps: Readonly<Record<Source, (settings: Settings) => Promise<{ path: string; version: string }>>> = {
  async env({ which }) {
    const name = which === "newest" ? "NATS_SERVER" : "NATS_SERVER_OLD";
    const path = process.env[name];
    if (!path) throw new Error(`${name} is not set`);
    // Named on purpose: any version is right, and one that does not run is the caller's mistake, not a reason to move on.
    const version = await versionOf(path).catch((cause: unknown) => {
      throw new InvalidArgumentError(name, `does not name a nats-server that runs here: ${reason(cause)}`, { cause });
    });
    return { path, version };
  },

  async path({ which }) {
    const wrong: string[] = [];
    const { PATH = "" } = process.env;
    for (const folder of PATH.split(delimiter).filter((entry) => entry !== "")) {
      const path = join(folder, "nats-server");
      const version = await versionOf(path).catch(() => undefined);
      if (version !== undefined && isOfLine(version, which)) return { path, version };
      if (version !== undefined) wrong.push(version);
    }
    throw new Error(wrong.length === 0 ? "no nats-server on PATH" : `only ${wrong.join(", ")} on PATH`);
  },

  async cache({ cache, which }) {
    const cached = await findCached(cache, which);
    if (cached === undefined) throw new Error(`nothing cached in ${cache}`);
    return cached;
  },

  async archive({ aptDirectory, cache, say, which }) {
    const mirrors = process.platform === "linux" ? readAptMirrors(aptDirectory) : [];
    if (mirrors.length === 0) throw new Error("no apt mirror is configured on this machine");
    const failures: string[] = [];
    for (const suite of SUITES[which]) {
      for (const mirror of mirrors) {
        try {
          say(`looking for nats-server in ${suite} of this machine's apt mirror`);
          const entry = await findPackage(mirror, suite, say);
          say(`unpacking nats-server ${entry.version} from ${suite} into ${cache}`);
          return await addToCache(cache, which, (staging) => unpackServer(mirror, entry, staging));
        } catch (error) {
          failures.push(`${suite}: ${reason(error)}`);
        }
      }
    }
    throw new Error(failures.join(", "));
  },

  async go({ cache, say, which }) {
    await run("go", ["version"]).catch(() => {
      throw new Error("there is no Go on PATH");
    });
    const module = `${MODULE}@v${versionLines[which].pinned}`;
    say(`building ${module} with go install, which takes a minute`);
    return addToCache(cache, which, async (staging) => {
      // GOTOOLCHAIN=local: a Go that is too old must say so instead of downloading another Go.
      const env = { ...process.env, GOBIN: staging, GOTOOLCHAIN: "local", CGO_ENABLED: "0" };
      await run("go", ["install", "-trimpath", module], { env, timeout: 600_000 });
      return join(staging, "nats-server");
    });
  },

  async release({ cache, releases, say, which }) {
    const version = versionLines[which].pinned;
    const folder = `nats-server-v${version}-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
    const base = `${releases}/v${version}`;
    say(`downloading ${folder}.tar.gz from the official releases`);
    // The checksum is the release's own, fetched from the same place over https: it guards against damage, not against
    // a forged release.
    const sums = (await download(`${base}/SHA256SUMS`)).toString("utf8");
    const expected = new RegExp(`^([0-9a-f]{64}) +\\*?(?:\\./)?${folder}\\.tar\\.gz$`, "m").exec(sums)?.[1];
    if (expected === undefined) throw new Error(`the release ${version} lists no ${folder}.tar.gz`);
    const archive = await download(`${base}/${folder}.tar.gz`);
    verifyHash(archive, expected, `${folder}.tar.gz`);
    return addToCache(cache, which, async (staging) => {
      await mkdir(staging, { recursive: true });
      await writeFile(join(staging, "release.tar.gz"), archive);
      await run("tar", ["-xzf", join(staging, "release.tar.gz"), "-C", staging]);
      return join(staging, folder, "nats-server");
    });
  },
};

function resolve(options: FindServerOptions): Settings {
  const { MYELIN_SERVER_SOURCES } = process.env;
  const fromEnvironment = MYELIN_SERVER_SOURCES?.split(",").map((name) => name.trim());
  const sources = options.sources ?? fromEnvironment ?? SOURCES;
  const unknown = sources.find((name) => !(SOURCES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const argument = options.sources === undefined ? "MYELIN_SERVER_SOURCES" : "sources";
    throw new InvalidArgumentError(argument, `"${unknown}" is none of ${SOURCES.join(", ")}`);
  }
  return {
    which: options.which ?? "newest",
    say: options.say ?? ((line) => void process.stderr.write(`nats-server: ${line}\n`)),
    sources: sources as readonly Source[],
    cache: options.cache ?? cacheDirectory(),
    aptDirectory: options.aptDirectory ?? "/etc/apt",
    releases: options.releases ?? RELEASES,
  };
}

/** One line of an error, with what a failed command printed. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stderr } = error as Error & { stderr?: unknown };
  const printed = typeof stderr === "string" ? stderr.trim().split("\n").at(-1) : undefined;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
  return `${printed || error.message.split("\n")[0]}${cause}`;
}
