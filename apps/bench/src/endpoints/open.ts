// A listening door on loopback: TCP, TLS from the first byte, or WebSocket. Every caller comes in as a stream of bytes.

import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { createWebSocketStream, WebSocketServer } from "ws";
import type { Link } from "../job.js";

export interface Door {
  readonly link: Link;
  /** Certificate and key of a TLS door, PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface OpenDoor {
  readonly port: number;
  close(): Promise<void>;
}

export async function openDoor({ link, cert, key }: Door, onCaller: (stream: Duplex) => void): Promise<OpenDoor> {
  const server = ((): Server => {
    if (link === "tcp") return createServer({ noDelay: true }, onCaller);
    if (link === "tls") return createTlsServer({ noDelay: true, cert, key }, onCaller);
    const http = createHttpServer();
    const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
    sockets.on("connection", (socket) => onCaller(createWebSocketStream(socket)));
    return http;
  })();
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the endpoint has no port");
  return {
    port: address.port,
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
