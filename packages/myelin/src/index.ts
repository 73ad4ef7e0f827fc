// The batteries for Node, Deno and Bun: the client with TCP, TLS, unix sockets and WebSocket, one pool over all of them, and Node's diagnostics. The
// entry for browsers is browser.ts. Wiring only.

// First, for it refuses siblings that do not fit.
export { version } from "./node-siblings.js";

// From here on they fit.

import { type ConnectionOptions, connect as connectWith, diagnosticsOn, type NatsConnection } from "@myelin/client";
import { nodeDiagnostics, tcpTransport, unixTransport } from "@myelin/transport-node";
import { webSocketTransport } from "@myelin/transport-websocket";
import { overWebSocket, type WsConnectionOptions } from "./wsconnect.js";

export * from "@myelin/client";
export * from "@myelin/credentials";
export {
  type Dial,
  type DialDestination,
  type HttpConnectOptions,
  httpConnect,
  type Socks5Options,
  type SrvLookup,
  type SrvServersOptions,
  socks5,
  srvServers,
  type TcpTransportOptions,
  tcpTransport,
} from "@myelin/transport-node";
export * from "./names.js";

// What keeps nothing of a connection is made once.
const diagnostics = /* @__PURE__ */ diagnosticsOn(/* @__PURE__ */ nodeDiagnostics());
const webSocket = /* @__PURE__ */ webSocketTransport();

/**
 * Connects to a NATS cluster over TCP, TLS, a unix socket or WebSocket, by the scheme of each URL.
 *
 * @example
 * const nc = await connect({ servers: ["nats://127.0.0.1:4222"] });
 */
export function connect(options: ConnectionOptions | string = {}): Promise<NatsConnection> {
  return connectWith(options, {
    transports: [tcpTransport(), unixTransport(), webSocket],
    diagnostics,
  });
}

/**
 * Connects over WebSocket only, as nats.js does: an address without a scheme is `wss://`, port 443, and `nats://` and `tls://`
 * are read as `ws://` and `wss://`. With `connect()` the same servers are written `ws://` and `wss://`, beside others.
 */
export function wsconnect(options: WsConnectionOptions = {}): Promise<NatsConnection> {
  return overWebSocket(options, { diagnostics });
}
