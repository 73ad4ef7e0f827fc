// How large programs in a browser are, of what, and with what else: everything the README of `myelin` says of it, measured. All minified, and in bytes
// compressed by gzip unless it says so.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { piecesOf, withoutKinds } from "../../../../packages/myelin/test/bundle-pieces.js";
import { bundle, PROGRAMS, weight } from "../../../../packages/myelin/test/bundles.js";
import type { BundlerName } from "../bundling.js";
import { FEATURES, partOf } from "./parts.js";
import { type Split, splitters } from "./splitting.js";

export interface PageSizes {
  readonly bundlers: Readonly<
    Record<BundlerName, { readonly core: number; readonly creds: number; readonly later: number }>
  >;
  /** By brotli, of esbuild. */
  readonly brotli: number;
  /** The core with @myelin/light in place of the full client, and by brotli, of esbuild. */
  readonly light: Readonly<Record<BundlerName, number>> & { readonly brotli: number };
  /** One name and what it needs, by esbuild and by rollup. */
  readonly alone: readonly { readonly name: string; readonly esbuild: number; readonly rollup: number }[];
  /** The same programs with nats.js, by esbuild. */
  readonly peer: { readonly version: string; readonly core: number; readonly creds: number };
  /** How much smaller the core of the sources were without each part, and without all that are features. */
  readonly parts: ReadonlyMap<string, number>;
  readonly withoutFeatures: number;
  /** What of the core are sentences, and what the check of siblings adds to it. */
  readonly sentences: number;
  readonly check: number;
}

const ALONE = ["headers", "parseCreds", "tokenAuthenticator"] as const;

const PEER_CREDS = 'credsAuthenticator(new TextEncoder().encode(await (await fetch("/creds")).text()))';

/** Measures all of it with the packages below `project`, those below `packages/` as they were built last, and their sources. */
export async function pageSizes(project: string): Promise<PageSizes> {
  const split = (name: BundlerName, program: string, what: string): Promise<Split> =>
    splitters[name](program, join(project, "sizes", `${name}-${what}`), what === "creds");
  const bundlers: Record<string, { core: number; creds: number; later: number }> = {};
  for (const name of Object.keys(splitters) as BundlerName[]) {
    const core = await split(name, PROGRAMS.core, "core");
    const creds = await split(name, PROGRAMS.creds, "creds");
    bundlers[name] = { core: bytes(core.atOnce), creds: bytes(creds.atOnce), later: bytes(creds.later) };
  }
  const core = (await split("esbuild", PROGRAMS.core, "core")).atOnce;
  const light: Record<string, number> = {};
  for (const name of Object.keys(splitters) as BundlerName[]) {
    light[name] = bytes((await split(name, inLight(PROGRAMS.core), "light")).atOnce);
  }
  const lightCore = (await split("esbuild", inLight(PROGRAMS.core), "light")).atOnce;
  const alone = ALONE.map(async (name) => {
    const program = `import { ${name} } from "myelin"; globalThis.used = ${name};`;
    const by = async (bundler: "esbuild" | "rollup"): Promise<number> =>
      bytes((await split(bundler, program, name)).atOnce);
    return { name, esbuild: await by("esbuild"), rollup: await by("rollup") };
  });
  return {
    bundlers: bundlers as PageSizes["bundlers"],
    brotli: brotli(core),
    light: { ...light, brotli: brotli(lightCore) } as PageSizes["light"],
    alone: await Promise.all(alone),
    peer: await peerSizes(),
    ...(await sourceParts(bytes(core))),
  };
}

async function peerSizes(): Promise<PageSizes["peer"]> {
  const sizeOf = async (program: string): Promise<number> => {
    const { atOnce } = await bundle(inPeer(program), { built: true });
    return weight(atOnce);
  };
  return { version: peerVersion(), core: await sizeOf(PROGRAMS.core), creds: await sizeOf(PROGRAMS.creds) };
}

/** Of nats.js, the one the package is compared with. */
export function peerVersion(): string {
  const manifest = new URL("../../../../packages/myelin/package.json", import.meta.url);
  const { devDependencies } = JSON.parse(readFileSync(manifest, "utf8")) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  return devDependencies["@nats-io/nats-core"] ?? "";
}

/** A program with the same calls of nats.js, whose `credsAuthenticator` takes the bytes. */
export function inPeer(program: string): string {
  return program
    .replace(/import \{ connect\b/, "import { wsconnect as connect")
    .replace('from "myelin"', 'from "@nats-io/nats-core"')
    .replace(/credsAuthenticator\(async .*\)/, PEER_CREDS);
}

/** A program of the full client with the smaller one: the same with another import. */
export function inLight(program: string): string {
  return program.replace('from "myelin"', 'from "@myelin/light"');
}

async function sourceParts(
  built: number,
): Promise<Pick<PageSizes, "parts" | "withoutFeatures" | "sentences" | "check">> {
  const { atOnce } = await bundle(PROGRAMS.core);
  const pieces = atOnce.flatMap(piecesOf);
  const text = atOnce.map((file) => file.text).join("");
  const whole = bytes([text]);
  const without = (leaves: (part: string) => boolean): number =>
    bytes([
      pieces
        .filter(({ module }) => !leaves(partOf(module)))
        .map((piece) => piece.text)
        .join(""),
    ]);
  const names = [...new Set(pieces.map(({ module }) => partOf(module)))];
  const [sentences] = withoutKinds(text);
  return {
    parts: new Map(names.map((name) => [name, whole - without((part) => part === name)])),
    withoutFeatures: without((part) => FEATURES.includes(part)),
    sentences: whole - bytes([sentences?.[1] ?? text]),
    check: built - whole,
  };
}

function brotli(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + brotliCompressSync(text).length, 0);
}

function bytes(texts: readonly string[]): number {
  return weight(texts.map((text) => ({ text })));
}
