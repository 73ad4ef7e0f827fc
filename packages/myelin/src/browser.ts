// The entry for browsers: the client over WebSocket, the only transport there. That of Node, Deno and Bun is index.ts, with the
// same names. Wiring only.

// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

import { type ConnectionOptions, connect as connectWith, type NatsConnection } from "@myelin/client";
import { webSocketTransport } from "@myelin/transport-websocket";
import { wakeOf } from "./wake.js";
import { overWebSocket, type WsConnectionOptions } from "./wsconnect.js";

export * from "@myelin/client";
export * from "@myelin/credentials";
export * from "./names.js";

/**
 * Connects to a NATS cluster over WebSocket. An address without a scheme is `wss://`, port 443.
 *
 * @example
 * const nc = await connect({ servers: ["wss://nats.example.com"] });
 */
export function connect(options: ConnectionOptions | string = {}): Promise<NatsConnection> {
  return connectWith(options, { transports: [webSocketTransport()], wake: wakeOf(globalThis) });
}

/** {@link connect} as nats.js calls it here, with `wsFactory`, and with `nats://` and `tls://` read as `ws://` and `wss://`. */
export function wsconnect(options: WsConnectionOptions = {}): Promise<NatsConnection> {
  return overWebSocket(options, { wake: wakeOf(globalThis) });
}
