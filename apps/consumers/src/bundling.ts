// The four bundlers, each as its own documentation has it for an application, and all asked for one file. No settings of ours, so that what
// works here works for others.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import commonjsPlugin from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import webpack from "webpack";
import type { Module } from "./programs.js";

// Declared as CommonJS, and is none.
const commonjs = commonjsPlugin as unknown as typeof commonjsPlugin.default;

/** Where the bundle is to run. */
export type Target = "browser" | "node";

export interface Job {
  readonly entry: string;
  readonly target: Target;
  /** The file to write. */
  readonly out: string;
  /** Beside it others of what is imported late; only webpack does that here. */
  readonly split?: boolean;
}

/**
 * Builds one file, or rejects with what the bundler said. Its extension says what it is: CommonJS is what webpack makes, and what
 * esbuild must make of a program for Node that requires.
 */
export type Bundler = (job: Job) => Promise<void>;

export type BundlerName = "esbuild" | "vite" | "rollup" | "webpack";

export const bundlers: Readonly<Record<BundlerName, Bundler>> = {
  async esbuild({ entry, target, out }) {
    const shared = { entryPoints: [entry], outfile: out, bundle: true, minify: true, logLevel: "silent" as const };
    await esbuild({ ...shared, format: out.endsWith(".cjs") ? "cjs" : "esm", platform: target });
  },

  async vite({ entry, target, out }) {
    const forNode = { ssr: { noExternal: true as const } };
    await vite({
      root: dirname(entry),
      configFile: false,
      logLevel: "silent",
      ...(target === "node" ? forNode : {}),
      build: {
        ssr: target === "node",
        outDir: dirname(out),
        emptyOutDir: false,
        minify: true,
        // One file whatever it imports late, and no page around it.
        rolldownOptions: { input: entry, output: { format: "es", entryFileNames: fileOf(out), codeSplitting: false } },
      },
    });
  },

  async rollup({ entry, target, out }) {
    const plugins = [
      nodeResolve(target === "browser" ? { browser: true } : { exportConditions: ["node"] }),
      commonjs(),
    ];
    // Builtins of Node stay outside, and so does `ws`, an optional peer nobody here installed.
    const refused: string[] = [];
    const bundle = await rollup({
      input: entry,
      plugins,
      onLog: (_level, { code, message }) => void (code === "UNRESOLVED_IMPORT" && refused.push(message)),
    });
    await bundle.write({ file: out, format: "es", inlineDynamicImports: true });
    await bundle.close();
    if (refused.some((message) => !/^"(node:|ws")/.test(message))) throw new Error(refused.join("\n"));
  },

  webpack({ entry, target, out, split = false }) {
    return new Promise((resolve, reject) => {
      const settings = {
        mode: "production" as const,
        context: dirname(entry),
        entry,
        target: target === "browser" ? "web" : "node20",
        output: { path: dirname(out), filename: fileOf(out), asyncChunks: split },
        performance: { hints: false as const },
      };
      webpack(settings, (error, stats) => {
        if (error !== null) reject(error);
        else if (stats?.hasErrors() === true) reject(new Error(stats.toString({ all: false, errors: true })));
        else resolve();
      });
    });
  },
};

/** The file a bundler should write below `folder`. */
export function fileFor(bundler: string, target: Target, module: Module, folder: string): string {
  const common = bundler === "webpack" || (bundler === "esbuild" && target === "node" && module === "CJS");
  return join(folder, common ? "bundle.cjs" : "bundle.mjs");
}

/** Those of these names, or all. */
export function bundlersOf(names?: readonly BundlerName[]): [BundlerName, Bundler][] {
  const all = Object.entries(bundlers) as [BundlerName, Bundler][];
  return all.filter(([name]) => names === undefined || names.includes(name));
}

/** Bundles a text that is not in a file yet. */
export async function bundleText(bundler: Bundler, text: string, job: Job): Promise<string> {
  mkdirSync(dirname(job.entry), { recursive: true });
  writeFileSync(job.entry, text);
  await bundler(job);
  return readFileSync(job.out, "utf8");
}

/** What of Node, or of a package for Node, is in a bundle for browsers, where nothing of it may be. */
export function leftOfNode(text: string): string | undefined {
  return /["'`]node:\w+["'`]|\brequire\(\s*["'`]|__vite-browser-external/.exec(text)?.[0];
}

function fileOf(path: string): string {
  return path.slice(join(dirname(path), "/").length);
}
