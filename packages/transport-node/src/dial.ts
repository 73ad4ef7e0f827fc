// One connected socket from one address or path, without TLS. Owns the socket until it hands it over; a cancelled or failed
// dial leaves nothing behind. Source: node:net.

import { connect, isIP, type NetConnectOpts, type Socket } from "node:net";
import type { TransportError, TransportSink } from "@myelin/contracts";
import { Reads } from "./reads.js";
import { dialError } from "./socket-errors.js";

// Deno 2.9 takes the option too, but a TLS upgrade of such a socket then never gets the server's first bytes.
const READS_INTO_BLOCKS = !("Deno" in globalThis);

/** Socket options that hold for the life of a stream. */
export interface SocketSettings {
  /** Disable Nagle's algorithm. */
  readonly noDelay: boolean;
  /** Idle ms before the kernel probes the peer; `false` = never. */
  readonly keepAlive: number | false;
}

/** Where to: an IP address or name and a port, or the path of a unix socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * Queued bytes from which `write` answers `false`. Above the size of one block the client gathers in a turn, or it would have
 * to wait after each: with Node's 16 KiB, writing 64 KiB blocks over TLS for 250 ms waited 2278 times, with this 26 times, at
 * the same throughput.
 */
export const HIGH_WATER_MARK: number = 256 * 1024;

/**
 * Calls exactly one of the two, never synchronously; the returned function cancels and destroys.
 *
 * @param sink who may say where bytes should be read to; it is given none here
 */
export function dial(
  endpoint: Endpoint,
  label: string,
  settings: SocketSettings,
  sink: Pick<TransportSink, "room">,
  connected: (socket: Socket) => void,
  failed: (error: TransportError) => void,
): () => void {
  const reading: Reading = { reads: new Reads(sink), socket: undefined };
  const options: NetConnectOpts & { writableHighWaterMark: number } = {
    ...endpoint,
    noDelay: settings.noDelay,
    keepAlive: settings.keepAlive !== false,
    // A name comes here only when its addresses are left to Node.
    autoSelectFamily: "host" in endpoint && isIP(endpoint.host) === 0,
    writableHighWaterMark: HIGH_WATER_MARK,
  };
  if (settings.keepAlive !== false) Object.assign(options, { keepAliveInitialDelay: settings.keepAlive });
  if (READS_INTO_BLOCKS) options.onread = into(reading);
  const socket: Socket = connect(options);
  reading.socket = socket;
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

interface Reading {
  readonly reads: Reads;
  socket: Socket | undefined;
}

// Kept for as long as the socket lives, so made where nothing else of the dial is in scope: not its signal, not the race it is part of.
function into(reading: Reading): NonNullable<NetConnectOpts["onread"]> {
  return { buffer: () => reading.reads.next(), callback: (length) => deliver(reading, length) };
}

// What push() comes to while the stream flows, without its book-keeping: of 0.29 of nats.js, as in read-blocks.ts, it took 0.04.
function deliver({ reads, socket }: Reading, length: number): boolean {
  const chunk = reads.take(length);
  if (socket === undefined) return false;
  if (socket.readableFlowing === true && socket.readableLength === 0) {
    socket.emit("data", chunk);
    reads.delivered = true;
    return true;
  }
  reads.delivered = false;
  return socket.push(chunk);
}

function ignore(): void {}
