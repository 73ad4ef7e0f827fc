// src/version.ts and src/siblings.ts of every package: its version, and which versions of its siblings it was made with. Written from
// the package.json files by `npm run versions`, which a release runs after `changeset version`; a test keeps them equal.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packages } from "./packages.mjs";

const CONTRACTS = "@myelin/contracts";
// What only one entry of a package uses, and the others must not even look at, is asked for in a file of its own.
const APART = { "@myelin/transport-node": "node-siblings.ts" };
const HEADER = "// Written by `npm run versions` from package.json.";

/** The generated files of one package among all: text by name in src/. */
export function versionFiles({ name, version, dependencies = {} }, all) {
  const files = {
    "version.ts": [
      `${HEADER}\n\n/** The version of this package, such as \`1.2.3\`. */\n`,
      `export const version: string = "${version}";\n`,
    ].join(""),
  };
  const siblings = all
    .filter((one) => one.name in dependencies)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((one) => ({ ...one, file: APART[one.name] ?? "siblings.ts" }));
  for (const file of new Set(siblings.map((one) => one.file))) {
    files[file] = siblingsFile(
      name,
      file,
      siblings.filter((one) => one.file === file),
    );
  }
  return files;
}

function siblingsFile(name, file, siblings) {
  const names = siblings.map((one) => [one.name, `version as ${localName(one.name)}`]);
  const asked = siblings.some((one) => one.name === CONTRACTS)
    ? names.map(([from, list]) => [from, from === CONTRACTS ? `${list}, requireSiblings` : list])
    : [[CONTRACTS, "requireSiblings"], ...names];
  const lines = asked.map(([from, list]) => `import { ${list} } from "${from}";\n`);
  const rows = siblings.map((one) => `["${one.name}", "${one.version}", ${localName(one.name)}]`);
  const table = rows.length === 1 ? `[${rows}]` : `[\n${rows.map((row) => `  ${row},\n`).join("")}]`;
  return [
    `${HEADER} Evaluated before the other modules, so that nothing of a sibling that does not fit is used.\n\n`,
    ...lines,
    `import { version } from "${file === "siblings.ts" ? "./version.js" : "./siblings.js"}";\n\n`,
    `requireSiblings("${name}", version, ${table});\n\n`,
    // Exported from here, so that a bundler keeps the check as long as it keeps anything of the entry.
    "export { version };\n",
  ].join("");
}

function localName(name) {
  return name.replace(/^.*\//, "").replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const manifests = packages.map(({ manifest }) => manifest);
  for (const { folder, manifest } of packages) {
    for (const [file, text] of Object.entries(versionFiles(manifest, manifests))) {
      writeFileSync(join(folder, "src", file), text);
    }
  }
}
