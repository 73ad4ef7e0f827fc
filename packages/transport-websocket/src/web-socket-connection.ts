// An open byte stream over a WebSocket: each write is one binary message, and what arrives is bytes whatever the messages'
// borders. Knows nothing of how the socket came to be. The contract's docstrings are the specification.

import type { TransportConnection, TransportError, TransportSink } from "@myelin/contracts";
import type { Delay } from "./system-delay.js";
import { discard, OPEN, type OwnBytes, type WebSocketEvent, type WebSocketLike } from "./web-socket.js";
import { closingError, streamError, unacceptable } from "./web-socket-errors.js";

/** open: bytes flow both ways. closing: we end, what was written leaves. destroyed: it is going. closed: the sink was told. */
type Phase = "open" | "closing" | "destroyed" | "closed";

/** Queued bytes from which `write` answers `false`, and at which it is told to go on. */
const HIGH_WATER = 256 * 1024;
const LOW_WATER = HIGH_WATER / 4;

// W3C has no event for "the backlog is gone", so somebody must look, and time is a parameter here as everywhere: a `Delay`
// of the transport's own, as in transport-node, because the client's Clock is not the transport's business. One way for `ws`
// too, which could call back: the poll costs one timer while something waits, and nothing otherwise.
/** Ms between two looks at a backlog: the first, and the longest. */
const FIRST_LOOK = 1;
const LAST_LOOK = 64;

/** What a stream is made of. */
export interface StreamParts {
  readonly socket: WebSocketLike;
  readonly address: string;
  readonly encrypted: boolean;
  readonly sink: TransportSink;
  readonly delay: Delay;
  /** Bytes one message may have. */
  readonly maxMessageSize: number;
  /** Bytes that are kept while reading is paused and the socket goes on. */
  readonly maxHeldBytes: number;
}

export class WebSocketConnection implements TransportConnection {
  readonly #parts: StreamParts;
  readonly #socket: WebSocketLike;
  readonly #sink: TransportSink;
  #phase: Phase = "open";
  #failure: TransportError | undefined;
  #paused = false;
  // Arrived while paused: a W3C socket cannot be told to stop, and `ws` finishes what it has read.
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  // The socket has closed in order with something still held: what is held comes first.
  #over = false;
  #stopLooking: (() => void) | undefined;
  readonly #closed: Promise<void>;
  #resolveClosed: () => void = () => {};

  /** Takes over an open socket and starts to deliver. */
  constructor(parts: StreamParts) {
    const { socket } = parts;
    this.#parts = parts;
    this.#socket = socket;
    this.#sink = parts.sink;
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    socket.addEventListener("message", this.#onMessage);
    socket.addEventListener("error", this.#onError);
    socket.addEventListener("close", this.#onClose);
  }

  get encrypted(): boolean {
    return this.#parts.encrypted;
  }

  get remoteAddress(): string {
    return this.#parts.address;
  }

  get bufferedBytes(): number {
    return this.#phase === "open" || this.#phase === "closing" ? this.#socket.bufferedAmount : 0;
  }

  write(chunk: Uint8Array): boolean {
    // Once it closes, a W3C socket takes everything, keeps nothing, and counts it as buffered for ever.
    if (this.#phase !== "open" || this.#socket.readyState !== OPEN) return false;
    try {
      // No block of ours is shared memory, which is what the narrower type excludes.
      this.#socket.send(chunk as OwnBytes);
    } catch (error) {
      this.destroy(streamError(this.remoteAddress, { type: "error", error }));
      return false;
    }
    if (this.#stopLooking === undefined) {
      if (this.#socket.bufferedAmount < HIGH_WATER) return true;
      this.#look(FIRST_LOOK);
    }
    return false;
  }

  pause(): void {
    this.#paused = true;
    if (this.#phase === "open") this.#socket.pause?.();
  }

  resume(): void {
    this.#paused = false;
    if (this.#phase !== "open") return;
    // Not inside the caller's own call; and nothing that arrives later may overtake it.
    if (this.#held.length > 0 || this.#over) queueMicrotask(() => this.#deliverHeld());
    else this.#socket.resume?.();
  }

  close(): Promise<void> {
    if (this.#phase !== "open") return this.#closed;
    this.#phase = "closing";
    this.#letGo();
    // The peer's close frame stands behind what it sent: read on, and drop.
    this.#socket.resume?.();
    if (this.#over) this.#finish();
    else this.#socket.close(1000);
    return this.#closed;
  }

  destroy(error?: TransportError): void {
    if (this.#phase === "destroyed" || this.#phase === "closed") return;
    this.#phase = "destroyed";
    this.#failure = error;
    this.#letGo();
    const really = this.#socket.terminate !== undefined && !this.#over;
    discard(this.#socket);
    // A W3C socket has no "now": it flushes, and waits for the peer's close frame. Nobody here waits with it.
    if (!really) queueMicrotask(() => this.#finish());
  }

  readonly #onMessage = ({ data }: WebSocketEvent): void => {
    if (this.#phase !== "open") return;
    const chunk = bytesOf(data);
    const { address, maxMessageSize, maxHeldBytes } = this.#parts;
    if (chunk === undefined) {
      const what = typeof data === "string" ? "a text message" : "a message of an unknown kind";
      this.destroy(unacceptable(address, `sent ${what}; NATS is binary: is it a NATS server's websocket port`));
    } else if (chunk.length > maxMessageSize) {
      this.destroy(
        unacceptable(address, `sent a message of ${chunk.length} bytes; maxMessageSize is ${maxMessageSize}`),
      );
    } else if (!this.#paused && this.#held.length === 0) {
      this.#sink.data(chunk);
    } else if (this.#heldBytes + chunk.length > maxHeldBytes) {
      const what = `sent more than maxHeldBytes (${maxHeldBytes}) while reading was paused, which a WebSocket cannot pass on`;
      this.destroy(unacceptable(address, `${what}; consume faster, or use TCP or the ws package`));
    } else {
      this.#held.push(chunk);
      this.#heldBytes += chunk.length;
    }
    // Browsers slow the timers of a page nobody looks at; what arrives is a good moment too.
    if (this.#stopLooking !== undefined && this.#socket.bufferedAmount <= LOW_WATER) this.#drained();
  };

  // The socket's own close follows, and is what ends the stream. It also has the better words where the error has none.
  readonly #onError = (event: WebSocketEvent): void => {
    if (this.#phase !== "open" && this.#phase !== "closing") return;
    if (event.error instanceof Error || (event.message ?? "") !== "") {
      this.#failure ??= streamError(this.remoteAddress, event);
    }
  };

  readonly #onClose = (event: WebSocketEvent): void => {
    if (this.#phase === "open") this.#failure ??= closingError(this.remoteAddress, event);
    else if (this.#phase === "closing" && event.wasClean !== true && this.#socket.bufferedAmount > 0) {
      // The peer said goodbye as well, perhaps, and never read the rest.
      this.#failure ??= closingError(this.remoteAddress, event) ?? closingError(this.remoteAddress, { type: "close" });
    }
    if (this.#phase === "open" && this.#failure === undefined && this.#held.length > 0) this.#over = true;
    else this.#finish();
  };

  #deliverHeld(): void {
    let given = 0;
    for (const chunk of this.#held) {
      if (this.#paused || this.#phase !== "open") break;
      given++;
      this.#heldBytes -= chunk.length;
      this.#sink.data(chunk);
    }
    if (this.#phase !== "open") return;
    this.#held.splice(0, given);
    if (this.#paused) return;
    if (this.#over) this.#finish();
    else this.#socket.resume?.();
  }

  #look(ms: number): void {
    this.#stopLooking = this.#parts.delay.after(ms, () => {
      if (this.#socket.bufferedAmount <= LOW_WATER) this.#drained();
      else this.#look(Math.min(2 * ms, LAST_LOOK));
    });
  }

  #drained(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
    if (this.#phase === "open") this.#sink.drain();
  }

  #letGo(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
    this.#held = [];
    this.#heldBytes = 0;
  }

  #finish(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#letGo();
    this.#socket.removeEventListener("message", this.#onMessage);
    this.#socket.removeEventListener("close", this.#onClose);
    this.#sink.closed(this.#failure);
    this.#resolveClosed();
  }
}

/** The bytes of a message, ours from now on; `undefined` when it is not binary. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return undefined;
}
