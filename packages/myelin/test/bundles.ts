// What a browser application gets of each entry: the programs that are weighed, and a bundle of one, made as an application would.

import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

/** The same program by way of each entry: connect, subscribe, publish, request. */
export const PROGRAMS: Readonly<Record<"myelin", string>> = {
  myelin: `
    import { connect } from "myelin";
    const nc = await connect({ servers: "wss://nats.example.com" });
    nc.subscribe("s", { callback: (_error, msg) => msg.respond(msg.data) });
    nc.publish("s", "hello");
    await nc.request("s", "hello");
  `,
};

export interface Bundle {
  readonly text: string;
  /** Where each piece of the text comes from, as JSON. */
  readonly sourceMap: string;
  /** Compressed bytes. */
  readonly gzipped: number;
  readonly inputs: readonly string[];
}

/**
 * Bundled and minified for browsers, by esbuild with its defaults.
 *
 * @param conditions of `exports`, beside those of the platform; without any it is what was built last, as it is published
 */
export async function bundle(program: string, conditions: string[] = ["@myelin/source"]): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    minify: true,
    write: false,
    outfile: "bundle.js",
    metafile: true,
    sourcemap: "external",
    sourcesContent: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // "browser" and "import" come with the platform and the format.
    conditions,
    logLevel: "silent",
  });
  const text = outputFiles.find(({ path }) => path.endsWith("bundle.js"))?.text;
  const sourceMap = outputFiles.find(({ path }) => path.endsWith(".map"))?.text;
  if (text === undefined || sourceMap === undefined) throw new Error("esbuild wrote nothing");
  return { text, sourceMap, gzipped: compressed(text), inputs: inputsOf(metafile) };
}

/** Bytes of a text as a server sends it. */
export function compressed(text: string): number {
  return gzipSync(text, { level: 9 }).length;
}

// What was looked at and left out has no bytes.
function inputsOf({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
}
