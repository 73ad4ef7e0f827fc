// The documents whose code is tested, and their blocks. What a block is, its info string says:
// `ts` a whole program, which is compiled and run; `ts vitest`, `ts jest` and `ts node:test` a test for that runner;
// `ts of=PATH` a piece of a file that is compiled and run elsewhere; anything else is no TypeScript.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../../..");

export interface Block {
  /** `block 2 of docs/guides/security.md`, counted over all blocks of TypeScript. */
  readonly name: string;
  /** File name without extension, unique. */
  readonly slug: string;
  /** Info string without the language: empty, a runner, or `of=…`. */
  readonly kind: string;
  readonly code: string;
}

export interface Fence {
  readonly info: string;
  readonly code: string;
}

/** Paths relative to the root. */
export const documents: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...["packages", "apps"].flatMap((group) => namesIn(group).map((name) => `${group}/${name}/README.md`)),
  ...namesIn("docs/guides").map((name) => `docs/guides/${name}`),
].filter((path) => existsSync(join(root, path)));

export const blocks: readonly Block[] = documents.flatMap((path) =>
  fencesOf(path)
    .filter(({ info }) => /^ts\b/.test(info))
    .map(({ info, code }, index) => ({
      name: `block ${index + 1} of ${path}`,
      slug: `${path.replace(/\W+/g, "-")}-${index + 1}`,
      kind: info.slice("ts".length).trim(),
      code,
    })),
);

/** Every fenced block of a document, in order. */
export function fencesOf(path: string): readonly Fence[] {
  const text = readFileSync(join(root, path), "utf8");
  return [...text.matchAll(/^ *```(.*)\n([\s\S]*?)^ *```$/gm)].map(([, info = "", code = ""]) => ({
    info: info.trim(),
    code,
  }));
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder));
}
