// What Node has for a WebSocket: `ws` where it is installed (an optional peer, loaded at the first dial), because only it takes
// headers, an agent and TLS options, can be paused, and says why it failed; else the global one of Node 22 and newer.

import { readFile } from "node:fs/promises";
import { globalWebSocket } from "./web-socket.js";
import type { WebSocketRuntime } from "./web-socket-transport.js";
import { wsSupport } from "./ws-support.js";

export const nodeRuntime: WebSocketRuntime = {
  async find() {
    try {
      return (await import("ws")).WebSocket;
    } catch {
      return globalWebSocket();
    }
  },
  ws: wsSupport,
  readFile: (path, signal) => readFile(path, { signal }),
};
