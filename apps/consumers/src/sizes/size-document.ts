// The blocks of packages/myelin/README.md and packages/light/README.md about sizes: written from what was measured, and compared with it, so that
// they cannot grow stale unseen.

import { readFileSync, writeFileSync } from "node:fs";
import type { PageSizes } from "./page-sizes.js";
import { FEATURES, REST } from "./parts.js";

export type DocumentName = "packages/myelin/README.md" | "packages/light/README.md";

/** Each, with what is written into it. */
export const DOCUMENTS: Readonly<Record<DocumentName, (sizes: PageSizes) => string>> = {
  "packages/myelin/README.md": render,
  "packages/light/README.md": renderLight,
};

const ROOT = new URL("../../../../", import.meta.url);
const BLOCK = /(?<=<!-- size:begin[^>]*-->\n)[\s\S]*?(?=<!-- size:end -->)/;
const NUMBER = /(?<![\d.])\d+\.\d(?![\d.]*\d)/g;

/** How far, in kB, a figure may be from what is measured: changes of a few bytes need no new document. */
export const TOLERANCE = 0.5;

export function writeSizes(sizes: PageSizes): void {
  for (const name of Object.keys(DOCUMENTS) as DocumentName[]) {
    const file = new URL(name, ROOT);
    const text = readFileSync(file, "utf8");
    if (!BLOCK.test(text)) throw new Error(`${name} has no size:begin and size:end marks`);
    writeFileSync(
      file,
      text.replace(BLOCK, () => DOCUMENTS[name](sizes)),
    );
  }
}

/** `ok`, or throws why the document is not what was measured. */
export function asMeasured(sizes: PageSizes, name: DocumentName): string {
  const complaint = staleness(sizes, readFileSync(new URL(name, ROOT), "utf8"), name);
  if (complaint !== undefined) throw new Error(complaint);
  return "ok";
}

/** Why the document is not what was measured, `undefined` when it is. */
export function staleness(sizes: PageSizes, document: string, name: DocumentName): string | undefined {
  const said = BLOCK.exec(document)?.[0] ?? "";
  const measured = DOCUMENTS[name](sizes);
  const again = "npm run size:docs writes it";
  if (words(said) !== words(measured)) return `${name} says other words; ${again}`;
  const found = figures(measured);
  const off = figures(said).flatMap((figure, i) => {
    const now = found[i] ?? Number.NaN;
    return Math.abs(figure - now) <= TOLERANCE ? [] : [`${figure.toFixed(1)} is ${now.toFixed(1)}`];
  });
  return off.length === 0 ? undefined : `${name} is stale: ${off.join(", ")} kB; ${again}`;
}

// Without figures, and without how wide they make a column.
function words(text: string): string {
  return text.replace(NUMBER, "#").replace(/[ -]+/g, " ");
}

function figures(text: string): number[] {
  return (text.match(NUMBER) ?? []).map(Number);
}

const NAMES = { esbuild: "esbuild", vite: "vite", rollup: "rollup with terser", webpack: "webpack" } as const;
const ALL = Object.keys(NAMES) as (keyof typeof NAMES)[];

/** The block of the smaller client. */
export function renderLight({ bundlers, light }: PageSizes): string {
  const rows = ALL.map((name) => [NAMES[name], kilo(light[name]), kilo(bundlers[name].core)]);
  return `
${table([["bundler", "this package", "`myelin`"], ...rows])}

By brotli, of esbuild, it is ${kilo(light.brotli)}.
`;
}

/** The block of the full client. */
export function render({ bundlers, brotli, alone, peer, parts, withoutFeatures, sentences, check }: PageSizes): string {
  const rows = ALL.map((name) => {
    const { core, creds, later } = bundlers[name];
    return [NAMES[name], kilo(core), kilo(creds), kilo(later)];
  });
  const listed = (some: readonly string[]): string[][] =>
    some.filter((part) => parts.has(part)).map((part) => [part, kilo(parts.get(part) ?? 0)]);
  const one = alone.map(({ name, esbuild, rollup }) => `\`${name}\` ${kilo(esbuild)} (rollup ${kilo(rollup)})`);
  return `
${table([["bundler", "core", "with `credsAuthenticator`", "loaded later, without Ed25519"], ...rows])}

The same programs with \`wsconnect\` of \`@nats-io/nats-core\` ${peer.version}, by esbuild: ${kilo(peer.core)}, and with its \`credsAuthenticator\` ${kilo(peer.creds)}.

Our core by esbuild is ${kilo(brotli)} by brotli. The check that the packages fit, which only what is published has, is ${kilo(check)} of it, and sentences
are ${kilo(sentences)}. One name alone brings: ${one.join(", ")}.

How much smaller the core would be without the modules that are for one thing alone:

${table([["part", "kB"], ...listed(FEATURES)])}

Without all of these and that check it would be ${kilo(withoutFeatures)}. The rest keeps a connection to a cluster alive and says what is wrong with it:

${table([["part", "kB"], ...listed(REST)])}
`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line)].join("\n");
}

function kilo(bytes: number): string {
  return (bytes / 1_000).toFixed(1);
}
