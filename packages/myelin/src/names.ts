// What every entry of this package exports beside connect(), the client and credentials: what a transport is made of. The other two are
// in each entry itself: from a file that entries share, esbuild makes an `export *` of another package an object filled when it is
// loaded, which has no names to import and from which nothing can be left out.

export {
  type DiagnosticsChannelName,
  type DiagnosticsMessages,
  type DiagnosticsSource,
  InvalidArgumentError,
  isNatsError,
  NatsError,
  type PemSource,
  type PerDial,
  TlsMaterialError,
  type TlsOptions,
  type TlsSource,
  type Transport,
  TransportError,
} from "@myelin/contracts";
export {
  type UpgradeHeaders,
  type WebSocketConstructor,
  type WebSocketFactory,
  type WebSocketLike,
  type WebSocketTransportOptions,
  webSocketTransport,
} from "@myelin/transport-websocket";
export type { WsConnectionOptions, WsSocketFactory } from "./wsconnect.js";
