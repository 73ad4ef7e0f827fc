// What a browser application gets: the programs that are weighed, and a bundle of one, made as an application would.

import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";

const REST = `
  nc.subscribe("s", { callback: (_error, msg) => msg.respond(msg.data) });
  nc.publish("s", "hello");
  await nc.request("s", "hello");
`;

/** Connect, subscribe, publish, request; without credentials, and with those of a `.creds`. */
export const PROGRAMS: Readonly<Record<"core" | "creds", string>> = {
  core: `
    import { connect } from "myelin";
    const nc = await connect({ servers: "wss://nats.example.com" });
    ${REST}`,
  creds: `
    import { connect, credsAuthenticator } from "myelin";
    const authenticator = credsAuthenticator(async () => (await fetch("/creds")).text());
    const nc = await connect({ servers: "wss://nats.example.com", authenticator });
    ${REST}`,
};

/** A file of a bundle. */
export interface BundleFile {
  readonly text: string;
  /** Where each piece of the text comes from, as JSON. */
  readonly sourceMap: string;
  /** Modules something of which is in it. */
  readonly inputs: readonly string[];
}

export interface Bundle {
  /** What is loaded at once. */
  readonly atOnce: readonly BundleFile[];
  /** What is loaded only when it is needed. */
  readonly later: readonly BundleFile[];
}

export interface BundleOptions {
  /** What was built last, as it is published, in place of the sources. */
  readonly built?: boolean;
  /** The folder whose packages are found. Default: this one. */
  readonly from?: string;
  /** In several files, so that what is imported dynamically is loaded later; esbuild does so only when asked. */
  readonly splitting?: boolean;
}

/** Bundled and minified for browsers, by esbuild with its defaults. */
export async function bundle(program: string, options: BundleOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: options.from ?? import.meta.dirname, loader: "js" },
    bundle: true,
    minify: true,
    write: false,
    outdir: join(import.meta.dirname, "../../.."),
    splitting: options.splitting === true,
    metafile: true,
    sourcemap: "external",
    sourcesContent: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // "browser" and "import" come with the platform and the format.
    conditions: options.built === true ? [] : ["@myelin/source"],
    logLevel: "silent",
  });
  const textOf = (name: string): string => outputFiles.find(({ path }) => basename(path) === name)?.text ?? "";
  const atOnce = new Set(filesAtOnce(metafile));
  const files = Object.entries(metafile.outputs).flatMap(([path, { inputs }]) =>
    path.endsWith(".js")
      ? [{ path, text: textOf(basename(path)), sourceMap: textOf(`${basename(path)}.map`), inputs }]
      : [],
  );
  // What was looked at and left out has no bytes.
  const made = files.map(({ inputs, ...file }) => ({
    ...file,
    inputs: Object.entries(inputs).flatMap(([name, { bytesInOutput }]) => (bytesInOutput > 0 ? [name] : [])),
  }));
  return {
    atOnce: made.filter(({ path }) => atOnce.has(path)),
    later: made.filter(({ path }) => !atOnce.has(path)),
  };
}

/** Bytes of files as a server sends them. */
export function weight(files: readonly Pick<BundleFile, "text">[]): number {
  return files.reduce((sum, { text }) => sum + gzipSync(text, { level: 9 }).length, 0);
}

// The first one and all that it imports, but for what a dynamic import leads to.
function filesAtOnce({ outputs }: Metafile): string[] {
  const [first] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === "<stdin>") ?? [];
  const found = first === undefined ? [] : [first];
  for (const path of found) {
    const imports = outputs[path]?.imports.filter(
      ({ kind, external }) => kind === "import-statement" && external !== true,
    );
    for (const one of imports ?? []) if (!found.includes(one.path)) found.push(one.path);
  }
  return found;
}
