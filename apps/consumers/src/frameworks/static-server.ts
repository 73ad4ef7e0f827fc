// Serves the files of a folder on loopback, as any web server would that a built page is put on.

import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Serving } from "./command.js";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/** What is found is its URL. */
export async function serveFolder(folder: string): Promise<Serving> {
  const server = createServer(({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://page");
    const file = join(folder, normalize(pathname === "/" ? "/index.html" : pathname));
    stat(file)
      .then((found) => {
        if (!found.isFile()) throw new Error("no file");
        response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
        createReadStream(file).pipe(response);
      })
      .catch(() => response.writeHead(404).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    found: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    printed: () => "",
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
