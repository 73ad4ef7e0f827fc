// What every entry of this package exports beside connect(): the client, credentials, and what a transport is made of.

export * from "@myelin/client";
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
export * from "@myelin/credentials";
export {
  type UpgradeHeaders,
  type WebSocketConstructor,
  type WebSocketFactory,
  type WebSocketLike,
  type WebSocketTransportOptions,
  webSocketTransport,
} from "@myelin/transport-websocket";
export type { WsConnectionOptions, WsSocketFactory } from "./wsconnect.js";
