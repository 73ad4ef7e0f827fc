// The four bundlers as an application has them that loads late what it imports late: what a page loads at once, and what only when it is needed. All
// minified; whoever needs one file is in bundling.ts.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import commonjsPlugin from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { rollup } from "rollup";
import { minify } from "terser";
import { build as vite } from "vite";
import { bundle } from "../../../../packages/myelin/test/bundles.js";
import { type BundlerName, bundlers } from "../bundling.js";

// Declared as CommonJS, and is none.
const commonjs = commonjsPlugin as unknown as typeof commonjsPlugin.default;

/** Texts of files. */
export interface Split {
  readonly atOnce: readonly string[];
  readonly later: readonly string[];
}

/** Bundles a program for browsers below `folder`, where the packages are found. `late`: it imports something late, which esbuild must be told. */
export type Splitter = (program: string, folder: string, late: boolean) => Promise<Split>;

export const splitters: Readonly<Record<BundlerName, Splitter>> = {
  async esbuild(program, folder, late) {
    mkdirSync(folder, { recursive: true });
    const { atOnce, later } = await bundle(program, { built: true, from: folder, splitting: late });
    return { atOnce: atOnce.map(({ text }) => text), later: later.map(({ text }) => text) };
  },

  async vite(program, folder) {
    const input = entryOf(program, folder);
    const built = await vite({
      root: folder,
      configFile: false,
      logLevel: "silent",
      build: { write: false, minify: true, rolldownOptions: { input, output: { format: "es" } } },
    });
    if (!("output" in built)) throw new Error("vite answers one output for one input");
    return splitBy(built.output.flatMap((file) => (file.type === "chunk" ? [file] : [])));
  },

  async rollup(program, folder) {
    const input = entryOf(program, folder);
    const made = await rollup({ input, plugins: [nodeResolve({ browser: true }), commonjs()], logLevel: "silent" });
    const { output } = await made.generate({ format: "es" });
    await made.close();
    const chunks = output.flatMap((file) => (file.type === "chunk" ? [file] : []));
    const small = chunks.map(async (chunk) => ({
      ...chunk,
      code: (await minify(chunk.code, { module: true })).code ?? "",
    }));
    return splitBy(await Promise.all(small));
  },

  async webpack(program, folder) {
    const out = join(folder, "out", "main.js");
    await bundlers.webpack({ entry: entryOf(program, folder), target: "browser", out, split: true });
    const files = readdirSync(dirname(out)).filter((file) => file.endsWith(".js"));
    const textOf = (file: string): string => readFileSync(join(dirname(out), file), "utf8");
    const late = files.filter((file) => file !== "main.js");
    return { atOnce: [textOf("main.js")], later: late.map(textOf) };
  },
};

interface Chunk {
  readonly fileName: string;
  readonly code: string;
  readonly isEntry: boolean;
  readonly imports: readonly string[];
}

// The entry and all that it imports, but for what a dynamic import leads to.
function splitBy(chunks: readonly Chunk[]): Split {
  const first = chunks.filter(({ isEntry }) => isEntry);
  for (const { imports } of first) {
    first.push(...chunks.filter((chunk) => imports.includes(chunk.fileName) && !first.includes(chunk)));
  }
  const later = chunks.filter((chunk) => !first.includes(chunk));
  return { atOnce: first.map(({ code }) => code), later: later.map(({ code }) => code) };
}

function entryOf(program: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "entry.mjs");
  writeFileSync(file, program);
  return file;
}
