// `npm run consumers`: packs the packages as they were built last and uses the archives in every way others do, against a real server. Ends
// with tables of who passed what, and with 1 when anything failed. Needs a build; needs no network.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { RealServer } from "@myelin/testing";
import { chromium } from "playwright-core";
import { findChromium } from "../../runtimes/src/in-browser.js";
import { layOut, packAll } from "./archives.js";
import { type Cell, table } from "./cell.js";
import { refusalOfNode10 } from "./compiling.js";
import { bundled, compiled } from "./matrix.js";

const { work, packed } = packAll();
const cells: Cell[] = [];
const print = (title: string, some: readonly Cell[]): void => {
  cells.push(...some);
  process.stdout.write(`${table(title, some)}\n\n`);
};
const executablePath = findChromium();
const browser =
  executablePath === undefined
    ? "no Chromium here; MYELIN_CHROMIUM names one"
    : await chromium.launch({ executablePath, timeout: 60_000 }).catch(String);
const server = await RealServer.start({ websocket: true });
try {
  const doors = { tcp: server.url, websocket: server.websocketUrl };
  const project = layOut(join(work, "project"), packed);
  print("TypeScript", await compiled(project, doors));
  process.stdout.write(`node10 with TypeScript 7: ${refusalOfNode10(project)}\n\n`);
  print("bundlers", await bundled(project, doors, browser));
} finally {
  await server.stop();
  if (typeof browser !== "string") await browser.close();
  rmSync(work, { recursive: true, force: true });
}
const failed = cells.filter(({ verdict }) => verdict === "failed").length;
const skipped = cells.filter(({ verdict }) => verdict === "skipped").length;
process.stdout.write(`${cells.length} ways to use the packages, ${failed} failed, ${skipped} skipped\n`);
if (failed > 0) process.exitCode = 1;
