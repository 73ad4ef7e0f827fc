// The published packages as archives, packed as they would be published, and trees of node_modules made of them: as they are, or as
// if they were of other versions. Installs nothing and needs no network.

import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A packed package, unpacked. */
export interface Packed {
  readonly name: string;
  readonly version: string;
  /** Its files. */
  readonly folder: string;
}

export interface Archives {
  /** An empty folder for whoever uses them; its owner removes it. */
  readonly work: string;
  readonly packed: readonly Packed[];
  /** The archive of each, by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** Packs all packages as they were built last. */
export function packAll(): Archives {
  // Where it really is: bundlers tell paths apart by that.
  const work = realpathSync(mkdtempSync(join(tmpdir(), "myelin-consumers-")));
  const archives = join(work, "archives");
  mkdirSync(archives);
  const { packageManager } = readJson(join(root, "package.json"));
  const args = ["-y", String(packageManager), "-r", "--filter", "./packages/*", "pack", "--pack-destination", archives];
  execFileSync("npx", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], timeout: 300_000 });
  const files: Record<string, string> = {};
  const packed = readdirSync(archives).map((file) => {
    const archive = join(archives, file);
    const folder = join(work, "unpacked", file.replace(/\.tgz$/, ""));
    mkdirSync(folder, { recursive: true });
    execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"]);
    const { name, version } = readJson(join(folder, "package.json"));
    files[String(name)] = archive;
    return { name: String(name), version: String(version), folder };
  });
  return { work, packed, files };
}

/** What they need beside each other, and of whom it is. */
const FOREIGN = [
  ["@nats-io/nkeys", "credentials"],
  ["@peculiar/x509", "testing"],
] as const;

/** Changes a copy of one package in place, such as its version. */
export type Change = (one: Packed, folder: string) => void;

/** A project with all packages below its node_modules, side by side as a package manager lays them out. */
export function layOut(project: string, packed: readonly Packed[], change: Change = () => {}): string {
  for (const one of packed) {
    const folder = join(project, "node_modules", one.name);
    mkdirSync(dirname(folder), { recursive: true });
    cpSync(one.folder, folder, { recursive: true });
    change(one, folder);
  }
  for (const [name, owner] of FOREIGN) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join(root, "packages", owner, "node_modules", name)), link, "dir");
  }
  return project;
}

/**
 * Makes each package one of the version given for it, and one made with the others of these.
 *
 * @param versions by name; of a package without one all stays as it is
 */
export function asVersions(
  versions: Readonly<Record<string, string>>,
  made: Readonly<Record<string, string>> = versions,
): Change {
  return ({ name }, folder) => {
    const own = versions[name];
    rewrite(join(folder, "package.json"), (text) => {
      const manifest = JSON.parse(text) as { version: string };
      return own === undefined ? text : JSON.stringify({ ...manifest, version: own });
    });
    for (const file of builtFiles(folder)) {
      rewrite(file, (text) => {
        const numbered = own === undefined ? text : text.replace(/\bversion = "[^"]*"/, `version = "${own}"`);
        return numbered.replace(/\["(@myelin\/[\w-]+)", "[^"]*"/g, (row, sibling: string) => {
          return made[sibling] === undefined ? row : `["${sibling}", "${made[sibling]}"`;
        });
      });
    }
  };
}

/** What is loaded of a package. */
export function builtFiles(folder: string): string[] {
  return readdirSync(join(folder, "dist"))
    .filter((file) => /\.c?js$/.test(file))
    .map((file) => join(folder, "dist", file));
}

export function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
}
