// Runs what a consumer built: in a process of Node, or in a page of Chromium. Every program here says what it has to say in lines,
// the last of which is judged.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser } from "playwright-core";

const RUN_MS = 60_000;

/** What every program of this app says when all went well. */
export const DONE = "answered: hello";

export interface Ran {
  readonly lines: readonly string[];
  /** Also what went to stderr. */
  readonly text: string;
}

/** How to run a file in Node: which server it finds as `globalThis.SERVER`, and whether as if in a browser, with a global WebSocket. */
export interface Surroundings {
  readonly server: string;
  readonly webSocket?: boolean;
  readonly onLine?: (line: string) => void;
}

export async function runInNode(file: string, { server, webSocket = false, onLine }: Surroundings): Promise<Ran> {
  const before = join(file, "..", "before.mjs");
  const ws = createRequire(import.meta.url).resolve("ws");
  const shim = `import ws from ${JSON.stringify(ws)};\nglobalThis.WebSocket = ws.WebSocket;\n`;
  writeFileSync(before, `${webSocket ? shim : ""}globalThis.SERVER = ${JSON.stringify(server)};\n`);
  const child = spawn(process.execPath, ["--import", before, file], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: RUN_MS,
  });
  let text = "";
  let lines = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const seen = lines.split("\n").length - 1;
    text += chunk;
    lines += chunk;
    for (const line of lines.split("\n").slice(seen, -1)) onLine?.(line);
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await once(child, "close");
  return { lines: lines.split("\n").slice(0, -1), text };
}

/** Runs a script in a page of its own. */
export async function runInPage(browser: Browser, script: string, server: string): Promise<Ran> {
  const page = await browser.newPage();
  try {
    const lines: string[] = [];
    let exposed: Promise<unknown> | undefined;
    const ended = new Promise<void>((resolve) => {
      const tell = (line: string): void => {
        lines.push(line);
        resolve();
      };
      page.on("pageerror", (error) => tell(String(error)));
      exposed = page.exposeFunction("tell", tell);
    });
    await exposed;
    await page.evaluate(`globalThis.SERVER = ${JSON.stringify(server)}`);
    await page.addScriptTag({ content: script, type: "module" });
    await ended;
    return { lines, text: lines.join("\n") };
  } finally {
    await page.close();
  }
}

/** Opens a page and waits until what `selector` finds says something, or an error does. */
export async function openPage(browser: Browser, url: string, selector: string): Promise<Ran> {
  const page = await browser.newPage();
  try {
    const lines = await new Promise<string[]>((resolve) => {
      const fail = (error: unknown): void => resolve([String(error).split("\n", 1).join()]);
      page.on("pageerror", fail);
      const said = page.locator(selector).filter({ hasText: /./ });
      page
        .goto(url)
        .then(() => said.textContent({ timeout: RUN_MS }))
        .then((text) => resolve([text ?? ""]), fail);
    });
    return { lines, text: lines.join("\n") };
  } finally {
    await page.close();
  }
}

/** Why a run was not what it should be, `undefined` when it was. */
export function complaintOf({ lines, text }: Ran): string | undefined {
  return lines.at(-1) === DONE ? undefined : text.trim() || "it said nothing";
}
