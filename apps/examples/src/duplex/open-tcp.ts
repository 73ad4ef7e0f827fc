// The plainest stream for `duplexTransport`: a TCP connection.

import { once } from "node:events";
import { createConnection, type Socket } from "node:net";

/** The signal ends the dial alone. Given to `createConnection` it would end the open connection too, whenever it aborts later. */
export async function openTcp(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = createConnection({ host, port, noDelay: true });
  try {
    await once(socket, "connect", { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
