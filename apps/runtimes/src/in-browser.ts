// The suite in a page of a Chromium that is installed: bundled as an application would be, over WebSocket.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import type { Host } from "./host.js";
import type { Outcome } from "./suite/plan.js";

const SUITE_MS = 180_000;
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The executable of `MYELIN_CHROMIUM`, or the first one on the PATH. */
export function findChromium(): string | undefined {
  const given = process.env["MYELIN_CHROMIUM"];
  if (given !== undefined) return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

export interface Browser {
  readonly version: string;
  play(host: Host): Promise<Outcome[]>;
  close(): Promise<void>;
}

/** Rejects when it does not start. */
export async function openChromium(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, timeout: 60_000 });
  return {
    version: browser.version(),
    close: () => browser.close(),
    async play(host) {
      const outcomes: Outcome[] = [];
      host.expect({ doors: ["ws", "wss"], overWs: [] }, await bundle());
      // The authority of the servers is nobody's but ours.
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      try {
        const page = await context.newPage();
        const broken: string[] = [];
        page.on("pageerror", (error) => void broken.push(String(error)));
        await page.exposeFunction("tellOutcome", (outcome: Outcome) => void outcomes.push(outcome));
        await page.goto(host.origin);
        page.setDefaultTimeout(SUITE_MS);
        await page.waitForFunction("globalThis.playSuite !== undefined");
        const bound = setTimeout(() => void context.close(), SUITE_MS);
        await page.evaluate("playSuite()").finally(() => clearTimeout(bound));
        outcomes.push({
          scenario: "no error escapes",
          door: "",
          ms: 0,
          ...(broken.length === 0 ? {} : { error: broken.join("\n") }),
        });
        return outcomes;
      } finally {
        await context.close();
      }
    },
  };
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "suite/page.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    // "browser" and "import" come with the platform and the format.
    conditions: ["@myelin/source"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
