// Ends a socket by a reset (RST), in whatever state it is.

import type { Socket } from "node:net";

/**
 * A socket that is just being ended cannot be reset: libuv refuses, Node takes the handle for closed all the same, and the process
 * never ends. Then it is closed without. Source: libuv, uv_tcp_close_reset fails "if uv_shutdown is in progress".
 */
export function breakOff(socket: Socket): void {
  if (socket.destroyed) return;
  const isBeingEnded = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isBeingEnded) socket.destroy();
  else socket.resetAndDestroy();
}
