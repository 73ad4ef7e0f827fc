// What both endpoints do the way a server does: greet with INFO, answer PING. No contestant's codec takes part.

import type { Duplex } from "node:stream";
import { type Door, openDoor } from "./open.js";

/** A listening endpoint. */
export interface Endpoint {
  readonly port: number;
  /** Bytes received by all connections since the last call. */
  takeReceived(): number;
  close(): Promise<void>;
}

const PING = Buffer.from("PING\r\n");
const PONG = Buffer.from("PONG\r\n");

/**
 * Listens on a free port of the loopback interface. `onChunk` sees every chunk as it
 * came, for an endpoint that reads more than PING.
 */
export async function listen(
  door: Door = { link: "tcp" },
  onChunk?: (stream: Duplex, chunk: Buffer) => void,
): Promise<Endpoint> {
  let received = 0;
  const streams = new Set<Duplex>();
  const open = await openDoor(door, (stream) => {
    streams.add(stream);
    let tail: Buffer = Buffer.alloc(0);
    stream.on("data", (chunk: Buffer) => {
      received += chunk.length;
      onChunk?.(stream, chunk);
      // A PING cut in two: only the seam is copied, never the chunk.
      const seam = Buffer.concat([tail, chunk.subarray(0, PING.length - 1)]);
      for (let pings = count(seam, PING) + count(chunk, PING); pings > 0; pings--) stream.write(PONG);
      const end = chunk.length >= PING.length - 1 ? chunk : Buffer.concat([tail, chunk]);
      tail = Buffer.from(end.subarray(Math.max(0, end.length - (PING.length - 1))));
    });
    stream.on("error", () => stream.destroy());
    stream.on("close", () => streams.delete(stream));
    stream.write(info(door));
  });
  return {
    port: open.port,
    takeReceived: () => {
      const taken = received;
      received = 0;
      return taken;
    },
    close: async () => {
      for (const stream of streams) stream.destroy();
      await open.close();
    },
  };
}

function info({ link }: Door): string {
  const facts = {
    server_id: "BENCH",
    server_name: "bench",
    version: "2.12.0",
    proto: 1,
    go: "go1.25",
    host: "127.0.0.1",
    port: 4222,
    headers: true,
    max_payload: 8_388_608,
    ...(link === "tls" ? { tls_required: true } : {}),
  };
  return `INFO ${JSON.stringify(facts)}\r\n`;
}

function count(bytes: Buffer, what: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + what.length)) found++;
  return found;
}
