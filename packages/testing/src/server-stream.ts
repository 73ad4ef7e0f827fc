// The byte streams a server in this process accepts, over TCP on loopback or over a memory network, and where it listens for
// them. No NATS bytes. Used by the fake server and by the broker. Those over WebSocket are web-socket-address.ts.

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { breakOff } from "./break-off.js";
import type { MemoryPeer } from "./memory-connection.js";
import type { MemoryNetwork } from "./memory-network.js";

/** The server's end of one stream. */
export interface ServerStream {
  /** Address of the client. */
  readonly remoteAddress: string;
  /** Bytes sent and not yet taken by the client or its system. */
  readonly bufferedBytes: number;
  /** Whether it is framed as RFC 6455 has it. */
  readonly isWebSocket: boolean;
  send(bytes: Uint8Array): void;
  /** After what was sent. @param closeCode of a WebSocket, default 1000; other streams have none */
  end(closeCode?: number): void;
  /** Now, as an error to the client. */
  reset(): void;
  /** Stops reading, so that the client feels back-pressure. */
  pause(): void;
  resume(): void;
}

/** What a server does with a stream it accepted. */
export interface StreamHandler {
  /** The chunk belongs to the handler. */
  data(chunk: Uint8Array): void;
  /** Once, and last. */
  closed(): void;
}

export type Accept = (stream: ServerStream) => StreamHandler;

/** Runs it now, or once the server serves those who dial. */
export type WhenServed = (run: () => void) => void;

/** An address that can be opened and closed again. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  readonly isOpen: boolean;
  /** Accepts streams from now on. What a server itself must say before there is a stream waits for `whenServed`. */
  open(accept: Accept, whenServed?: WhenServed): Promise<void>;
  /** Dials are refused from now on; open streams stay. May be called again. */
  close(): Promise<void>;
}

/**
 * An address of a memory network; opens and closes at once, before the promise is awaited. Throws when somebody listens
 * there already.
 */
export function memoryAddress(network: MemoryNetwork, host: string, port: number): ListeningAddress {
  network.listen(host, port, () => ({ data() {}, closed() {} })).close();
  let listener: { close(): void } | undefined;
  return {
    host,
    port,
    get isOpen() {
      return listener !== undefined;
    },
    async open(accept) {
      listener = network.listen(host, port, (peer) => accept(new MemoryStream(peer)));
    },
    async close() {
      listener?.close();
      listener = undefined;
    },
  };
}

class MemoryStream implements ServerStream {
  readonly remoteAddress = "memory";
  readonly isWebSocket = false;
  readonly #peer: MemoryPeer;

  constructor(peer: MemoryPeer) {
    this.#peer = peer;
  }

  get bufferedBytes(): number {
    return this.#peer.bufferedBytes;
  }

  send(bytes: Uint8Array): void {
    this.#peer.send(bytes);
  }

  end(): void {
    this.#peer.end();
  }

  reset(): void {
    this.#peer.reset();
  }

  pause(): void {
    this.#peer.pause();
  }

  resume(): void {
    this.#peer.resume();
  }
}

/** A TCP address; resolves once the system has the port, or has it no more. Open sockets are the caller's to break. */
export function tcpAddress(host: string, port: number): ListeningAddress {
  let server: Server | undefined;
  return {
    host,
    port,
    get isOpen() {
      return server !== undefined;
    },
    async open(accept) {
      server = createServer({ noDelay: true });
      server.on("connection", (socket: Socket) => acceptSocket(socket, accept));
      server.listen(port, host);
      await once(server, "listening");
    },
    async close() {
      server?.close(); // no wait for its end: that comes when the last socket has gone
      server = undefined;
    },
  };
}

function acceptSocket(socket: Socket, accept: Accept): void {
  const handler = accept({
    remoteAddress: socket.remoteAddress ?? "unknown",
    isWebSocket: false,
    get bufferedBytes() {
      return socket.writableLength;
    },
    send(bytes) {
      if (!socket.writable) return;
      // What one turn sends leaves as one write.
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(() => socket.uncork());
      }
      socket.write(bytes);
    },
    end: () => void socket.end(),
    reset: () => breakOff(socket),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  });
  socket.on("data", (chunk: Buffer) => handler.data(chunk));
  socket.on("error", () => {}); // "close" follows
  socket.on("close", () => handler.closed());
}
