// The Chromium that is installed here, if one is. None is ever fetched.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Why there is none, in words. */
export const NO_CHROMIUM =
  "there is no chromium on the PATH, and MYELIN_CHROMIUM names none; install it to have this row";

/** The executable of `MYELIN_CHROMIUM`, or the first one on the PATH. */
export function findChromium(): string | undefined {
  const given = process.env["MYELIN_CHROMIUM"];
  if (given !== undefined) return given;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
