// Prints what is in the bundle of a browser program: how much smaller it would be, compressed, without each package, each module and
// each kind of text; at last how large it is when made of the packages as they were built last. `npm run size`, or `npm run size -- core` for
// one entry. Measures only; the bounds are in browser-bundle.test.ts.

import { SourceMap, type SourceMapPayload } from "node:module";
import { bundle, compressed, PROGRAMS } from "../bundles.js";

/** Text of the bundle and the module it comes from. */
interface Piece {
  readonly module: string;
  readonly text: string;
}

const [only] = process.argv.slice(2);
for (const [entry, program] of Object.entries(PROGRAMS)) {
  if (only !== undefined && only !== entry) continue;
  const { text, sourceMap, gzipped } = await bundle(program);
  const pieces = piecesOf(text, JSON.parse(sourceMap) as SourceMapPayload);
  print(
    `\n${entry}: ${kilo(text.length)} kB minified, ${kilo(gzipped)} kB compressed; without what follows it were so much smaller`,
  );
  print("\n   minified  compressed  package");
  table(pieces, gzipped, ({ module }) => packageOf(module));
  print("\n   minified  compressed  module");
  table(pieces, gzipped, ({ module }) => module);
  print("\n             compressed  kind of text");
  for (const [kind, without] of kinds(text))
    print(`             ${column(gzipped - compressed(without), 10)}  ${kind}`);
  const built = await bundle(program, []);
  print(`\n             ${column(built.gzipped, 10)}  as built: the same program with what is published`);
}

function piecesOf(text: string, payload: SourceMapPayload): Piece[] {
  const map = new SourceMap(payload);
  const pieces: { module: string; text: string }[] = [];
  for (const [line, content] of text.split("\n").entries()) {
    for (let column = 0; column < content.length; column++) {
      const found = map.findEntry(line, column) as { readonly originalSource?: string };
      const module = (found.originalSource ?? "?").replace(/^(\.\.\/)*/, "");
      const last = pieces.at(-1);
      if (last?.module === module) last.text += content[column];
      else pieces.push({ module, text: content[column] ?? "" });
    }
  }
  return pieces;
}

function table(pieces: readonly Piece[], whole: number, groupOf: (piece: Piece) => string): void {
  const rows = [...new Set(pieces.map(groupOf))].map((group) => {
    const without = pieces.filter((piece) => groupOf(piece) !== group);
    const size = pieces.reduce((sum, piece) => sum + (groupOf(piece) === group ? piece.text.length : 0), 0);
    return { group, size, saved: whole - compressed(without.map(({ text }) => text).join("")) };
  });
  for (const { group, size, saved } of rows.sort((a, b) => b.saved - a.saved)) {
    print(`   ${column(size, 8)}  ${column(saved, 10)}  ${group}`);
  }
}

// Each is the text without it, so that what is left is no program any more.
function kinds(text: string): [string, string][] {
  const literal = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return [
    ["sentences: texts with a blank in them", text.replace(literal, (found) => (/\w \w/.test(found) ? '""' : found))],
    ["other texts in quotes", text.replace(literal, (found) => (/\w \w/.test(found) ? found : '""'))],
    ["names of more than eight letters behind a dot", text.replace(/\.[a-zA-Z]{9,}/g, ".a")],
    ["private fields, as one letter each instead", text.replace(/this\.#\w+/g, "this.a").replace(/#\w+/g, "a")],
  ];
}

function packageOf(module: string): string {
  return /packages\/([^/]+)/.exec(module)?.[1] ?? module;
}

function column(bytes: number, width: number): string {
  return String(bytes).padStart(width);
}

function kilo(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
