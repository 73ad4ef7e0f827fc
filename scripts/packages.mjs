// The packages that are published, as folders below packages/ with their manifests.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));

export const packages = readdirSync(join(root, "packages")).map((folder) => ({
  folder: join(root, "packages", folder),
  manifest: JSON.parse(readFileSync(join(root, "packages", folder, "package.json"), "utf8")),
}));
