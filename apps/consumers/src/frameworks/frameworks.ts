// The frameworks that bring a build of their own: each a project of ours as small as can be, with our archives installed by npm, built for
// production by the framework's own command, and run. The only part that may need a network, the first time: what cannot be had is told.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import type { Cell } from "../cell.js";
import type { Doors } from "../matrix.js";
import { playAngular } from "./angular.js";
import { installed, projectOf, sourcesOf, UnavailableError } from "./installed.js";
import { playNext } from "./next.js";
import type { Play } from "./playing.js";

interface Framework {
  readonly name: string;
  /** The package whose version is told. */
  readonly of: string;
  readonly play: Play;
}

const FRAMEWORKS: readonly Framework[] = [
  { name: "next", of: "next", play: playNext },
  { name: "angular", of: "@angular/core", play: playAngular },
];

/**
 * Builds and runs a project of each.
 *
 * @param archives the file of each package the projects need
 */
export async function framed(
  archives: Readonly<Record<string, string>>,
  doors: Doors,
  browser: Browser | string,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const { name, of, play } of FRAMEWORKS) {
    const row = `${name} ${versionOf(name, of)}`;
    const started = performance.now();
    let project: string | undefined;
    try {
      const folder = await installed(name);
      project = await projectOf(name, folder, archives);
      cells.push({ row, column: "installed", said: "ok", verdict: "ok" });
      cells.push(...(await play({ row, folder, project, doors, browser })));
    } catch (error) {
      const verdict = error instanceof UnavailableError ? "skipped" : "failed";
      const said = error instanceof Error ? error.message : String(error);
      cells.push({ row, column: "installed", said: said.slice(0, 1_000), verdict });
    } finally {
      if (project !== undefined) rmSync(project, { recursive: true, force: true });
    }
    cells.push({ row, column: "seconds", said: ((performance.now() - started) / 1_000).toFixed(0), verdict: "ok" });
  }
  return cells;
}

function versionOf(name: string, of: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(sourcesOf(name), "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return dependencies[of] ?? "";
}
