// One TLS handshake, as a client, over a connected socket: before the server's first byte or after it. Ends with a verified
// TLSSocket, a TransportError or an abort; never delivers a byte. Sources: node:tls, RFC 8446.

import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { TransportError } from "@myelin/contracts";
import { HIGH_WATER_MARK } from "./dial.js";
import { certificateError, handshakeCutOff, isCutOff, tlsError } from "./socket-errors.js";
import type { TlsMaterial } from "./tls-material.js";

/** Calls exactly one of the two, once. Callbacks, not a promise: the winner's listeners must be on before the next event. */
export interface HandshakeOutcome {
  secured(socket: TLSSocket): void;
  /** The socket under it is destroyed already. */
  failed(error: TransportError): void;
}

/** Starts the handshake; the returned function ends it now, without calling the outcome. Never throws. */
export function startHandshake(
  socket: Duplex,
  material: TlsMaterial,
  address: string,
  outcome: HandshakeOutcome,
): () => void {
  let secure: TLSSocket;
  try {
    // Without a name Node would verify against "localhost".
    if (material.host === "" && material.rejectUnauthorized) throw new Error("there is no server name to verify");
    // The types of Node do not list highWaterMark, which a TLSSocket has one of for both directions.
    const options: ConnectionOptions & { highWaterMark: number } = {
      ...material,
      socket,
      highWaterMark: HIGH_WATER_MARK,
    };
    secure = connect(options);
  } catch (cause) {
    // Unusable material (a key that does not fit, no PEM) throws in tls.connect.
    return failLater(socket, tlsError(address, cause), outcome);
  }
  const stop = (): void => {
    secure.off("secureConnect", secured);
    secure.off("error", failed);
    secure.off("close", closed);
  };
  const secured = (): void => {
    stop();
    outcome.secured(secure);
  };
  const failed = (cause: Error): void => {
    stop();
    destroyBoth();
    // Node sets authorizationError exactly when the chain or the name did not verify, whatever the code.
    const rejected = secure.authorizationError !== undefined && secure.authorizationError !== null;
    if (rejected) outcome.failed(certificateError(address, material.host ?? "", cause));
    else if (isCutOff(cause)) outcome.failed(handshakeCutOff(address, cause));
    else outcome.failed(tlsError(address, cause));
  };
  const closed = (): void => failed(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
  const destroyBoth = (): void => {
    secure.destroy();
    socket.destroy();
  };
  // Stays on for good: an error after the end of interest must not become an uncaught one.
  secure.on("error", ignore);
  secure.on("secureConnect", secured);
  secure.on("error", failed);
  secure.on("close", closed);
  return () => {
    stop();
    destroyBoth();
  };
}

/**
 * A handshake that the signal ends. Resolves with what `secured` makes of the socket, called in the very event so that no byte is missed.
 * Rejects with a TransportError or with `signal.reason`; the socket is destroyed then.
 */
export function handshake<T>(
  socket: Duplex,
  material: TlsMaterial,
  address: string,
  signal: AbortSignal,
  secured: (socket: TLSSocket) => T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    // Whoever got the socket may have stopped listening to the signal before we do.
    if (signal.aborted) {
      socket.destroy();
      reject(signal.reason);
      return;
    }
    const aborted = (): void => {
      stop();
      reject(signal.reason);
    };
    const stop = startHandshake(socket, material, address, {
      secured: (secure) => {
        signal.removeEventListener("abort", aborted);
        resolve(secured(secure));
      },
      failed: (error) => {
        signal.removeEventListener("abort", aborted);
        reject(error);
      },
    });
    signal.addEventListener("abort", aborted);
  });
}

// The outcome is never called from within startHandshake, so that the caller always holds the function that ends it.
function failLater(socket: Duplex, error: TransportError, outcome: HandshakeOutcome): () => void {
  let ended = false;
  queueMicrotask(() => {
    if (ended) return;
    socket.destroy();
    outcome.failed(error);
  });
  return () => {
    ended = true;
    socket.destroy();
  };
}

function ignore(): void {}
