// The browsers that are installed here, and how each is started. None is ever fetched. Both are driven by playwright-core: Chromium over
// its own protocol, and Firefox as its makers ship it over WebDriver BiDi.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, firefox } from "playwright-core";

const START_MS = 60_000;

/** A browser that may be installed. */
export interface InstalledBrowser {
  /** As people write it; in lower case it is the name of the row. */
  readonly name: "Chromium" | "Firefox";
  /** Why there is none, in words. */
  readonly missing: string;
  /** What it writes to its console by itself when a WebSocket fails: no page can keep it from that, so it is no error of a page. */
  readonly ownWords: RegExp;
  /** The executable of `MYELIN_CHROMIUM` or `MYELIN_FIREFOX`, or the first one on the PATH; `undefined` when there is none. */
  find(): string | undefined;
  /** Starts it without a window; the caller closes it. Rejects when it does not start within a minute. */
  launch(executablePath: string): Promise<Browser>;
}

export const installedChromium: InstalledBrowser = installed(
  "Chromium",
  ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  /WebSocket connection to|ERR_INTERNET_DISCONNECTED/,
  (executablePath) => chromium.launch({ executablePath, timeout: START_MS }),
);

const relay = fileURLToPath(new URL("firefox-relay.mjs", import.meta.url));

export const installedFirefox: InstalledBrowser = installed(
  "Firefox",
  ["firefox-esr", "firefox"],
  /^(?:Error: )?(?:The connection to wss?:\/\/\S+ was interrupted while the page was loading|Firefox can.t establish a connection to the server at wss?:)/,
  (executablePath) =>
    firefox.launch({
      // A Firefox that was not changed for playwright.
      channel: "moz-firefox",
      executablePath: relay,
      env: { ...process.env, MYELIN_FIREFOX: executablePath },
      timeout: START_MS,
    }),
);

function installed(
  name: InstalledBrowser["name"],
  executables: readonly string[],
  ownWords: RegExp,
  launch: InstalledBrowser["launch"],
): InstalledBrowser {
  const variable = `MYELIN_${name.toUpperCase()}`;
  return {
    name,
    missing: `there is no ${name.toLowerCase()} on the PATH, and ${variable} names none; install it to have this row`,
    ownWords,
    find() {
      const given = process.env[variable];
      if (given !== undefined) return given;
      const folders = (process.env["PATH"] ?? "").split(delimiter);
      return executables.flatMap((one) => folders.map((folder) => join(folder, one))).find(isExecutable);
    },
    launch,
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
