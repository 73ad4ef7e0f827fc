// The packages as npm would have them, made in a moment from source: no build is needed before a test. The real archives are judged by
// `npm run consumers`.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { lateNames } from "../../../scripts/late-names.mjs";
import { type Packed, root } from "../src/archives.js";

const FOLDERS = [
  "contracts",
  "protocol",
  "server-pool",
  "credentials",
  "transport-node",
  "transport-websocket",
  "client",
  "light",
  "myelin",
];

const ENTRIES = ["index.ts", "browser.ts", "node.ts"];

export function fromSource(work: string): Promise<Packed[]> {
  return Promise.all(FOLDERS.map((name) => packageFrom(join(root, "packages", name), join(work, "built", name))));
}

async function packageFrom(source: string, folder: string): Promise<Packed> {
  const { publishConfig, ...manifest } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  mkdirSync(join(folder, "dist"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, ...publishConfig }));
  const files = readdirSync(join(source, "src")).filter((file) => /^[^.]+\.ts$/.test(file));
  // credentials is built file by file, so that what needs no keys brings none.
  const entries = manifest.name === "@myelin/credentials" ? files : files.filter((file) => ENTRIES.includes(file));
  const entryPoints = entries.map((file) => join(source, "src", file));
  for (const format of ["esm", "cjs"] as const) {
    const { outputFiles } = await build({
      entryPoints,
      outdir: join(folder, "dist"),
      outExtension: { ".js": format === "esm" ? ".js" : ".cjs" },
      bundle: true,
      splitting: format === "esm",
      write: false,
      format,
      platform: "node",
      target: "node20",
      packages: "external",
      logLevel: "silent",
    });
    for (const { path, text } of outputFiles) writeFileSync(path, format === "esm" ? lateNames(text) : text);
  }
  return { name: manifest.name, version: manifest.version, folder };
}
