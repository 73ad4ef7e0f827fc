// The other end for the contract suite: a TCP server, plain or with TLS, that keeps every peer and hands them out in order; and what a
// transport is given to get there.
// Knows nothing of the transport under test.

import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { DialTarget } from "@myelin/contracts";
import type { ContractPeer } from "@myelin/testing";

/** A dial of loopback, but for these parts; certificates are for `localhost`. */
export const targetOf = (parts: Partial<DialTarget>): DialTarget => ({
  url: `nats://localhost:${parts.port ?? 0}`,
  scheme: "nats",
  hostname: "127.0.0.1",
  port: 0,
  path: "",
  serverName: "localhost",
  tls: undefined,
  handshakeFirst: false,
  shuffleAddresses: true,
  ...parts,
});

class TcpPeer implements ContractPeer {
  receivedBytes = 0;
  isClosed = false;
  readonly #socket: Socket;
  readonly #raw: Socket;
  readonly #chunks: Buffer[] = [];

  constructor(socket: Socket, raw: Socket) {
    this.#socket = socket;
    this.#raw = raw;
    socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.receivedBytes += chunk.length;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  received(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
  send(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }
  end(): void {
    this.#socket.end();
  }
  reset(): void {
    this.#raw.resetAndDestroy();
  }
  stopReading(): void {
    this.#socket.pause();
  }
  startReading(): void {
    this.#socket.resume();
  }
}

export class TcpPeers {
  readonly peers: ContractPeer[] = [];
  port = 0;
  readonly #server: Server;
  readonly #raw = new Set<Socket>();
  readonly #unread: ContractPeer[] = [];
  readonly #waiting: ((peer: ContractPeer) => void)[] = [];

  private constructor(tls: { readonly cert: string; readonly key: string } | undefined) {
    const secure = tls && createTlsServer(tls);
    this.#server = createServer((raw) => {
      this.#raw.add(raw);
      raw.on("close", () => this.#raw.delete(raw));
      raw.on("error", () => {});
      if (secure === undefined) this.#hand(new TcpPeer(raw, raw));
      else secure.emit("connection", raw);
    });
    secure?.on("secureConnection", (socket) => {
      const raw = [...this.#raw].find(({ remotePort }) => remotePort === socket.remotePort);
      this.#hand(new TcpPeer(socket, raw ?? socket));
    });
    secure?.on("tlsClientError", () => {});
  }

  static async listen(tls?: { readonly cert: string; readonly key: string }): Promise<TcpPeers> {
    const peers = new TcpPeers(tls);
    await new Promise<void>((resolve) => peers.#server.listen(0, "127.0.0.1", resolve));
    const address = peers.#server.address();
    if (address !== null && typeof address === "object") peers.port = address.port;
    return peers;
  }

  accept(): Promise<ContractPeer> {
    const peer = this.#unread.shift();
    return peer === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(peer);
  }

  async stop(): Promise<void> {
    for (const raw of this.#raw) raw.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #hand(peer: ContractPeer): void {
    this.peers.push(peer);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#unread.push(peer);
    else waiting(peer);
  }
}
