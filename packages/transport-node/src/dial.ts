// One connected socket from one address or path, without TLS. Owns the socket until it hands it over; a cancelled or failed
// dial leaves nothing behind. Source: node:net.

import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { TransportError } from "@myelin/contracts";
import { dialError } from "./socket-errors.js";

/** Socket options that hold for the life of a stream. */
export interface SocketSettings {
  /** Disable Nagle's algorithm. */
  readonly noDelay: boolean;
  /** Idle ms before the kernel probes the peer; `false` = never. */
  readonly keepAlive: number | false;
}

/** Where to: an IP address and port, or the path of a unix socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

// Node's 16 KiB would answer `false` to every block the client gathers; what is queued below this is not worth waiting for.
const WRITE_HIGH_WATER_MARK = 256 * 1024;

/** Calls exactly one of the two, never synchronously; the returned function cancels and destroys. */
export function dial(
  endpoint: Endpoint,
  label: string,
  settings: SocketSettings,
  connected: (socket: Socket) => void,
  failed: (error: TransportError) => void,
): () => void {
  const options: NetConnectOpts & { writableHighWaterMark: number } = {
    ...endpoint,
    noDelay: settings.noDelay,
    keepAlive: settings.keepAlive !== false,
    ...(settings.keepAlive === false ? {} : { keepAliveInitialDelay: settings.keepAlive }),
    autoSelectFamily: false,
    writableHighWaterMark: WRITE_HIGH_WATER_MARK,
  };
  const socket = connect(options);
  const stop = (): void => {
    socket.off("connect", onConnect);
    socket.off("error", onError);
  };
  const onConnect = (): void => {
    stop();
    connected(socket);
  };
  const onError = (error: Error): void => {
    stop();
    socket.destroy();
    failed(dialError(label, error));
  };
  // Stays on for good: an error after the end of interest must not become an uncaught one.
  socket.on("error", ignore);
  socket.on("connect", onConnect);
  socket.on("error", onError);
  return () => {
    stop();
    socket.destroy();
  };
}

function ignore(): void {}
