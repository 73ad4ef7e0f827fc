// Plays releases in a copy of the manifests, so that nothing here changes: each package gets a version of its own, a change of one brings
// a new version of those that could not do with it else, and of no other. Also: what is packed names its siblings by a range, and says
// what npm's provenance needs. Says what must still be filled in before a first release. Needs no network.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { packages, root } from "./packages.mjs";

const failures = [];
const work = mkdtempSync(join(tmpdir(), "myelin-releases-"));
try {
  prepare();
  const first = release();
  for (const { manifest } of packages) {
    if (manifest.version !== "0.0.0") continue;
    expect(`first release, ${manifest.name}`, first.get(manifest.name), /^0\.1\.0$/);
  }
  const dependants = (name) =>
    packages.filter(({ manifest }) => name in (manifest.dependencies ?? {})).map(({ manifest }) => manifest.name);
  for (const { manifest } of packages) {
    const { name } = manifest;
    const version = first.get(name);
    // Within the line: whoever depends on it takes it as it is.
    play(name, "patch", new Map([[name, next(version, "patch")]]));
    // Out of it: whoever depends on it needs a version that says so; those of these are within their line.
    const out = version.startsWith("0.") ? "minor" : "major";
    const behind = dependants(name).map((one) => [one, next(first.get(one), "patch")]);
    play(name, out, new Map([...behind, [name, next(version, out)]]));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const { manifest } of packages) {
  const { name, dependencies = {}, publishConfig } = manifest;
  for (const [sibling, range] of Object.entries(dependencies)) {
    if (packages.some((one) => one.manifest.name === sibling))
      expect(`${name}, range of ${sibling}`, range, /^workspace:\^$/);
  }
  expect(`${name}, publishConfig.provenance`, String(publishConfig?.provenance), /^true$/);
}
for (const failure of failures) console.log(failure);
const missing = packages.filter(({ manifest }) => manifest.repository === undefined).length;
if (missing > 0) {
  console.log(
    `to be filled in before the first release: "repository" of ${missing} packages, which npm's provenance compares`,
  );
}
console.log(`${packages.length} packages, 2 releases of each played, ${failures.length} problems`);
if (failures.length > 0) process.exitCode = 1;

function prepare() {
  for (const { folder } of packages) copy(join(relative(root, folder), "package.json"));
  for (const file of ["package.json", "pnpm-workspace.yaml", ".changeset"]) copy(file);
  // Only the packages: apps are not released.
  writeFileSync(join(work, "pnpm-workspace.yaml"), "packages:\n  - packages/*\n");
  git("init", "--quiet", "--initial-branch=main");
  commit();
}

function play(name, bump, wanted) {
  const before = versions();
  writeFileSync(join(work, ".changeset/played.md"), `---\n"${name}": ${bump}\n---\n\nPlayed.\n`);
  commit();
  const after = release();
  const changed = [...after].filter(([one, version]) => before.get(one) !== version);
  const said = (entries) =>
    entries
      .map((entry) => entry.join(" "))
      .sort()
      .join(", ");
  if (said(changed) !== said([...wanted])) {
    failures.push(`${bump} of ${name} makes ${said(changed)}, not ${said([...wanted])}`);
  }
  git("reset", "--quiet", "--hard", "first");
  git("clean", "--quiet", "-fd");
}

/** The version after this one. */
function next(version, bump) {
  const [major, minor, patch] = version.split(".").map(Number);
  if (bump === "patch") return `${major}.${minor}.${patch + 1}`;
  return bump === "minor" ? `${major}.${minor + 1}.0` : `${major + 1}.0.0`;
}

/** Versions everything in the copy, and answers what came out. */
function release() {
  execFileSync(process.execPath, [join(root, "node_modules/@changesets/cli/bin.js"), "version"], {
    cwd: work,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  commit();
  if (git("tag", "--list") === "") git("tag", "first");
  return versions();
}

function versions() {
  return new Map(
    packages.map(({ folder, manifest }) => {
      const path = join(work, relative(root, folder), "package.json");
      return [manifest.name, JSON.parse(readFileSync(path, "utf8")).version];
    }),
  );
}

function expect(what, found, wanted) {
  if (!wanted.test(found)) failures.push(`${what} is ${found}, not ${wanted}`);
}

function copy(path) {
  mkdirSync(join(work, path, ".."), { recursive: true });
  cpSync(join(root, path), join(work, path), { recursive: true });
}

function commit() {
  git("add", "--all");
  git(
    "-c",
    "user.name=released",
    "-c",
    "user.email=released@localhost",
    "commit",
    "--quiet",
    "--allow-empty",
    "--message=played",
  );
}

function git(...args) {
  return execFileSync("git", args, { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
