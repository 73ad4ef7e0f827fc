// The entry for Node: the names of index.ts, with the `ws` package where it is installed and with files.

// First, for it refuses siblings that do not fit.
export * from "./names.js";

// From here on they fit.

import type { Transport } from "@myelin/contracts";
import { tellingCertificateEnd } from "./certificate-end.js";
import { nodeRuntime } from "./node-runtime.js";
import type { WebSocketTransportOptions } from "./web-socket-transport.js";

/**
 * A transport for `ws://` and `wss://`. Throws `InvalidArgumentError` for unusable options.
 *
 * With the W3C WebSocket of a runtime: its own TLS, no headers, no agent; a dial that asks for more is refused before it
 * begins. On Node with `ws` installed, or given its constructor: all of them.
 */
export function webSocketTransport(options: WebSocketTransportOptions = {}): Transport {
  return tellingCertificateEnd(options, nodeRuntime);
}
