// The last step of every dial in this package: from a connected socket to a connection, with the handshake in between when
// it comes first. Owns the socket until then, and destroys it when the signal aborts.

import type { Duplex } from "node:stream";
import type { TransportConnection, TransportSink } from "@myelin/contracts";
import { SocketConnection } from "./socket-connection.js";
import type { Delay } from "./system.js";
import { startHandshake } from "./tls-handshake.js";
import type { LoadedTls } from "./tls-material.js";

export interface StreamParts {
  readonly socket: Duplex;
  /** The address for messages and for `remoteAddress`. */
  readonly label: string;
  readonly tls: LoadedTls;
  readonly delay: Delay;
  readonly sink: TransportSink;
  readonly signal: AbortSignal;
  /** Finish a TLS handshake first. */
  readonly secure: boolean;
}

/** Rejects with a TransportError of phase `tls` or with `signal.reason`; the socket is destroyed then. */
export function openStream(parts: StreamParts): Promise<TransportConnection> {
  const { socket, label, tls, delay, sink, signal, secure } = parts;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      socket.destroy();
      reject(signal.reason);
      return;
    }
    if (!secure) {
      resolve(new SocketConnection({ socket, encrypted: false }, label, sink, tls, delay));
      return;
    }
    const aborted = (): void => {
      stop();
      reject(signal.reason);
    };
    const stop = startHandshake(socket, tls.material, label, {
      secured: (secured) => {
        signal.removeEventListener("abort", aborted);
        resolve(new SocketConnection({ socket: secured, encrypted: true }, label, sink, tls, delay));
      },
      failed: (error) => {
        signal.removeEventListener("abort", aborted);
        reject(error);
      },
    });
    signal.addEventListener("abort", aborted);
  });
}

/** The promise, or a rejection with `signal.reason` as soon as the signal aborts; for work that cannot be stopped. */
export function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
