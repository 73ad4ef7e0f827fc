// `npm run consumers`: packs the packages as they were built last and uses the archives in every way others do, against a real server. Ends
// with tables of who passed what, and with 1 when anything failed. Needs a build, which `npm run` makes first, and a network only to get frameworks
// once. Names on the command line, such as `bundlers siblings`, choose some; `sizes --write` also writes what was measured into the READMEs of
// `myelin` and `@myelin/light`.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { RealServer } from "@myelin/testing";
import type { Browser } from "playwright-core";
import { installedChromium } from "../../runtimes/src/browsers.js";
import { layOut, packAll } from "./archives.js";
import { type Cell, table, tried } from "./cell.js";
import { refusalOfNode10 } from "./compiling.js";
import { framed } from "./frameworks/frameworks.js";
import { bundled, compiled } from "./matrix.js";
import { refused } from "./mismatched.js";
import { inBrowsers, lightInBrowsers, shaken, weighed } from "./shaking.js";
import { pageSizes } from "./sizes/page-sizes.js";
import { asMeasured, DOCUMENTS, type DocumentName, render, renderLight, writeSizes } from "./sizes/size-document.js";
import { sideBySide } from "./two-versions.js";

const PARTS = ["typescript", "bundlers", "siblings", "versions", "shaking", "sizes", "frameworks"] as const;
const write = process.argv.includes("--write");
const names = process.argv.slice(2).filter((one) => one !== "--write");
const unknown = names.filter((name) => !PARTS.some((part) => part === name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(", ")}; there are ${PARTS.join(", ")}\n`);
  process.exit(2);
}
const wanted = (part: (typeof PARTS)[number]): boolean => names.length === 0 || names.includes(part);

const { work, packed, files } = packAll();
const cells: Cell[] = [];
const print = (title: string, some: readonly Cell[]): void => {
  cells.push(...some);
  process.stdout.write(`${table(title, some)}\n\n`);
};
const server = await RealServer.start({ websocket: true });
try {
  const doors = { tcp: server.url, websocket: server.websocketUrl };
  const project = layOut(join(work, "project"), packed);
  if (wanted("typescript")) {
    print("TypeScript", await compiled(project, doors));
    process.stdout.write(`node10 with TypeScript 7: ${refusalOfNode10(project)}\n\n`);
  }
  if (wanted("bundlers")) await inBrowser(async (browser) => print("bundlers", await bundled(project, doors, browser)));
  if (wanted("siblings")) print("siblings that do not fit", await refused(work, packed));
  if (wanted("versions")) print("two versions", await sideBySide(work, packed, server));
  if (wanted("shaking")) print("what one thing brings, bytes", await shaken(project));
  if (wanted("sizes")) {
    print("own code, bytes", await weighed(project));
    print("in a browser, with all it needs, bytes (P51)", await inBrowsers());
    const sizes = await pageSizes(project);
    if (write) writeSizes(sizes);
    print("a page that counts bytes, bytes (P51)", await lightInBrowsers(sizes));
    process.stdout.write(`${render(sizes)}\n${renderLight(sizes)}\n`);
    const names = Object.keys(DOCUMENTS) as DocumentName[];
    print(
      "documents",
      await Promise.all(names.map((name) => tried(name, "as measured", () => asMeasured(sizes, name)))),
    );
  }
  if (wanted("frameworks")) {
    // A page needs no test kit.
    const { "@myelin/testing": _, ...shipped } = files;
    await inBrowser(async (browser) => print("frameworks", await framed(shipped, doors, browser)));
  }
} finally {
  await server.stop();
  rmSync(work, { recursive: true, force: true });
}
const count = (verdict: Cell["verdict"]): number => cells.filter((one) => one.verdict === verdict).length;
process.stdout.write(`${count("ok")} passed, ${count("failed")} failed, ${count("skipped")} skipped\n`);
if (count("failed") > 0) process.exitCode = 1;

/** With a browser, or why there is none. */
async function inBrowser(use: (browser: Browser | string) => Promise<void>): Promise<void> {
  const browser = await openBrowser();
  try {
    await use(browser);
  } finally {
    if (typeof browser !== "string") await browser.close();
  }
}

async function openBrowser(): Promise<Browser | string> {
  const executablePath = installedChromium.find();
  if (executablePath === undefined) return installedChromium.missing;
  return installedChromium.launch(executablePath).catch((error: unknown) => String(error).split("\n", 1).join());
}
