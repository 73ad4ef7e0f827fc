// A thread for each part of a fleet. What runs in it is bundled once, so that it is JavaScript as it ships, without a compiler beside it.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import type { PlayAll, Shard, ShardOutcome } from "./shards.js";

const PROGRAM = fileURLToPath(new URL("./shard-thread.ts", import.meta.url));
// Below the package, so that its dependencies are found from there.
const CACHE = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));

/** MiB. Most of what is made while thousands connect is garbage at once, if the young generation holds it that long. */
const YOUNG = 192;
const OLD = 16_384;

/** Bundles the program into a folder that goes when this process does; answers what plays parts in threads. */
export async function shardThreads(): Promise<PlayAll> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "program-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "shard-thread.mjs");
  await build({
    entryPoints: [PROGRAM],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@myelin/source"],
    // A dependency in CommonJS asks for modules of Node at run time.
    banner: {
      js: 'import { createRequire as nodeRequire } from "node:module"; const require = nodeRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  return (shards) => Promise.all(shards.map((shard) => playInThread(program, shard)));
}

function playInThread(program: string, shard: Shard): Promise<ShardOutcome> {
  const worker = new Worker(program, {
    workerData: shard,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: OLD, maxYoungGenerationSizeMb: YOUNG },
  });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    // Too late to matter where the outcome has come.
    worker.once("exit", (code) => reject(new Error(`a part of the fleet ended with exit code ${code} and no outcome`)));
  });
}
