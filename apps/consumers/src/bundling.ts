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

// Declared as CommonJS, and is none.
const commonjs = commonjsPlugin as unknown as typeof commonjsPlugin.default;

/** Where the bundle is to run. */
export type Target = "browser" | "node";

export interface Job {
  readonly entry: string;
  readonly target: Target;
  /** The file to write. */
  readonly out: string;
}

/** Builds one file, or rejects with what the bundler said. */
export type Bundler = (job: Job) => Promise<void>;

export const bundlers: Readonly<Record<"esbuild" | "vite" | "rollup" | "webpack", Bundler>> = {
  async esbuild({ entry, target, out }) {
    const shared = { entryPoints: [entry], outfile: out, bundle: true, minify: true, logLevel: "silent" as const };
    await esbuild({ ...shared, format: "esm", platform: target, external: target === "node" ? OPTIONAL : [] });
  },

  async vite({ entry, target, out }) {
    const forNode = { ssr: { noExternal: true as const, external: OPTIONAL } };
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
    const refused: string[] = [];
    const bundle = await rollup({
      input: entry,
      external: target === "node" ? OPTIONAL : [],
      plugins,
      onLog: (_level, { code, message }) => void (code === "UNRESOLVED_IMPORT" && refused.push(message)),
    });
    await bundle.write({ file: out, format: "es", inlineDynamicImports: true });
    await bundle.close();
    if (refused.some((message) => !message.includes("node:"))) throw new Error(refused.join("\n"));
  },

  webpack({ entry, target, out }) {
    return new Promise((resolve, reject) => {
      const settings = {
        mode: "production" as const,
        context: dirname(entry),
        entry,
        target: target === "browser" ? "web" : "node20",
        externals: target === "node" ? OPTIONAL : [],
        output: { path: dirname(out), filename: fileOf(out), asyncChunks: false },
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

// What an application has to name to a bundler for Node when it did not install it.
const OPTIONAL = ["ws"];

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
