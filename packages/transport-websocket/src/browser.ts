// The entry for browsers: the names of index.ts, without all that only the constructor of `ws` could take or tell.

// First, for it refuses siblings that do not fit.
export * from "./names.js";

// From here on they fit.

import type { Transport } from "@myelin/contracts";
import { globalWebSocket } from "./web-socket.js";
import { transportOf, type WebSocketTransportOptions } from "./web-socket-transport.js";

/**
 * A transport for `ws://` and `wss://`. Throws `InvalidArgumentError` for unusable options.
 *
 * The browser's own TLS, no headers, no agent; a dial that asks for more is refused before it begins.
 */
export function webSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  return transportOf(options, { find: async () => globalWebSocket() });
}
