// What bundlers leave out: importing a package for nothing brings nothing, and one thing of it brings little more than itself. Also how large each
// package is alone. All minified by esbuild and compressed by gzip; the bounds are budgets.json.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import bounds from "../../../packages/myelin/test/bundle-bounds.json" with { type: "json" };
import { bundle, PROGRAMS, weight as weightOf } from "../../../packages/myelin/test/bundles.js";
import { bundlers, bundlersOf, bundleText } from "./bundling.js";
import { type Cell, tried } from "./cell.js";
import type { PageSizes } from "./sizes/page-sizes.js";

interface Budgets {
  /** Own code of each package with its siblings left outside, in bytes. */
  readonly whole: Readonly<Record<string, number>>;
  /** One thing of each package, with all it needs, in bytes. */
  readonly one: readonly {
    readonly from: string;
    readonly name: string;
    readonly target: "browser" | "node";
    readonly bytes: number;
  }[];
}

/** The bounds of both tables. */
export function budgets(): Budgets {
  return JSON.parse(readFileSync(new URL("../budgets.json", import.meta.url), "utf8")) as Budgets;
}

const JUDGES = ["esbuild", "rollup"] as const;

/** One thing of each package, and nothing of it, by esbuild and rollup. */
export async function shaken(project: string): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const { from, name, target, bytes } of budgets().one) {
    const row = `${name} of ${from}`;
    for (const judge of JUDGES) {
      const weigh = async (text: string, kind: string): Promise<number> => {
        const folder = join(project, "shaken", `${judge}-${from}-${kind}`.replace(/\W/g, "-"));
        const job = { entry: join(folder, "entry.mjs"), target, out: join(folder, "out.mjs") };
        return weight(await bundleText(bundlers[judge], text, job));
      };
      const own = `import { ${name} } from "${from}";\nglobalThis.used = ${name};\n`;
      cells.push(await tried(row, judge, async () => bounded(await weigh(own, "one"), bytes)));
      cells.push(
        await tried(row, `${judge}, for nothing`, async () => bounded(await weigh(`import "${from}";\n`, "none"), 0)),
      );
    }
    cells.push({ row, column: "bound", said: String(bytes), verdict: "ok" });
  }
  return cells;
}

/** Each package alone, in each of its entries. */
export async function weighed(project: string): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const [entry, bytes] of Object.entries(budgets().whole)) {
    const file = join(project, "node_modules", entry);
    const whole = async (): Promise<string> => {
      return bounded(await weight(await alone(file)), bytes);
    };
    cells.push(await tried(entry, "bytes", whole), { row: entry, column: "bound", said: String(bytes), verdict: "ok" });
  }
  return cells;
}

/** P51: what its bar for a browser program allows. */
const BAR = 15_000;

/** Programs in a browser as they are built, with what their test allows and what the bar would. */
export async function inBrowsers(): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const name of ["core", "creds"] as const) {
    const row = name === "core" ? "connect, subscribe, publish, request" : "the same with a .creds";
    const { atOnce } = await bundle(PROGRAMS[name], { built: true, splitting: name === "creds" });
    const bytes = weightOf(atOnce);
    cells.push(await tried(row, "bytes", () => bounded(bytes, bounds[name] + CHECK)));
    cells.push({ row, column: "bound from source", said: String(bounds[name]), verdict: "ok" });
    cells.push({ row, column: `over the bar of ${BAR}`, said: String(bytes - BAR), verdict: "ok" });
  }
  return cells;
}

/** The smaller client by every bundler, each within the bar. */
export function lightInBrowsers({ light }: PageSizes): Promise<Cell[]> {
  const row = "@myelin/light: connect, subscribe, publish, request";
  return Promise.all(bundlersOf().map(([name]) => tried(row, name, () => bounded(light[name], BAR))));
}

// What the check of siblings adds to what is built, which the sources have not.
const CHECK = 1_000;

async function alone(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    external: ["@myelin/*", "@nats-io/*", "@peculiar/*", "ws"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

async function weight(text: string): Promise<number> {
  const { code } = await transform(text, { minify: true, format: "esm", target: "es2022" });
  return code.trim() === "" ? 0 : gzipSync(code, { level: 9 }).length;
}

function bounded(bytes: number, bound: number): string {
  if (bytes > bound) throw new Error(`${bytes} bytes, the bound is ${bound}`);
  return String(bytes);
}
