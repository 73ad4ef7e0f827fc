// Prints what is in the bundle of a browser program: how much smaller it would be, compressed, without each package, each module and
// each kind of text; at last how large it is when made of the packages as they were built last. `npm run size`, or `npm run size -- core` for
// one entry. Measures only; the bounds are in browser-bundle.test.ts, and what README.md says is written by `npm run size:docs`.

import { type Piece, piecesOf, withoutKinds } from "../bundle-pieces.js";
import { bundle, PROGRAMS, weight } from "../bundles.js";

const [only] = process.argv.slice(2);
for (const [name, program] of Object.entries(PROGRAMS)) {
  if (only !== undefined && only !== name) continue;
  const { atOnce, later } = await bundle(program, { splitting: name === "creds" });
  const text = atOnce.map((file) => file.text).join("");
  const whole = weight([{ text }]);
  const pieces = atOnce.flatMap(piecesOf);
  print(
    `\n${name}: ${kilo(text.length)} kB minified, ${kilo(whole)} kB compressed; without what follows it were so much smaller`,
  );
  print("\n   minified  compressed  package");
  table(pieces, whole, ({ module }) => packageOf(module));
  print("\n   minified  compressed  module");
  table(pieces, whole, ({ module }) => module);
  print("\n             compressed  kind of text");
  for (const [kind, without] of withoutKinds(text)) print(row(undefined, whole - weight([{ text: without }]), kind));
  print("\n   minified  compressed");
  print(row(text.length, weight(atOnce), "all of it"));
  print(row(sizeOf(later), weight(later), "loaded only when it is needed"));
  // Nothing when nothing was built.
  const built = await bundle(program, { built: true, splitting: name === "creds" }).catch(() => undefined);
  if (built !== undefined)
    print(row(sizeOf(built.atOnce), weight(built.atOnce), "all of it, of the packages as they were built last"));
}

function table(pieces: readonly Piece[], whole: number, groupOf: (piece: Piece) => string): void {
  const rows = [...new Set(pieces.map(groupOf))].map((group) => {
    const without = pieces.filter((piece) => groupOf(piece) !== group);
    const size = sizeOf(pieces.filter((piece) => groupOf(piece) === group));
    return { group, size, saved: whole - weight([{ text: without.map(({ text }) => text).join("") }]) };
  });
  for (const { group, size, saved } of rows.sort((a, b) => b.saved - a.saved)) print(row(size, saved, group));
}

function packageOf(module: string): string {
  return /packages\/([^/]+)/.exec(module)?.[1] ?? module;
}

function sizeOf(texts: readonly { readonly text: string }[]): number {
  return texts.reduce((sum, { text }) => sum + text.length, 0);
}

function row(minified: number | undefined, compressed: number, what: string): string {
  return `   ${String(minified ?? "").padStart(8)}  ${String(compressed).padStart(10)}  ${what}`;
}

function kilo(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
