// Where a transport delivers: to the handshake first, to the link after it. A transport holds this for as long as its stream lives, and
// with it nothing of the attempt: not its credentials, not its server, not its time-out.

import type { TransportError, TransportSink } from "@myelin/contracts";

/** A handshake as its transport sees it. */
export interface DialingSink extends TransportSink {
  warning(error: TransportError): void;
  /** The transport has come so far. */
  reached(phase: "dns" | "tcp" | "tls"): void;
}

export class Incoming implements TransportSink {
  #handshake: DialingSink | undefined;
  #sink: TransportSink;
  #ended: { readonly error: TransportError | undefined } | undefined;

  constructor(handshake: DialingSink) {
    this.#handshake = handshake;
    this.#sink = handshake;
  }

  /** How the stream ended, once it has. */
  get ended(): { readonly error: TransportError | undefined } | undefined {
    return this.#ended;
  }

  /** From now on `sink` gets what arrives, and at once the end of the stream, should that have come already. */
  handOver(sink: TransportSink): void {
    this.#handshake = undefined;
    this.#sink = sink;
    if (this.#ended !== undefined) sink.closed(this.#ended.error);
  }

  reached(phase: "dns" | "tcp" | "tls"): void {
    this.#handshake?.reached(phase);
  }

  data(chunk: Uint8Array): void {
    this.#sink.data(chunk);
  }

  room(): Uint8Array | undefined {
    return this.#sink.room?.();
  }

  drain(): void {
    this.#sink.drain();
  }

  warning(error: TransportError): void {
    this.#handshake?.warning(error);
  }

  closed(error: TransportError | undefined): void {
    this.#ended = { error };
    this.#sink.closed(error);
  }
}
