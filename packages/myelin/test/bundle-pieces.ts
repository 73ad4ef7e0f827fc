// What a bundle is made of: which module each piece of its text comes from, and what it were without a kind of text.

import { SourceMap, type SourceMapPayload } from "node:module";
import type { BundleFile } from "./bundles.js";

/** Text of the bundle and the module it comes from. */
export interface Piece {
  readonly module: string;
  readonly text: string;
}

export function piecesOf(file: BundleFile): Piece[] {
  const map = new SourceMap(JSON.parse(file.sourceMap) as SourceMapPayload);
  const pieces: { module: string; text: string }[] = [];
  for (const [line, content] of file.text.split("\n").entries()) {
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

/** For each kind of text, what is left without it, which is no program any more. */
export function withoutKinds(text: string): [kind: string, left: string][] {
  const literal = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return [
    ["sentences: texts with a blank in them", text.replace(literal, (found) => (/\w \w/.test(found) ? '""' : found))],
    ["other texts in quotes", text.replace(literal, (found) => (/\w \w/.test(found) ? found : '""'))],
    ["names of more than eight letters behind a dot", text.replace(/\.[a-zA-Z]{9,}/g, ".a")],
    ["private fields, as one letter each instead", text.replace(/this\.#\w+/g, "this.a").replace(/#\w+/g, "a")],
  ];
}
