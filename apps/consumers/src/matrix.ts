// Every way of compiling and bundling, and where each result runs: what the packages have to stand.

import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { type BundlerName, bundlersOf, bundleText, fileFor, leftOfNode, type Target } from "./bundling.js";
import { type Cell, tried } from "./cell.js";
import { compile, resolutions } from "./compiling.js";
import { CLIENTS, javaScript, type Module } from "./programs.js";
import { complaintOf, runInNode, runInPage } from "./running.js";

/** The server a program talks to, by where it runs. */
export interface Doors {
  readonly tcp: string;
  readonly websocket: string;
}

const MODULES: readonly Module[] = ["ESM", "CJS"];

/** TypeScript by resolution and module system; each program is compiled and run. */
export async function compiled(project: string, { tcp }: Doors): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const resolution of resolutions) {
    for (const client of CLIENTS) {
      for (const module of MODULES) {
        const compiler = resolution === "node10" ? "TypeScript 6" : "TypeScript 7";
        const run = async (): Promise<string> =>
          ran(await runInNode(compile(project, client, resolution, module), { server: tcp }));
        cells.push(await tried(`${resolution} (${compiler})`, `${client}, ${module}`, run));
      }
    }
  }
  return cells;
}

/** Bundlers by target and module system; each bundle runs in Node, and one for browsers also in Chromium when there is one. */
export async function bundled(
  project: string,
  doors: Doors,
  browser: Browser | string,
  names?: readonly BundlerName[],
): Promise<Cell[]> {
  const cells: Cell[] = [];
  const programs = CLIENTS.flatMap((client) => MODULES.map((module) => [client, module] as const));
  for (const [name, bundler] of bundlersOf(names)) {
    for (const [client, module] of programs) {
      for (const target of ["node", "browser"] as const satisfies readonly Target[]) {
        const { file, text } = javaScript(client, module);
        const folder = join(project, "bundles", `${name}-${target}-${module}-${client.replace(/\W/g, "-")}`);
        mkdirSync(folder, { recursive: true });
        const out = fileFor(name, target, module, folder);
        const row = `${name}, ${module} program with ${client}`;
        // The smaller one takes the WebSocket that is there, wherever it runs.
        const inside = client === "myelin" ? { server: doors.tcp } : { server: doors.websocket, webSocket: true };
        const built = await tried(row, `${target} bundle`, async () => {
          const size = (await bundleText(bundler, text, { entry: join(folder, file), target, out })).length;
          return `${(size / 1_000).toFixed(0)} kB`;
        });
        cells.push(built);
        if (built.verdict !== "ok") continue;
        if (target === "node") {
          cells.push(await tried(row, "runs in Node", async () => ran(await runInNode(out, inside))));
          continue;
        }
        const inNode = async (): Promise<string> => {
          const left = leftOfNode(readFileSync(out, "utf8"));
          if (left !== undefined) throw new Error(`there is ${left} in a bundle for browsers`);
          return ran(await runInNode(out, { server: doors.websocket, webSocket: true }));
        };
        cells.push(await tried(row, "browser bundle in Node", inNode));
        cells.push(
          typeof browser === "string"
            ? { row, column: "in Chromium", said: browser, verdict: "skipped" }
            : await tried(row, "in Chromium", async () =>
                ran(await runInPage(browser, readFileSync(out, "utf8"), doors.websocket)),
              ),
        );
      }
    }
  }
  return cells;
}

function ran(result: { readonly lines: readonly string[]; readonly text: string }): string {
  const complaint = complaintOf(result);
  if (complaint !== undefined) throw new Error(complaint);
  return "ok";
}
