// The last step of every dial in this package: from a connected socket to a connection, with the handshake in between when
// it comes first. Owns the socket until then, and destroys it when the signal aborts.

import type { Duplex } from "node:stream";
import type { TransportConnection, TransportSink } from "@myelin/contracts";
import { SocketConnection } from "./socket-connection.js";
import type { Delay } from "./system.js";
import { handshake } from "./tls-handshake.js";
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
export async function openStream(parts: StreamParts): Promise<TransportConnection> {
  const { socket, label, tls, delay, sink, signal, secure } = parts;
  if (secure) {
    return handshake(
      socket,
      tls.material,
      label,
      signal,
      (secured) => new SocketConnection({ socket: secured, encrypted: true }, label, sink, tls, delay),
    );
  }
  if (signal.aborted) {
    socket.destroy();
    throw signal.reason;
  }
  return new SocketConnection({ socket, encrypted: false }, label, sink, tls, delay);
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
