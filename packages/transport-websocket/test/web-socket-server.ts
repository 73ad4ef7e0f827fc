// Something to dial: a WebSocket server on loopback, with or without TLS, and its accepted peers. Knows nothing of the
// transport under test.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { ContractPeer } from "@myelin/testing";
import { type WebSocket, WebSocketServer } from "ws";

/** One accepted stream. */
export class WebSocketPeer implements ContractPeer {
  readonly socket: WebSocket;
  /** The upgrade request. */
  readonly request: IncomingMessage;
  readonly #chunks: Buffer[] = [];
  /** True for each message that came as text. */
  readonly texts: boolean[] = [];
  receivedBytes = 0;
  isClosed = false;
  closeCode = 0;

  constructor(socket: WebSocket, request: IncomingMessage) {
    this.socket = socket;
    this.request = request;
    socket.on("message", (data: Buffer, isBinary) => {
      this.texts.push(!isBinary);
      this.#chunks.push(data);
      this.receivedBytes += data.length;
    });
    socket.on("error", () => {});
    socket.on("close", (code) => {
      this.isClosed = true;
      this.closeCode = code;
    });
  }

  received(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
  send(bytes: Uint8Array): void {
    this.socket.send(bytes);
  }
  end(): void {
    this.socket.close(1000);
  }
  reset(): void {
    const { socket } = this.request;
    // What ends without a close frame is broken, however its TCP ends; a TLS socket has no reset of its own.
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }
  stopReading(): void {
    this.socket.pause();
  }
  startReading(): void {
    this.socket.resume();
  }
}

/** Keeps every peer, and hands them out in order. */
export class WebSocketListener {
  readonly #http: Server;
  readonly #server: WebSocketServer;
  readonly #raw = new Set<Socket>();
  readonly #unread: WebSocketPeer[] = [];
  readonly #waiting: ((peer: WebSocketPeer) => void)[] = [];
  readonly peers: WebSocketPeer[] = [];
  port = 0;

  private constructor(tls: ServerOptions | undefined) {
    this.#http = tls === undefined ? createServer() : createTlsServer(tls);
    this.#server = new WebSocketServer({ server: this.#http });
    this.#server.on("connection", (socket, request) => {
      const peer = new WebSocketPeer(socket, request);
      this.peers.push(peer);
      const waiting = this.#waiting.shift();
      if (waiting) waiting(peer);
      else this.#unread.push(peer);
    });
    this.#http.on("connection", (socket: Socket) => {
      this.#raw.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#raw.delete(socket));
    });
  }

  static async open(tls?: ServerOptions): Promise<WebSocketListener> {
    const listener = new WebSocketListener(tls);
    listener.#http.listen(0, "127.0.0.1");
    await once(listener.#http, "listening");
    listener.port = (listener.#http.address() as AddressInfo).port;
    return listener;
  }

  get openSockets(): number {
    return this.#raw.size;
  }

  accept(): Promise<WebSocketPeer> {
    const peer = this.#unread.shift();
    return peer ? Promise.resolve(peer) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    for (const { socket } of this.peers) socket.terminate();
    for (const raw of this.#raw) raw.destroy();
    this.#server.close();
    if (this.#http.listening) await new Promise((resolve) => this.#http.close(resolve));
  }
}
