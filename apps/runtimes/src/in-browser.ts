// The suite in a page of a browser that is installed: bundled as an application would be, over WebSocket.

import { join } from "node:path";
import { build } from "esbuild";
import type { InstalledBrowser } from "./browsers.js";
import type { Host } from "./host.js";
import type { Outcome } from "./suite/plan.js";

const SUITE_MS = 180_000;

/** The version of a browser. Rejects when it does not start. */
export async function versionOf(installed: InstalledBrowser, executablePath: string): Promise<string> {
  const browser = await installed.launch(executablePath);
  const version = browser.version();
  await browser.close();
  return version;
}

export async function playInBrowser(
  host: Host,
  installed: InstalledBrowser,
  executablePath: string,
): Promise<Outcome[]> {
  host.expect({ doors: ["ws", "wss", "light ws", "light wss"], overWs: [] }, await bundle());
  const browser = await installed.launch(executablePath);
  const bound = setTimeout(() => void browser.close(), SUITE_MS);
  try {
    // The authority of the servers is nobody's but ours.
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const outcomes: Outcome[] = [];
    const escaped: string[] = [];
    page.on("pageerror", (error) => {
      // Firefox tells of its own complaints as of errors.
      if (!installed.ownWords.test(String(error))) escaped.push(String(error));
    });
    await page.exposeFunction("tellOutcome", (outcome: Outcome) => void outcomes.push(outcome));
    await page.exposeFunction("loseNetwork", async () => {
      await context.setOffline(true);
      await context.setOffline(false);
    });
    await page.goto(host.origin);
    await page.waitForFunction("globalThis.playSuite !== undefined");
    await page.evaluate("playSuite()");
    const error = escaped.length === 0 ? {} : { error: escaped.join("\n") };
    return [...outcomes, { scenario: "no error escapes", door: "", ms: 0, ...error }];
  } finally {
    clearTimeout(bound);
    await browser.close();
  }
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
