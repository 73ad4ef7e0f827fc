// An open byte stream over a socket, a TLSSocket or any other stream of Node: the TransportConnection of every transport in this package. Knows
// nothing of how the socket came to be. The contract's docstrings are the specification; node:net is the source.

import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { TransportConnection, TransportError, TransportSink } from "@myelin/contracts";
import { streamError, tlsError } from "./socket-errors.js";
import type { Delay } from "./system.js";
import { startHandshake } from "./tls-handshake.js";
import type { LoadedTls } from "./tls-material.js";

/**
 * open: bytes flow both ways. securing: a handshake owns the socket. closing: we end, what was written is being flushed.
 * flushed: it has been. ended: the peer ended first. destroyed: the socket is going. closed: the sink has been told.
 */
type Phase = "open" | "securing" | "closing" | "flushed" | "ended" | "destroyed" | "closed";

// One half of the stream has ended in order: how long the other half may take before the socket is destroyed. NATS has no
// use for half-open streams, and a peer that is gone must not hold a socket.
const LINGER = 1_000;

export class SocketConnection implements TransportConnection {
  readonly remoteAddress: string;
  readonly #sink: TransportSink;
  readonly #tls: LoadedTls;
  readonly #delay: Delay;
  #socket: Duplex;
  // By our own handshake: a socket that came to us encrypted is so on the way to a proxy.
  #encrypted: boolean;
  #phase: Phase = "open";
  #paused = false;
  #failure: TransportError | undefined;
  #held: Uint8Array[] = [];
  #abandonHandshake: ((error: TransportError) => void) | undefined;
  #stopLingering: (() => void) | undefined;
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};

  /** Takes over a connected socket, plain or secured, and starts to deliver. `tls` is for a later `startTls`. */
  constructor(
    begun: { readonly socket: Duplex; readonly encrypted: boolean },
    address: string,
    sink: TransportSink,
    tls: LoadedTls,
    delay: Delay,
  ) {
    this.#socket = begun.socket;
    this.#encrypted = begun.encrypted;
    this.remoteAddress = address;
    this.#sink = sink;
    this.#tls = tls;
    this.#delay = delay;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#attach();
  }

  get encrypted(): boolean {
    return this.#encrypted;
  }

  get certificateExpiresAt(): number | undefined {
    return this.encrypted ? this.#tls.expiresAt : undefined;
  }

  get bufferedBytes(): number {
    return this.#held.reduce((sum, chunk) => sum + chunk.length, this.#socket.writableLength);
  }

  // Node counts a chunk until the system or OpenSSL has it, which as a rule is at once. What a stream of the caller's does with a chunk
  // it says to have written, nobody knows: it may hand on the very same memory.
  get released(): boolean {
    return this.#held.length === 0 && this.#socket instanceof Socket && this.#socket.writableLength === 0;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#phase === "open") return this.#socket.write(chunk);
    // Against the contract, but harmless: it leaves encrypted, after the handshake.
    if (this.#phase === "securing") this.#held.push(chunk);
    return false;
  }

  pause(): void {
    this.#paused = true;
    if (this.#phase === "open") this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#phase === "open") this.#socket.resume();
  }

  startTls(): Promise<void> {
    const plain = this.#socket;
    if (this.#phase !== "open" || this.#encrypted) {
      const state = this.#phase === "open" ? "encrypted already" : this.#phase;
      return Promise.reject(tlsError(this.remoteAddress, new Error(`the connection is ${state}`)));
    }
    this.#detach();
    this.#phase = "securing";
    return new Promise((resolve, reject) => {
      // Plaintext the peer sent ahead would be read as part of the encrypted session, or be lost: neither is safe.
      if (plain.readableLength > 0) {
        const error = tlsError(this.remoteAddress, new Error("the server sent plaintext after the upgrade began"));
        this.#end(error);
        reject(error);
        return;
      }
      const stop = startHandshake(plain, this.#tls.material, this.remoteAddress, {
        secured: (socket) => {
          this.#abandonHandshake = undefined;
          this.#socket = socket;
          this.#encrypted = true;
          this.#phase = "open";
          this.#attach();
          this.#writeHeld();
          resolve();
        },
        failed: (error) => {
          this.#abandonHandshake = undefined;
          this.#end(error);
          reject(error);
        },
      });
      this.#abandonHandshake = (error) => {
        stop();
        reject(error);
      };
    });
  }

  close(): Promise<void> {
    if (this.#phase === "securing") this.destroy();
    if (this.#phase === "open") {
      this.#phase = "closing";
      // Read on and drop: the peer's end must be seen, and unread bytes would turn our FIN into a reset that may cost the
      // peer what we flushed.
      this.#socket.resume();
      this.#socket.end(() => {
        if (this.#phase === "closing") this.#phase = "flushed";
        this.#linger();
      });
    }
    return this.#closed;
  }

  destroy(error?: TransportError): void {
    if (this.#phase === "destroyed" || this.#phase === "closed") return;
    this.#end(error);
  }

  // Ends the stream now; `closed` follows when the socket has really gone.
  #end(error: TransportError | undefined): void {
    const abandonHandshake = this.#abandonHandshake;
    this.#abandonHandshake = undefined;
    const securing = this.#phase === "securing";
    this.#phase = "destroyed";
    this.#failure = error;
    this.#held = [];
    abandonHandshake?.(error ?? tlsError(this.remoteAddress, new Error("the connection was destroyed")));
    this.#socket.destroy();
    if (!securing) return;
    if (this.#socket.closed) queueMicrotask(this.#onClose);
    else this.#socket.once("close", this.#onClose);
  }

  #attach(): void {
    const socket = this.#socket;
    if (this.#paused) socket.pause();
    socket.on("data", this.#onData);
    socket.on("drain", this.#onDrain);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    // As one that talked to a proxy may be.
    if (!this.#paused && socket.isPaused()) socket.resume();
  }

  #detach(): void {
    const socket = this.#socket;
    socket.off("data", this.#onData);
    socket.off("drain", this.#onDrain);
    socket.off("end", this.#onEnd);
    socket.off("error", this.#onError);
    socket.off("close", this.#onClose);
  }

  #writeHeld(): void {
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = [];
    let room = true;
    for (const chunk of held) room = this.#socket.write(chunk);
    // Each of them was answered `false`, and a promise of a drain.
    if (room) this.#sink.drain();
  }

  #linger(): void {
    this.#stopLingering ??= this.#delay.after(LINGER, () => this.#socket.destroy());
  }

  // Nothing is written to a chunk again, be it Node's own (TLS) or a piece of a block (read-blocks.ts): it may be given away
  // without a copy. A view that is kept pins no more than what was read at once, or 256 KiB when much was.
  readonly #onData = (chunk: Uint8Array): void => {
    if (this.#phase === "open") this.#sink.data(chunk);
  };

  readonly #onDrain = (): void => {
    if (this.#phase === "open") this.#sink.drain();
  };

  // Node answers the peer's end with our own, after flushing (allowHalfOpen is false).
  readonly #onEnd = (): void => {
    if (this.#phase === "open") this.#phase = "ended";
    this.#linger();
  };

  // Before the stream ended in either direction, or while bytes we promised to flush are at stake, it is a failure; later
  // it is only the way the socket goes.
  readonly #onError = (error: Error): void => {
    if (this.#phase === "open" || this.#phase === "closing") this.#failure ??= streamError(this.remoteAddress, error);
  };

  readonly #onClose = (): void => {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#stopLingering?.();
    this.#sink.closed(this.#failure);
    this.#resolveClosed();
  };
}
