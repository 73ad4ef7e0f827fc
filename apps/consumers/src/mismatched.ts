// Siblings that do not fit: the project has one package of an older line, without a name its dependants take from it, as an override or a
// copy by hand would leave it. However it is loaded, what is said first is one sentence.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asVersions, layOut, type Packed, rewrite } from "./archives.js";
import { type BundlerName, bundlersOf, bundleText, fileFor } from "./bundling.js";
import { type Cell, tried } from "./cell.js";
import { CLIENTS, javaScript, type Module } from "./programs.js";
import { runInNode } from "./running.js";

interface Case {
  /** What is too old. */
  readonly old: string;
  /** The name it lacks, if any. */
  readonly lacks?: string;
  /** What is loaded, and says so. */
  readonly imported: string;
  /** Who bundles it. */
  readonly by?: readonly BundlerName[];
}
const CASES: readonly Case[] = [
  {
    old: "@myelin/protocol",
    lacks: "Decoder",
    imported: "@myelin/client",
    by: ["esbuild", "vite", "rollup", "webpack"],
  },
  { old: "@myelin/server-pool", imported: "@myelin/client", by: ["webpack"] },
  { old: "@myelin/contracts", lacks: "TransportError", imported: "@myelin/protocol" },
  { old: "@myelin/contracts", lacks: "TransportError", imported: "@myelin/light", by: ["esbuild"] },
  { old: "@myelin/transport-node", lacks: "tcpTransport", imported: "myelin" },
  { old: "@myelin/credentials", lacks: "parseCreds", imported: "myelin" },
];
const MODULES: readonly Module[] = ["ESM", "CJS"];
const NEW = "0.4.0";
const OLD = "0.3.1";

/**
 * How each case was refused: imported and required in Node, and some of them bundled.
 *
 * @param names the bundlers to try, of those a case names; all of them without it
 */
export async function refused(
  work: string,
  packed: readonly Packed[],
  names?: readonly BundlerName[],
): Promise<Cell[]> {
  const cells: Cell[] = [];
  const all = Object.fromEntries(packed.map(({ name }) => [name, NEW]));
  for (const { old, lacks, imported, by = [] } of CASES) {
    const project = join(work, `old-${old}-of-${imported}`.replace(/\W/g, "-"));
    const versions = asVersions({ ...all, [old]: OLD }, all);
    layOut(project, packed, (one, folder) => {
      versions(one, folder);
      if (one.name === old && lacks !== undefined)
        for (const file of ["index.js", "index.cjs"])
          rewrite(join(folder, "dist", file), (text) => without(lacks, text));
    });
    const sentence = `${imported} ${NEW} needs ${old} ^${NEW}, found ${OLD}: install ${old}@^${NEW}`;
    const row = `${imported} beside ${old} ${OLD}`;
    for (const [file, text] of [
      ["import.mjs", `import ${JSON.stringify(imported)};\n`],
      ["require.cjs", `require(${JSON.stringify(imported)});\n`],
    ] as const) {
      writeFileSync(join(project, file), text);
      cells.push(await tried(row, file.replace(/\..*/, ""), () => saysSo(join(project, file), sentence)));
    }
    for (const [name, bundler] of bundlersOf(names).filter(([one]) => by.includes(one))) {
      for (const module of name === "esbuild" ? MODULES : MODULES.slice(0, 1)) {
        const client = CLIENTS.find((one) => one === imported) ?? "myelin";
        const { file, text } = javaScript(client, module);
        const folder = join(project, `${name}-${module}`);
        mkdirSync(folder, { recursive: true });
        const out = fileFor(name, "node", module, folder);
        const bundled = async (): Promise<string> => {
          try {
            await bundleText(bundler, text, { entry: join(folder, file), target: "node", out });
          } catch (error) {
            // webpack does not build what takes a name from where it is not, and says so.
            if (name === "webpack" && String(error).includes(`'${lacks}'`)) return "not built";
            throw error;
          }
          return saysSo(out, sentence);
        };
        cells.push(await tried(row, `${name} ${module}`, bundled));
      }
    }
  }
  return cells;
}

async function saysSo(file: string, sentence: string): Promise<string> {
  const { text } = await runInNode(file, { server: "" });
  // Not the line of the source that Node shows, which of a bundle is all of it.
  const said = text.split("\n").filter((line) => line.length < 500);
  if (!said.some((line) => line.includes(sentence)))
    throw new Error(`${said.join(" ").slice(0, 500)}, not: ${sentence}`);
  return "refused";
}

/** An entry that exports the same, but for one name. */
export function without(name: string, text: string): string {
  const less = text
    .replace(new RegExp(`(export \\{[^}]*?)\\b(?:[\\w$]+ as )?${name}\\b,? ?`), "$1")
    .replace(new RegExp(`^ *${name}: \\(\\) => ${name},?\\n`, "m"), "")
    .replace(new RegExp(`^exports\\.${name} = .*$`, "m"), "")
    .replace(new RegExp(`Object\\.defineProperty\\(exports, "${name}", \\{[^}]*\\}\\s*\\}\\);`), "");
  if (less === text) throw new Error(`nothing exports ${name}`);
  return less;
}
