// The listener of a broker of @myelin/testing as something to dial, without the broker: its accepted streams as peers.

import { type ContractPeer, reservePorts } from "@myelin/testing";
import type { ServerStream } from "../../testing/src/server-stream.js";
import { webSocketAddress, webSocketLibrary } from "../../testing/src/web-socket-address.js";

class StreamPeer implements ContractPeer {
  readonly #stream: ServerStream;
  readonly #chunks: Uint8Array[] = [];
  receivedBytes = 0;
  isClosed = false;

  constructor(stream: ServerStream) {
    this.#stream = stream;
  }

  take(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.receivedBytes += chunk.length;
  }
  received(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
  send(bytes: Uint8Array): void {
    this.#stream.send(bytes);
  }
  end(): void {
    this.#stream.end();
  }
  reset(): void {
    this.#stream.reset();
  }
  stopReading(): void {
    this.#stream.pause();
  }
  startReading(): void {
    this.#stream.resume();
  }
}

export interface BrokerListener {
  readonly port: number;
  readonly peers: readonly ContractPeer[];
  accept(): Promise<ContractPeer>;
  stop(): Promise<void>;
}

export async function openBrokerListener(): Promise<BrokerListener> {
  const reservation = await reservePorts(1);
  const address = webSocketAddress("127.0.0.1", reservation.ports[0] ?? 0, await webSocketLibrary());
  const peers: StreamPeer[] = [];
  const unread: StreamPeer[] = [];
  const waiting: ((peer: ContractPeer) => void)[] = [];
  await address.open((stream) => {
    const peer = new StreamPeer(stream);
    peers.push(peer);
    const next = waiting.shift();
    if (next === undefined) unread.push(peer);
    else next(peer);
    return {
      data: (chunk) => peer.take(chunk),
      closed: () => {
        peer.isClosed = true;
      },
    };
  });
  return {
    port: address.port,
    peers,
    async accept() {
      return unread.shift() ?? new Promise((resolve) => waiting.push(resolve));
    },
    async stop() {
      for (const peer of peers) if (!peer.isClosed) peer.reset();
      await address.close();
      reservation.release();
    },
  };
}
