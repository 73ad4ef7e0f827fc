// Angular: a standalone component asks over WebSocket. Its settings are those a new project has.

import { join } from "node:path";
import { type Cell, tried } from "../cell.js";
import { finished } from "./command.js";
import { noneOfNode, type Play, saidInPage, unwarned } from "./playing.js";
import { serveFolder } from "./static-server.js";

/** Builds it for production, serves what was built, and opens it. */
export const playAngular: Play = async ({ row, folder, project, doors, browser }) => {
  const page = join(project, "dist/page/browser");
  const built = await tried(row, "built", async () => {
    unwarned(await finished([join(folder, "node_modules/@angular/cli/bin/ng.js"), "build"], { cwd: project }), project);
    return noneOfNode(page);
  });
  const cells: Cell[] = [built];
  if (built.verdict !== "ok") return cells;
  const server = await serveFolder(page);
  try {
    cells.push(await saidInPage(row, browser, `${server.found}/?servers=${encodeURIComponent(doors.websocket)}`));
  } finally {
    await server.stop();
  }
  return cells;
};
