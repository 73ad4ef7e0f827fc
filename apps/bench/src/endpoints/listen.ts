// What both endpoints do the way a server does: greet with INFO, answer PING. No contestant's codec takes part.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A listening endpoint. */
export interface Endpoint {
  readonly port: number;
  /** Bytes received by all connections since the last call. */
  takeReceived(): number;
  close(): Promise<void>;
}

const INFO = `INFO ${JSON.stringify({
  server_id: "BENCH",
  server_name: "bench",
  version: "2.12.0",
  proto: 1,
  go: "go1.25",
  host: "127.0.0.1",
  port: 4222,
  headers: true,
  max_payload: 1_048_576,
})}\r\n`;

const PING = Buffer.from("PING\r\n");
const PONG = Buffer.from("PONG\r\n");

/**
 * Listens on a free port of the loopback interface. `onChunk` sees every chunk as it
 * came, for an endpoint that reads more than PING.
 */
export async function listen(onChunk?: (socket: Socket, chunk: Buffer) => void): Promise<Endpoint> {
  let received = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    let tail: Buffer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      onChunk?.(socket, chunk);
      // A PING cut in two: only the seam is copied, never the chunk.
      const seam = Buffer.concat([tail, chunk.subarray(0, PING.length - 1)]);
      for (let pings = count(seam, PING) + count(chunk, PING); pings > 0; pings--) socket.write(PONG);
      const end = chunk.length >= PING.length - 1 ? chunk : Buffer.concat([tail, chunk]);
      tail = Buffer.from(end.subarray(Math.max(0, end.length - (PING.length - 1))));
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.write(INFO);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the endpoint has no port");
  return {
    port: address.port,
    takeReceived: () => {
      const taken = received;
      received = 0;
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function count(bytes: Buffer, what: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + what.length)) found++;
  return found;
}
