// The page, built into memory and served on loopback until it is stopped. Nothing is written anywhere.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { HEADERS } from "./content-security-policy.js";

const configFile = fileURLToPath(new URL("../vite.config.ts", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface ServedPage {
  /** `http://127.0.0.1:port/`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** @param port 0 = a free one; rejects when it is taken */
export async function servePage(port = 0): Promise<ServedPage> {
  const files = await built();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const file = files.get(name);
    if (file === undefined) return void response.writeHead(404, HEADERS).end();
    response.writeHead(200, { ...HEADERS, "content-type": TYPES[extname(name)] ?? "application/octet-stream" });
    response.end(file);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: given } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${given}/`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function built(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const result = await build({ configFile, logLevel: "warn", build: { write: false } });
  const outputs = Array.isArray(result) ? result : [result];
  const files = outputs.flatMap((one) => ("output" in one ? one.output : []));
  return new Map(files.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}
