// From a socket that begins to connect to an open connection, or to an error and no socket. Owns the socket until then, and
// ends it when the signal aborts.

import type { TransportConnection, TransportError } from "@myelin/contracts";
import { discard, OPEN, type WebSocketEvent, type WebSocketLike } from "./web-socket.js";
import { type StreamParts, WebSocketConnection } from "./web-socket-connection.js";

/** A socket, and whether what it connects to is encrypted. */
export interface MadeSocket {
  readonly socket: WebSocketLike;
  readonly encrypted: boolean;
}

/** Rejects with what `openingError` makes of a failure, or with `signal.reason`. */
export function openWebSocket(
  { socket, encrypted }: MadeSocket,
  parts: Omit<StreamParts, "socket" | "encrypted">,
  openingError: (address: string, event: WebSocketEvent) => TransportError,
  signal: AbortSignal,
): Promise<TransportConnection> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      signal.removeEventListener("abort", aborted);
      socket.removeEventListener("open", opened);
      socket.removeEventListener("close", failed);
    };
    const opened = (): void => {
      stop();
      resolve(new WebSocketConnection({ ...parts, socket, encrypted }));
      socket.removeEventListener("error", failed);
    };
    // Stays on a socket that failed: `ws` may report a second error, and throws what nobody listens to.
    const failed = (event: WebSocketEvent): void => {
      stop();
      reject(openingError(parts.address, event));
    };
    const aborted = (): void => {
      stop();
      // First, because some report the error of a socket that is closed too early from within close().
      reject(signal.reason);
      discard(socket);
    };
    socket.binaryType = "arraybuffer";
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted);
    socket.addEventListener("open", opened);
    socket.addEventListener("error", failed);
    socket.addEventListener("close", failed);
    // A factory may hand over a socket that is open already.
    if (socket.readyState === OPEN) opened();
  });
}

/** The promise, or a rejection with `signal.reason` as soon as the signal aborts; `late` gets what comes after that. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal, late: (result: T) => void = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted);
    work
      .then((result) => {
        if (signal.aborted) late(result);
        else resolve(result);
      }, reject)
      .finally(() => signal.removeEventListener("abort", aborted));
  });
}
