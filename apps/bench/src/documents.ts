// The documents whose figures come from the kept results: docs/performance.md as a whole, and a block of the README. Reads and
// writes files; what is in them is the business of report.ts.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { bars, judge } from "./bars.js";
import { barTable, renderMarkdown } from "./report.js";
import type { Result } from "./result.js";

const RESULTS = new URL("../results/", import.meta.url);
const NOTES = new URL("notes.md", RESULTS);
const REPORT = new URL("../../../docs/performance.md", import.meta.url);
const README = new URL("../../../README.md", import.meta.url);
const BLOCK = /(<!-- bench:begin[^>]*-->\n)[\s\S]*?(<!-- bench:end -->)/;

/** Keeps one scenario's results. */
export function keep(result: Result): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(`${result.scenario}.json`, RESULTS), `${JSON.stringify(result, undefined, 2)}\n`);
}

/** Writes the documents from what is kept, in the order of `names`. */
export function writeDocuments(names: readonly string[]): void {
  for (const { file, text } of documents(names)) writeFileSync(file, text);
}

/** The documents as they are to be. */
export function documents(names: readonly string[]): readonly { readonly file: URL; readonly text: string }[] {
  const kept = names
    .map((name) => new URL(`${name}.json`, RESULTS))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Result);
  const notes = existsSync(NOTES) ? readFileSync(NOTES, "utf8") : "";
  return [
    { file: REPORT, text: renderMarkdown(kept, bars, notes) },
    { file: README, text: withBlock(readFileSync(README, "utf8"), readmeBlock(kept)) },
  ];
}

/** `text` with the block between the two marks replaced. Throws when there are no marks. */
export function withBlock(text: string, block: string): string {
  if (!BLOCK.test(text)) throw new Error("README.md has no bench:begin and bench:end marks");
  return text.replace(BLOCK, (_, begin: string, end: string) => `${begin}${block}\n${end}`);
}

/** The bars that compare, as far as they were measured, and on what. */
export function readmeBlock(results: readonly Result[]): string {
  const compared = bars.filter(({ bar }) => bar.includes("nats.js") || bar.includes("MB") || bar.includes("ms"));
  const judged = compared.map((bar) => judge(bar, results)).filter(({ met }) => met !== undefined);
  const at = results.find(({ scenario }) => scenario === "publish")?.circumstances;
  const where =
    at === undefined
      ? "Not measured yet."
      : `Measured on ${at.date}: ${at.cpu}, ${at.cores} cores, ${at.system}, Node ${at.node}, nats.js ${at.versions["nats.js"]}, load ` +
        `average ${at.load.toFixed(1)}. Medians; the spread is in [docs/performance.md](docs/performance.md).`;
  return `\n${barTable(judged)}\n\n${where}\n`;
}
