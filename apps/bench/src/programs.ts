// The programs of the child processes, bundled once for each command: what is measured is JavaScript as it ships, without a
// compiler in the process. nats.js stays outside of the bundle and is loaded as it is published.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const SOURCE = fileURLToPath(new URL("./", import.meta.url));
// Below the package, so that its dependencies are found from there.
const CACHE = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));

/** Where the bundled programs are. */
export interface Programs {
  readonly run: URL;
  readonly endpoint: URL;
  /** Removes them at once. */
  remove(): void;
}

/** Bundles them into a folder that goes when this process does. */
export async function bundlePrograms(): Promise<Programs> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "programs-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  const contestants = readdirSync(join(SOURCE, "contestants")).filter((name) =>
    /-(client|codec|socket)\.ts$/.test(name),
  );
  await build({
    entryPoints: [
      join(SOURCE, "run-process.ts"),
      join(SOURCE, "endpoints/process.ts"),
      ...contestants.map((name) => join(SOURCE, "contestants", name)),
    ],
    outdir: folder,
    outbase: SOURCE,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@myelin/source"],
    external: ["@nats-io/nats-core", "@nats-io/transport-node", "ws"],
    // A dependency in CommonJS asks for modules of Node at run time.
    banner: {
      js: 'import { createRequire as nodeRequire } from "node:module"; const require = nodeRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  const at = (file: string): URL => pathToFileURL(join(folder, file));
  return { run: at("run-process.js"), endpoint: at("endpoints/process.js"), remove };
}
