// Where a server in this process listens for WebSockets, and the byte streams it accepts there: binary messages, whose borders mean
// nothing. RFC 6455 itself is the business of `ws`, an optional peer that is loaded when it is needed. No NATS bytes.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { InvalidArgumentError } from "@myelin/contracts";
import type { WebSocket } from "ws";
import { breakOff } from "./break-off.js";
import type { Accept, ListeningAddress, ServerStream } from "./server-stream.js";

/** The part of `ws` that is used. */
export type WebSocketLibrary = Pick<typeof import("ws"), "WebSocketServer">;

/** Bytes of one turn that are gathered into one message; a longer chunk is a message of its own. */
const GATHERED = 64 * 1024;

/** Rejects with InvalidArgumentError when it is not installed. */
export async function webSocketLibrary(): Promise<WebSocketLibrary> {
  try {
    return await import("ws");
  } catch (cause) {
    const problem = "needs the package ws for its listener: npm install --save-dev ws";
    throw new InvalidArgumentError("websocket", problem, { cause });
  }
}

/** An address for WebSockets, at every path; resolves once the system has the port. Open streams are the caller's to break. */
export function webSocketAddress(host: string, port: number, { WebSocketServer }: WebSocketLibrary): ListeningAddress {
  let listening: { readonly http: Server; readonly strangers: Set<Socket> } | undefined;
  return {
    host,
    port,
    get isOpen() {
      return listening !== undefined;
    },
    async open(accept, whenServed = (run) => run()) {
      const upgrades = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
      const http = createServer((_request, response) =>
        whenServed(() => {
          response.writeHead(400, { "content-type": "text/plain" }).end("Bad Request: this port is for WebSocket\n");
        }),
      );
      // Those that are no stream yet, and may never be.
      const strangers = new Set<Socket>();
      http.on("connection", (socket: Socket) => {
        strangers.add(socket);
        socket.on("error", () => {}); // "close" follows
        socket.on("close", () => strangers.delete(socket));
      });
      http.on("upgrade", (request: IncomingMessage, duplex: Duplex, head: Buffer) =>
        whenServed(() =>
          upgrades.handleUpgrade(request, duplex, head, (client) => {
            strangers.delete(request.socket);
            acceptClient(client, request.socket, accept);
          }),
        ),
      );
      listening = { http, strangers };
      http.listen(port, host);
      await once(http, "listening");
    },
    async close() {
      listening?.http.close(); // no wait for its end: that comes when the last socket has gone
      for (const socket of listening?.strangers ?? []) breakOff(socket);
      listening = undefined;
    },
  };
}

function acceptClient(client: WebSocket, socket: Socket, accept: Accept): void {
  const handler = accept(new WebSocketStream(client, socket));
  client.on("message", (data) => handler.data(bytesOf(data)));
  client.on("error", () => {}); // "close" follows
  client.on("close", () => handler.closed());
}

class WebSocketStream implements ServerStream {
  readonly remoteAddress: string;
  readonly isWebSocket = true;
  readonly #client: WebSocket;
  readonly #socket: Socket;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;

  constructor(client: WebSocket, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
    this.remoteAddress = socket.remoteAddress ?? "unknown";
  }

  get bufferedBytes(): number {
    return this.#gatheredBytes + this.#client.bufferedAmount;
  }

  send(bytes: Uint8Array): void {
    if (this.#client.readyState !== this.#client.OPEN) return;
    // What one turn sends leaves together, as from nats-server.
    if (this.#gathered.length === 0) process.nextTick(() => this.#flush());
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= GATHERED) this.#flush();
  }

  end(closeCode = 1000): void {
    this.#flush();
    this.#client.close(closeCode);
  }

  reset(): void {
    this.#gathered = [];
    this.#gatheredBytes = 0;
    breakOff(this.#socket);
  }

  pause(): void {
    this.#client.pause();
  }

  resume(): void {
    this.#client.resume();
  }

  #flush(): void {
    if (this.#gathered.length === 0) return;
    const [first, ...others] = this.#gathered;
    const message = others.length === 0 ? first : Buffer.concat(this.#gathered, this.#gatheredBytes);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (message !== undefined) this.#client.send(message, { binary: true });
  }
}

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
