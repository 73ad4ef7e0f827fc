// The chain of sources against programs, an archive and a release made here: the real ones are fetched when tests that
// need a server first run, see the README.

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findServer, type Source } from "../src/index.js";
import { cacheDirectory } from "../src/server-cache.js";

const ARCHITECTURE = process.arch === "x64" ? "amd64" : process.arch;

let folder: string;
let cache: string;
let said: string[];
let web: Server;
let base: string;
let files: Map<string, Buffer>;
let asked: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "myelin-find-"));
  cache = join(folder, "cache");
  said = [];
  files = new Map();
  asked = [];
  web = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body = files.get(request.url ?? "");
    response.writeHead(body === undefined ? 404 : 200, { connection: "close" }).end(body);
  });
  await once(web.listen(0, "127.0.0.1"), "listening");
  base = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
});

afterEach(() => {
  vi.unstubAllEnvs();
  web.close();
  rmSync(folder, { recursive: true });
});

/** A program that says it is a nats-server. */
function program(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

const find = (sources: Source[], which: "newest" | "oldest" = "newest"): ReturnType<typeof findServer> =>
  findServer({
    which,
    sources,
    cache,
    say: (line) => said.push(line),
    aptDirectory: join(folder, "apt"),
    releases: base,
  });

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

/** One member of an `ar` archive. */
function member(name: string, bytes: Buffer): Buffer {
  const header = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}${String(bytes.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header), bytes, Buffer.alloc(bytes.length % 2, "\n")]);
}

/** Serves an archive whose suite holds this version, and configures apt for it. */
function archive(suite: string, version: string): void {
  const root = join(folder, `package-${suite}`);
  program(join(root, "usr/sbin/nats-server"), version);
  execFileSync("tar", ["-czf", join(folder, "data.tar.gz"), "-C", root, "./usr"]);
  const data = execFileSync("cat", [join(folder, "data.tar.gz")]);
  const deb = Buffer.concat([
    Buffer.from("!<arch>\n"),
    member("debian-binary", Buffer.from("2.0\n")),
    member("data.tar.gz", data),
  ]);
  files.set(`/debian/pool/nats-server_${version}.deb`, deb);
  const index = gzipSync(
    `Package: nats-serve\nVersion: 0\n\nPackage: nats-server\nVersion: ${version}-1\nFilename: pool/nats-server_${version}.deb\nSHA256: ${sha256(deb)}\n\nPackage: nats-server-extra\n`,
  );
  const path = `main/binary-${ARCHITECTURE}/Packages.gz`;
  files.set(`/debian/dists/${suite}/${path}`, index);
  const release = `MD5Sum:\n 00 1 ${path}\nSHA256:\n ${sha256(index)} ${index.length} ${path}\n`;
  files.set(`/debian/dists/${suite}/InRelease`, Buffer.from(release));
  mkdirSync(join(folder, "apt"), { recursive: true });
  writeFileSync(join(folder, "apt/sources.list"), `deb ${base}/debian bookworm main\n`);
}

describe("findServer", () => {
  it("takes what NATS_SERVER names, and refuses with one sentence when that does not run", async () => {
    vi.stubEnv("NATS_SERVER", program(join(folder, "mine"), "2.11.3"));
    expect(await find(["env", "path"])).toEqual({ path: join(folder, "mine"), version: "2.11.3", source: "env" });
    vi.stubEnv("NATS_SERVER", join(folder, "nothing"));
    await expect(find(["env", "path"])).rejects.toThrow("NATS_SERVER: does not name a nats-server that runs here");
  });

  it("takes what NATS_SERVER_OLD names for the oldest", async () => {
    vi.stubEnv("NATS_SERVER", program(join(folder, "new"), "2.15.0"));
    vi.stubEnv("NATS_SERVER_OLD", program(join(folder, "old"), "2.9.1"));
    expect(await find(["env"], "oldest")).toMatchObject({ version: "2.9.1" });
  });

  it("takes the first on PATH that is of the right line", async () => {
    const old = program(join(folder, "a/nats-server"), "2.9.10");
    const current = program(join(folder, "b/nats-server"), "2.14.0");
    const { PATH } = process.env;
    vi.stubEnv("PATH", `${join(folder, "none")}:${dirname(old)}:${dirname(current)}:${PATH}`);
    expect(await find(["path"])).toEqual({ path: current, version: "2.14.0", source: "path" });
    expect(await find(["path"], "oldest")).toEqual({ path: old, version: "2.9.10", source: "path" });
    expect(said).toEqual([]);
  });

  it("takes the highest cached for the newest, the lowest for the oldest, and asks nobody", async () => {
    for (const version of ["2.9.10", "2.10.2", "2.12.1", "2.15.1"])
      program(join(cache, "nats-server", version, "nats-server"), version);
    expect(await find(["cache", "archive"])).toMatchObject({ version: "2.15.1", source: "cache" });
    expect(await find(["cache", "archive"], "oldest")).toMatchObject({ version: "2.9.10", source: "cache" });
    expect(asked).toEqual([]);
  });

  it.runIf(process.platform === "linux")(
    "unpacks from the apt mirror into the cache, says so, and then works offline",
    async () => {
      archive("sid", "2.15.7");
      const path = join(cache, "nats-server/2.15.7/nats-server");
      expect(await find(["cache", "archive"])).toEqual({ path, version: "2.15.7", source: "archive" });
      expect(said.join("\n")).toContain("unpacking nats-server 2.15.7-1 from sid");
      web.close();
      expect(await find(["cache", "archive"])).toEqual({ path, version: "2.15.7", source: "cache" });
      expect(readdirSync(join(cache, "nats-server"))).toEqual(["2.15.7"]);
    },
  );

  it.runIf(process.platform === "linux")("looks for the oldest in the older suites, one after the other", async () => {
    archive("trixie", "2.10.27");
    expect(await find(["archive"], "oldest")).toMatchObject({ version: "2.10.27", source: "archive" });
  });

  it.runIf(process.platform === "linux")(
    "takes nothing from an archive with a wrong hash or a wrong line, and leaves nothing",
    async () => {
      archive("sid", "2.9.9");
      await expect(find(["archive"])).rejects.toThrow("it is 2.9.9, which is not the newest line");
      const deb = "/debian/pool/nats-server_2.9.9.deb";
      files.set(deb, Buffer.concat([files.get(deb) ?? Buffer.alloc(0), Buffer.from("x")]));
      await expect(find(["archive"])).rejects.toThrow("has the wrong hash");
      expect(readdirSync(join(cache, "nats-server"))).toEqual([]);
    },
  );

  it("unpacks an official release whose checksum fits, and no other", async () => {
    const name = `nats-server-v2.15.2-${process.platform}-${ARCHITECTURE}`;
    program(join(folder, name, "nats-server"), "2.15.2");
    execFileSync("tar", ["-czf", join(folder, "release.tgz"), "-C", folder, name]);
    const archived = execFileSync("cat", [join(folder, "release.tgz")]);
    files.set(`/v2.15.2/${name}.tar.gz`, archived);
    files.set("/v2.15.2/SHA256SUMS", Buffer.from(`${sha256(archived)}  ${name}.tar.gz\n`));
    expect(await find(["release"])).toMatchObject({ version: "2.15.2", source: "release" });
    files.set("/v2.15.2/SHA256SUMS", Buffer.from(`${"0".repeat(64)}  ${name}.tar.gz\n`));
    await expect(find(["release"])).rejects.toThrow("has the wrong hash");
  });

  it("names every step and what to install when nothing works", async () => {
    vi.stubEnv("PATH", folder);
    const failed = await find(["path", "cache", "archive", "go", "release"]).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: "SERVER_NOT_FOUND" });
    expect((failed as { tried: { source: string }[] }).tried.map(({ source }) => source)).toEqual([
      "path",
      "cache",
      "archive",
      "go",
      "release",
    ]);
    expect(String(failed)).toMatch(/install one on PATH, or name one in NATS_SERVER .* there is no Go on PATH/);
    await expect(find(["nowhere" as Source])).rejects.toThrow('sources: "nowhere" is none of');
    vi.stubEnv("MYELIN_SERVER_SOURCES", "cache, nowhere");
    await expect(findServer({ cache })).rejects.toThrow("MYELIN_SERVER_SOURCES");
  });

  it.runIf(process.platform === "linux")("fetches once however many ask at the same time", async () => {
    archive("sid", "2.15.7");
    const found = await Promise.all([1, 2, 3, 4].map(() => find(["cache", "archive"])));
    expect(new Set(found.map(({ path }) => path)).size).toBe(1);
    expect(asked.filter((url) => url.endsWith(".deb"))).toHaveLength(1);
  });

  it.runIf(process.platform === "linux")("takes over the lock of a process that has died", async () => {
    archive("sid", "2.15.7");
    const dead = spawn(process.execPath, ["-e", ""]);
    await once(dead, "exit");
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, "newest.lock"), String(dead.pid));
    expect(await find(["archive"])).toMatchObject({ source: "archive" });
  });
});

describe("the cache directory", () => {
  it("is MYELIN_CACHE, else under XDG_CACHE_HOME, else under the home, else temporary", () => {
    expect(cacheDirectory({ MYELIN_CACHE: "/m", XDG_CACHE_HOME: "/x" })).toBe("/m");
    expect(cacheDirectory({ MYELIN_CACHE: "", XDG_CACHE_HOME: "/x" })).toBe("/x/myelin");
    vi.stubEnv("HOME", "/home/someone");
    expect(cacheDirectory({})).toBe("/home/someone/.cache/myelin");
    vi.stubEnv("HOME", "");
    expect(cacheDirectory({})).toBe(join(tmpdir(), "myelin-cache"));
  });
});
