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

/** Throws when a build warned of our packages. */
export function unwarned(said: string): void {
  const warned = /\bwarn|⚠/i.test(said) && /myelin|nats-io/.test(said);
  if (warned) throw new Error(`it was built with warnings: ${said}`);
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
