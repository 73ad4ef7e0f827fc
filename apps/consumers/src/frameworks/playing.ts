// What the projects of all frameworks are judged by, whoever built them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { leftOfNode } from "../bundling.js";
import { type Cell, tried } from "../cell.js";
import type { Doors } from "../matrix.js";
import { complaintOf, openPage } from "../running.js";

/** A project with everything in it, not built yet. */
export interface Stage {
  /** The row of the table. */
  readonly row: string;
  /** Where the framework is installed. */
  readonly folder: string;
  readonly project: string;
  readonly doors: Doors;
  /** Or why there is none. */
  readonly browser: Browser | string;
}

export type Play = (stage: Stage) => Promise<Cell[]>;

/** Throws when nothing is there or something of Node is in what a browser gets; answers how much that is. */
export function noneOfNode(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
  let size = 0;
  for (const file of files) {
    const text = readFileSync(join(folder, file), "utf8");
    const left = leftOfNode(text);
    if (left !== undefined) throw new Error(`there is ${left} in ${file}, which is for browsers`);
    size += text.length;
  }
  if (size === 0) throw new Error("nothing was built for browsers");
  return `${(size / 1_000).toFixed(0)} kB`;
}

// The library of keys is CommonJS, loaded late and only where it is needed. Angular says so, and takes `allowedCommonJsDependencies` as an answer.
const KNOWN = /Module '@nats-io\/nkeys' used by '\S*credentials\S*' is not ESM/;

/** Throws when a build warned of our packages, but for what is known; where the project is says nothing. */
export function unwarned(text: string, project = ""): void {
  const said = text.replaceAll(project || "\0", "");
  const warned = said.split("\n").filter((line) => /\bwarning\b|⚠/i.test(line) && !KNOWN.test(line));
  // What a warning is about may stand in the lines below it.
  if (warned.length > 0 && /myelin|nats-io/.test(said.replace(KNOWN, ""))) throw new Error(`it warned: ${said}`);
}

/** What the page said that talks over WebSocket. */
export async function saidInPage(row: string, browser: Browser | string, url: string): Promise<Cell> {
  if (typeof browser === "string") return { row, column: "in Chromium", said: browser, verdict: "skipped" };
  return tried(row, "in Chromium", async () => {
    const complaint = complaintOf(await openPage(browser, url, "#browser"));
    if (complaint !== undefined) throw new Error(complaint);
    return "ok";
  });
}
