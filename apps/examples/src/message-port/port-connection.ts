// An open stream as the end without a socket sees it. Two counts keep both threads from running ahead of each other: bytes we
// sent that have not left for the network, and bytes we were sent and have not handed on.

import type { MessagePort } from "node:worker_threads";
import { type TransportConnection, TransportError, type TransportSink } from "@myelin/contracts";
import { fromPlain, lost, owned, type ToDialler, type ToHost } from "./messages.js";

/** Bytes under way to the network above which `write` answers `false`. */
const HIGH_WATER = 256 * 1024;
/** After so many bytes handed on, the other end is told. */
const REPORT_EVERY = 64 * 1024;

/** open: bytes flow both ways. securing: nothing but the handshake. ending: what was written is being flushed. */
type Phase = "open" | "securing" | "ending" | "destroyed" | "closed";

export class PortConnection implements TransportConnection {
  readonly remoteAddress: string;
  encrypted: boolean;
  bufferedBytes = 0;
  readonly #port: MessagePort;
  readonly #sink: TransportSink;
  readonly #held: Uint8Array[] = [];
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};
  #phase: Phase = "open";
  #paused = false;
  #owesDrain = false;
  #portGone = false;
  #failure: TransportError | undefined;
  #received = 0;
  #unreported = 0;
  #upgrade: { resolve(): void; reject(error: TransportError): void } | undefined;

  constructor(port: MessagePort, sink: TransportSink, remoteAddress: string, encrypted: boolean) {
    this.#port = port;
    this.#sink = sink;
    this.remoteAddress = remoteAddress;
    this.encrypted = encrypted;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#failure = lost("STREAM_FAILED", "stream", remoteAddress);
    port.on("message", (message: ToDialler) => this.#onMessage(message));
    port.on("close", () => {
      this.#portGone = true;
      this.#finishWhenDelivered();
    });
  }

  write(chunk: Uint8Array): boolean {
    if (this.#phase !== "open" && this.#phase !== "securing") return false;
    const copy = owned(chunk);
    this.bufferedBytes += copy.length;
    this.#post({ kind: "write", chunk: copy }, [copy.buffer]);
    this.#owesDrain ||= this.bufferedBytes > HIGH_WATER;
    return !this.#owesDrain;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    // Not from within this call: nobody expects data in the midst of what they are doing.
    if (this.#held.length > 0 || this.#portGone) queueMicrotask(() => this.#deliver());
  }

  startTls(): Promise<void> {
    if (this.#phase !== "open" || this.encrypted) {
      const state = this.#phase === "open" ? "encrypted already" : this.#phase;
      return Promise.reject(this.#tlsError(`the connection is ${state}`));
    }
    this.#phase = "securing";
    return new Promise((resolve, reject) => {
      this.#upgrade = { resolve, reject };
      this.#post({ kind: "secure", received: this.#received });
    });
  }

  close(): Promise<void> {
    if (this.#phase === "securing") this.destroy();
    if (this.#phase === "open") {
      this.#phase = "ending";
      this.#drop();
      this.#post({ kind: "end" });
    }
    return this.#closed;
  }

  destroy(error?: TransportError): void {
    if (this.#phase === "destroyed" || this.#phase === "closed") return;
    this.#phase = "destroyed";
    this.#failure = error;
    this.#drop();
    this.#upgrade?.reject(error ?? this.#tlsError("the connection was destroyed"));
    this.#upgrade = undefined;
    this.#port.close();
    if (this.#portGone) queueMicrotask(() => this.#finishWhenDelivered());
  }

  #onMessage(message: ToDialler): void {
    if (this.#phase === "destroyed") return;
    if (message.kind === "data") {
      this.#received += message.chunk.length;
      this.#held.push(message.chunk);
      if (this.#phase === "ending") this.#drop();
      else this.#deliver();
    } else if (message.kind === "written") {
      this.bufferedBytes -= message.bytes;
      if (!this.#owesDrain || this.bufferedBytes > 0) return;
      this.#owesDrain = false;
      if (this.#phase === "open") this.#sink.drain();
    } else if (message.kind === "secured") {
      this.encrypted = true;
      this.#phase = "open";
      this.#upgrade?.resolve();
      this.#upgrade = undefined;
    } else if (message.kind === "closed") {
      this.#failure = message.error === undefined ? undefined : fromPlain(message.error);
      if (this.#upgrade !== undefined) this.destroy(this.#failure ?? this.#tlsError("the server ended the stream"));
    }
  }

  #deliver(): void {
    while (!this.#paused && this.#phase === "open") {
      const chunk = this.#held.shift();
      if (chunk === undefined) break;
      this.#handedOn(chunk.length);
      this.#sink.data(chunk);
    }
    this.#finishWhenDelivered();
  }

  /** What the peer sent before its end comes before ours; who pauses hears of neither. */
  #finishWhenDelivered(): void {
    if (!this.#portGone || this.#phase === "closed" || this.#held.length > 0) return;
    this.#phase = "closed";
    this.bufferedBytes = 0;
    this.#sink.closed(this.#failure);
    this.#resolveClosed();
  }

  #handedOn(bytes: number): void {
    this.#unreported += bytes;
    if (this.#unreported < REPORT_EVERY) return;
    this.#post({ kind: "read", bytes: this.#unreported });
    this.#unreported = 0;
  }

  #drop(): void {
    for (const chunk of this.#held.splice(0)) this.#handedOn(chunk.length);
  }

  #post(message: ToHost, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }

  #tlsError(problem: string): TransportError {
    const message = `${this.remoteAddress}: TLS failed: ${problem}`;
    return new TransportError("TLS_FAILED", "tls", message, this.remoteAddress, { cause: new Error(problem) });
  }
}
