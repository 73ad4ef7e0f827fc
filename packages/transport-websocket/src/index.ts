// The entry for Deno, Bun and whatever else has the W3C WebSocket and may be given that of `ws`. That of Node is node.ts, that of
// browsers browser.ts, with the same names.

// First, for it refuses siblings that do not fit.
export * from "./names.js";

// From here on they fit.

import type { Transport } from "@myelin/contracts";
import { globalWebSocket } from "./web-socket.js";
import { transportOf, type WebSocketTransportOptions } from "./web-socket-transport.js";
import { wsSupport } from "./ws-support.js";

/**
 * A transport for `ws://` and `wss://`. Throws `InvalidArgumentError` for unusable options.
 *
 * With the W3C WebSocket of a runtime: its own TLS, no headers, no agent; a dial that asks for more is refused before it
 * begins. On Node with `ws` installed, or given its constructor: all of them.
 */
export function webSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  return transportOf(options, { find: async () => globalWebSocket(), ws: wsSupport });
}
