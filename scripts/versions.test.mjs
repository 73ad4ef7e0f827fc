import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { packages } from "./packages.mjs";
import { versionFiles } from "./versions.mjs";

const manifests = packages.map(({ manifest }) => manifest);

it.each(packages)("$manifest.name tells the versions of package.json (npm run versions)", ({ folder, manifest }) => {
  const wanted = versionFiles(manifest, manifests);
  for (const [file, text] of Object.entries(wanted)) {
    const path = join(folder, "src", file);
    expect(existsSync(path) && readFileSync(path, "utf8"), file).toBe(text);
  }
  const generated = readdirSync(join(folder, "src")).filter((file) => /^(node-)?siblings\.ts$/.test(file));
  if (manifest.name !== "@myelin/contracts") expect(generated.filter((file) => !(file in wanted))).toEqual([]);
});
