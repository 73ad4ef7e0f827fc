// Something to dial, for the contract suite and the other tests with real sockets: loopback servers over TCP, TLS and unix
// sockets, and their accepted peers. Knows nothing of the transports under test.

import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer, type TLSSocket, type TlsOptions } from "node:tls";
import { type DialTarget, TransportError, type TransportSink } from "@myelin/contracts";
import { type ContractPeer, reservePorts } from "@myelin/testing";

/** A target for the name `localhost`, with what a test says instead. */
export function targetOf(parts: Partial<DialTarget>): DialTarget {
  return {
    url: `nats://${parts.hostname ?? "localhost"}:${parts.port ?? 0}`,
    scheme: "nats",
    hostname: "localhost",
    port: 0,
    path: "",
    serverName: "localhost",
    tls: undefined,
    handshakeFirst: false,
    shuffleAddresses: true,
    ...parts,
  };
}

/** One accepted stream; `raw` is the socket under the TLS one. */
export class Peer implements ContractPeer {
  readonly socket: Socket;
  readonly raw: Socket;
  readonly #chunks: Buffer[] = [];
  receivedBytes = 0;
  isClosed = false;

  constructor(socket: Socket, raw: Socket) {
    this.socket = socket;
    this.raw = raw;
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
    this.socket.write(bytes);
  }
  end(): void {
    this.socket.end();
  }
  reset(): void {
    // A pipe has no reset of its own: there, ending with unread bytes is one.
    if (this.raw.remoteFamily === undefined) this.raw.destroy();
    else this.raw.resetAndDestroy();
  }
  stopReading(): void {
    this.socket.pause();
  }
  startReading(): void {
    this.socket.resume();
  }
}

export interface ListenerOptions {
  /** Speak TLS, with this material. */
  readonly tls?: TlsOptions | undefined;
  /** Plaintext to send before TLS begins. */
  readonly greeting?: string | undefined;
  /** Listen on a unix socket in a fresh place instead of a port. */
  readonly unix?: boolean | undefined;
  /** Never end our half by ourselves. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
}

let unixSockets = 0;

/** A server that keeps every peer, and hands them out in order. */
export class Listener {
  readonly #server: Server;
  readonly #unread: Peer[] = [];
  readonly #waiting: ((peer: Peer) => void)[] = [];
  readonly #raw = new Set<Socket>();
  readonly peers: Peer[] = [];
  /** TCP connections ever accepted, also those whose handshake failed. */
  accepted = 0;
  /** How handshakes failed on this side. */
  readonly tlsErrors: Error[] = [];
  port = 0;
  path = "";

  private constructor({ tls, greeting, allowHalfOpen = false }: ListenerOptions) {
    const tlsServer = tls && createTlsServer(tls);
    this.#server = createServer({ allowHalfOpen }, (raw) => {
      this.accepted++;
      this.#raw.add(raw);
      raw.on("close", () => this.#raw.delete(raw));
      raw.on("error", () => {});
      if (greeting !== undefined) raw.write(greeting);
      if (tlsServer) tlsServer.emit("connection", raw);
      else this.#hand(new Peer(raw, raw));
    });
    tlsServer?.on("secureConnection", (secure: TLSSocket) => {
      const raw = [...this.#raw].find((socket) => socket.remotePort === secure.remotePort);
      this.#hand(new Peer(secure, raw ?? secure));
    });
    tlsServer?.on("tlsClientError", (error: Error) => this.tlsErrors.push(error));
  }

  static async open(options: ListenerOptions = {}): Promise<Listener> {
    const listener = new Listener(options);
    const server = listener.#server;
    if (options.unix) listener.path = join(tmpdir(), `myelin-${process.pid}-${unixSockets++}.sock`);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      if (options.unix) server.listen(listener.path, resolve);
      else server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address !== null && typeof address === "object") listener.port = address.port;
    return listener;
  }

  get openSockets(): number {
    return this.#raw.size;
  }

  accept(): Promise<Peer> {
    const peer = this.#unread.shift();
    return peer ? Promise.resolve(peer) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    for (const raw of this.#raw) raw.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #hand(peer: Peer): void {
    this.peers.push(peer);
    const waiting = this.#waiting.shift();
    if (waiting) waiting(peer);
    else this.#unread.push(peer);
  }
}

/** A sink that keeps what it was told. */
export class TestSink implements TransportSink {
  readonly chunks: Uint8Array[] = [];
  drains = 0;
  readonly warnings: TransportError[] = [];
  readonly closings: (TransportError | undefined)[] = [];
  onData: (chunk: Uint8Array) => void = () => {};

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.onData(chunk);
  }
  drain(): void {
    this.drains++;
  }
  warning(error: TransportError): void {
    this.warnings.push(error);
  }
  closed(error: TransportError | undefined): void {
    this.closings.push(error);
  }
  text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** The TransportError a dial or an upgrade rejects with; anything else fails the test. */
export async function transportErrorOf(promise: Promise<unknown>): Promise<TransportError> {
  const outcome = await promise.then(
    () => "it resolved",
    (error: unknown) => error,
  );
  if (outcome instanceof TransportError) return outcome;
  throw new Error(`expected a TransportError, got ${String(outcome)}`);
}

/** Sockets, their requests and timers the process holds: what a transport could leave behind. */
export function networkResources(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|TLS|Pipe|Connect|Shutdown|GetAddrInfo|Timeout/.test(name));
}

/** A port of 127.0.0.1 nobody listens on, and that no other test process is given while this one lives. */
export async function freePort(): Promise<number> {
  const [port] = (await reservePorts(1)).ports;
  if (port === undefined) throw new Error("no port was reserved");
  return port;
}
