// Both ends of one stream of a memory network: the Transport's connection, and the peer a listener holds. Addresses and
// dialling are in memory-network.ts.

import { type Clock, type TransportConnection, TransportError, type TransportSink } from "@myelin/contracts";
import type { MemoryPeerHandler } from "./memory-network.js";
import { MemoryPipe, type PipeEnd, type PipeReader } from "./memory-pipe.js";

export interface MemoryConnectionOptions {
  readonly clock: Clock;
  readonly chunkSize: number;
  readonly address: string;
  readonly sink: TransportSink;
  readonly encrypted: boolean;
  /** Why a TLS handshake fails, `undefined` when it succeeds. */
  readonly tls: () => TransportError | undefined;
  /** Told once, when both ends have seen the end. */
  readonly gone: () => void;
}

/** The dialling end. `closing` = ours to end, waiting for the last bytes to leave; `closed` = the sink will be told; `told` = it was. */
type State = "open" | "closing" | "closed" | "told";

export class MemoryConnection implements TransportConnection, PipeReader {
  readonly remoteAddress: string;
  readonly peer: MemoryPeer;
  readonly #options: MemoryConnectionOptions;
  readonly #inbound: MemoryPipe;
  readonly #outbound: MemoryPipe;
  // Who waits for the sink to be told.
  #told: Promise<void> | undefined;
  #tell: () => void = () => {};
  #state: State = "open";
  #encrypted: boolean;
  #endsOpen = 2;

  constructor(options: MemoryConnectionOptions) {
    const { clock, chunkSize, sink } = options;
    this.#options = options;
    this.#encrypted = options.encrypted;
    this.remoteAddress = options.address;
    this.#outbound = new MemoryPipe(clock, chunkSize, () => {
      if (this.#state === "open") sink.drain();
    });
    this.#inbound = new MemoryPipe(clock, chunkSize, () => this.peer.drained());
    this.peer = new MemoryPeer(this.#outbound, this.#inbound, () => this.#oneEndGone());
    this.#inbound.read(this);
  }

  /** From the pipe. Once we close, what the peer still sends has nobody to read it. */
  data(chunk: Uint8Array): void {
    if (this.#state !== "open") return;
    const { sink } = this.#options;
    // As a socket would that reads to where the sink says.
    const room = sink.room?.();
    if (room === undefined || room.length < chunk.length) sink.data(chunk);
    else {
      room.set(chunk);
      sink.data(room.subarray(0, chunk.length));
    }
  }

  get encrypted(): boolean {
    return this.#encrypted;
  }

  get bufferedBytes(): number {
    return this.#isOver() ? 0 : this.#outbound.bufferedBytes;
  }

  write(chunk: Uint8Array): boolean {
    return this.#state === "open" && this.#outbound.write(chunk);
  }

  pause(): void {
    if (this.#state === "open") this.#inbound.pause();
  }

  resume(): void {
    this.#inbound.resume();
  }

  startTls(): Promise<void> {
    const early = this.#state !== "open" || this.#inbound.bufferedBytes > 0;
    const problem = early ? "the stream had ended or held plaintext at the TLS upgrade" : undefined;
    return new Promise((resolve, reject) => {
      this.#options.clock.endOfTurn(() => {
        const error =
          problem === undefined
            ? this.#options.tls()
            : new TransportError("TLS_FAILED", "tls", `${this.remoteAddress}: ${problem}`, this.remoteAddress);
        if (error === undefined) {
          this.#encrypted = true;
          resolve();
        } else {
          this.destroy(error);
          reject(error);
        }
      });
    });
  }

  close(): Promise<void> {
    if (this.#state === "open") {
      this.#state = "closing";
      this.#outbound.end();
      this.#inbound.resume();
    }
    if (this.#state === "told") return Promise.resolve();
    this.#told ??= new Promise((resolve) => {
      this.#tell = resolve;
    });
    return this.#told;
  }

  destroy(error?: TransportError): void {
    if (this.#isOver()) return;
    this.#outbound.reset();
    this.#closed(error);
  }

  /** The network cuts the stream: both ends see a reset. */
  tear(): void {
    this.#outbound.reset();
    this.#inbound.reset();
  }

  /** The network delivers nothing in either direction while held. */
  hold(held: boolean): void {
    this.#inbound.hold(held);
    this.#outbound.hold(held);
  }

  /** From the pipe. */
  ended(how: PipeEnd): void {
    this.#outbound.end();
    const message = `${this.remoteAddress} reset the connection`;
    const reset = how === "reset" && this.#state === "open";
    this.#closed(reset ? new TransportError("CONNECTION_RESET", "stream", message, this.remoteAddress) : undefined);
  }

  #closed(error: TransportError | undefined): void {
    if (this.#isOver()) return;
    this.#state = "closed";
    this.#inbound.abandon();
    // Never from within the call that caused it, as with a real socket.
    this.#options.clock.endOfTurn(() => {
      this.#state = "told";
      this.#options.sink.closed(error);
      this.#tell();
      this.#oneEndGone();
    });
  }

  #isOver(): boolean {
    return this.#state === "closed" || this.#state === "told";
  }

  #oneEndGone(): void {
    this.#endsOpen--;
    if (this.#endsOpen === 0) this.#options.gone();
  }
}

/** The listening end of a stream. */
export class MemoryPeer {
  readonly #inbound: MemoryPipe;
  readonly #outbound: MemoryPipe;
  readonly #gone: () => void;
  #handler: MemoryPeerHandler | undefined;
  #closed = false;

  constructor(inbound: MemoryPipe, outbound: MemoryPipe, gone: () => void) {
    this.#inbound = inbound;
    this.#outbound = outbound;
    this.#gone = gone;
  }

  /** True once the stream has gone, however it went. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Bytes sent and not yet read by the other side. */
  get bufferedBytes(): number {
    return this.#outbound.bufferedBytes;
  }

  /** Called by the network with what the listener returned. */
  handle(handler: MemoryPeerHandler): void {
    this.#handler = handler;
    this.#inbound.read({
      data: (chunk) => handler.data(chunk),
      ended: (how) => {
        this.#outbound.end();
        this.#over(how);
      },
    });
  }

  /** The chunk belongs to the network afterwards. `false` = more than enough is queued; it is still sent. */
  send(chunk: Uint8Array): boolean {
    return this.#outbound.write(chunk);
  }

  /** Ends the stream after what was sent. */
  end(): void {
    this.#outbound.end();
  }

  /** Breaks the stream. */
  reset(): void {
    this.#outbound.reset();
    this.#inbound.abandon();
    this.#over("reset");
  }

  /** Reads nothing until `resume`, so that the other side feels back-pressure. */
  pause(): void {
    this.#inbound.pause();
  }

  /** Delivers on. */
  resume(): void {
    this.#inbound.resume();
  }

  /** Called by the network. A peer here never waits, so there is nobody to tell. */
  drained(): void {}

  #over(how: PipeEnd): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handler?.closed(how);
    this.#gone();
  }
}
