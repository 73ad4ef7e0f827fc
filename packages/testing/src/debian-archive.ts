// Fetches a nats-server from a Debian archive: index → file name and hash → package → one unpacked binary. Nothing is
// installed and no root is needed. Trust: the signature of InRelease (when gpgv and a keyring are here), its hash of the
// package index, and the index's hash of the package. Source: the Debian repository format; deb(5).

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import type { AptMirror } from "./apt-sources.js";

const run = promisify(execFile);

// What Node calls a processor, and what Debian does.
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", arm: "armhf", ia32: "i386" };
const DEFAULT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const PACKAGE = "nats-server";

/** A package as its index describes it. */
export interface PackageEntry {
  readonly version: string;
  readonly filename: string;
  readonly sha256: string;
}

/** Finds the package in one suite of a mirror. Rejects when the mirror has no such suite, or no such package in it. */
export async function findPackage(mirror: AptMirror, suite: string, say: Say): Promise<PackageEntry> {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`Debian has no name for the processor ${process.arch}`);
  const dist = `${mirror.uri}/dists/${suite}`;
  const release = await download(`${dist}/InRelease`);
  await verifySignature(release, mirror.keyring, say);

  // gzip, not the smaller xz: Node reads it without a tool.
  const path = `main/binary-${architecture}/Packages.gz`;
  const expected = hashInRelease(release.toString("utf8"), path);
  if (expected === undefined) throw new Error(`the release file of ${suite} does not list ${path}`);
  const index = await download(`${dist}/${path}`);
  verifyHash(index, expected, path);
  const entry = packageInIndex(gunzipSync(index), PACKAGE);
  if (entry === undefined) throw new Error(`${suite} has no ${PACKAGE}`);
  return entry;
}

/** Downloads and unpacks the package into `directory` (which must exist) and returns the path of the binary in it. */
export async function unpackServer(mirror: AptMirror, entry: PackageEntry, directory: string): Promise<string> {
  const deb = await download(`${mirror.uri}/${entry.filename}`);
  verifyHash(deb, entry.sha256, entry.filename);
  const data = memberOf(deb, "data.tar");
  const archive = join(directory, data.name);
  await writeFile(archive, data.bytes);
  try {
    // GNU tar, bsdtar and busybox see by themselves that this is xz or zstd.
    await run("tar", ["-xf", archive, "-C", directory]);
  } catch (withTar) {
    // tar calls xz or zstd, which a small image may lack; dpkg-deb has both built in.
    await writeFile(`${archive}.deb`, deb);
    await run("dpkg-deb", ["-x", `${archive}.deb`, directory]).catch((withDpkg: unknown) => {
      throw new AggregateError(
        [withTar, withDpkg],
        "neither tar nor dpkg-deb could unpack the package: install xz-utils",
      );
    });
  }
  const binary = ["usr/sbin", "usr/bin"]
    .map((folder) => join(directory, folder, PACKAGE))
    .find((path) => existsSync(path));
  if (binary === undefined) throw new Error(`${entry.filename} holds no ${PACKAGE}`);
  return binary;
}

/** The SHA-256 a (clear-signed) release file lists for one path, or `undefined`. */
export function hashInRelease(release: string, path: string): string | undefined {
  let inSha256 = false;
  for (const line of release.split("\n")) {
    if (!line.startsWith(" ")) inSha256 = line.startsWith("SHA256:");
    else if (inSha256) {
      const [hash, , name] = line.trim().split(/\s+/);
      if (name === path) return hash;
    }
  }
  return undefined;
}

/** The stanza of one package in an index, or `undefined`. */
export function packageInIndex(index: Buffer, name: string): PackageEntry | undefined {
  const heading = `Package: ${name}\n`;
  // Searched as bytes: the index is 65 MB and one stanza of it is wanted.
  const start =
    index.indexOf(`\n${heading}`) + 1 || (index.subarray(0, heading.length).equals(Buffer.from(heading)) ? 0 : -1);
  if (start < 0) return undefined;
  const end = index.indexOf("\n\n", start);
  const stanza = index.toString("utf8", start, end < 0 ? undefined : end);
  const field = (key: string): string | undefined => new RegExp(`^${key}: *(.*)$`, "m").exec(stanza)?.[1];
  const [version, filename, sha256] = [field("Version"), field("Filename"), field("SHA256")];
  if (version === undefined || filename === undefined || sha256 === undefined) return undefined;
  return { version, filename, sha256 };
}

/** A member of an `ar` archive, which is what a .deb is. */
export function memberOf(archive: Buffer, prefix: string): { name: string; bytes: Buffer } {
  // ar: "!<arch>\n", then members of a 60-byte text header (name 16, …, size at 48, 10 wide) and data, padded to even.
  let at = 8;
  while (at + 60 <= archive.length) {
    const name = archive
      .toString("latin1", at, at + 16)
      .trim()
      .replace(/\/$/, "");
    const size = Number.parseInt(archive.toString("latin1", at + 48, at + 58), 10);
    if (!(size >= 0)) break;
    if (name.startsWith(prefix)) return { name, bytes: archive.subarray(at + 60, at + 60 + size) };
    at += 60 + size + (size % 2);
  }
  throw new Error(`the package has no ${prefix} in it`);
}

/** Fetches a URL into memory; rejects on any answer but 200. */
export async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) });
  if (!response.ok) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Throws unless the bytes hash to `expected` (hex SHA-256). */
export function verifyHash(bytes: Uint8Array, expected: string, what: string): void {
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== expected) throw new Error(`${what} has the wrong hash: wanted ${expected}, got ${actual}`);
}

type Say = (line: string) => void;

async function verifySignature(release: Buffer, keyring: string | undefined, say: Say): Promise<void> {
  const keys = [keyring, DEFAULT_KEYRING].find((file) => file !== undefined && existsSync(file));
  if (keys === undefined) return say("no keyring of the archive on this machine: its signature is not checked");
  const status = await gpgv(keys, release);
  if (status === undefined) return say("no gpgv on this machine: the archive's signature is not checked");
  if (/BADSIG/.test(status)) throw new Error("the archive's release file has a bad signature");
  if (!/GOODSIG/.test(status)) say("the archive is signed by a key that is not on this machine: signature not checked");
}

/** The machine-readable status of gpgv, or `undefined` where there is none. */
function gpgv(keyring: string, signed: Buffer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile("gpgv", ["--status-fd", "1", "--keyring", keyring, "-"], (error, stdout) => {
      resolve(error?.code === "ENOENT" ? undefined : stdout);
    });
    child.stdin?.on("error", () => {}); // it may refuse before reading all: the status tells
    child.stdin?.end(signed);
  });
}
