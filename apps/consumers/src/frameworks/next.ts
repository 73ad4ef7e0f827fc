// Next with the app router: a server component and a route handler ask over TCP, a client component over WebSocket. Its settings are none.

import { join } from "node:path";
import { type Cell, tried } from "../cell.js";
import { DONE } from "../running.js";
import { finished, serving } from "./command.js";
import { noneOfNode, type Play, saidInPage, unwarned } from "./playing.js";

/** Builds it for production, starts it, and asks it everything. */
export const playNext: Play = async ({ row, folder, project, doors, browser }) => {
  const cli = join(folder, "node_modules/next/dist/bin/next");
  const built = await tried(row, "built", async () => {
    const said = await finished([cli, "build"], { cwd: project });
    unwarned(said, project);
    return noneOfNode(join(project, ".next/static"));
  });
  if (built.verdict !== "ok") return [built];
  const cells: Cell[] = [built];
  const env = { NATS_SERVER: doors.tcp, NATS_WEBSOCKET: doors.websocket };
  const started = await tried(row, "started", async () => {
    const server = await serving([cli, "start", "-H", "127.0.0.1", "-p", "0"], /(http:\/\/127\.0\.0\.1:[1-9]\d*)/, {
      cwd: project,
      env,
    });
    try {
      const { found } = server;
      const onServer = (column: string, path: string, saidIn: (text: string) => string | undefined): Promise<Cell> =>
        tried(row, column, async () => {
          const text = await (await fetch(found + path)).text();
          if (saidIn(text) !== DONE) throw new Error(`${server.printed()}\n${text}`);
          return "ok";
        });
      const paragraph = (text: string): string | undefined => /<p id="server">(.*?)<\/p>/.exec(text)?.[1];
      cells.push(await onServer("server component", "/", paragraph));
      cells.push(await onServer("route handler", "/answer", (text) => text));
      cells.push(await saidInPage(row, browser, found));
    } finally {
      await server.stop();
    }
    return "ok";
  });
  return started.verdict === "ok" ? cells : [...cells, started];
};
