export type { Auth, AuthenticationContext, Authenticator, NoAuth } from "./authentication.js";
export type { Clock, Random } from "./clock.js";
export type {
  Diagnostics,
  DiagnosticsChannel,
  DiagnosticsChannelName,
  DiagnosticsMessages,
  DiagnosticsSource,
} from "./diagnostics.js";
export {
  InvalidArgumentError,
  isNatsError,
  NatsError,
  TlsMaterialError,
  type TlsSource,
  TransportError,
  type TransportErrorCode,
  type TransportPhase,
} from "./errors.js";
export type { HistoryEntry } from "./history.js";
export type { ServerResolver } from "./server-resolver.js";
export { requireSiblings, SiblingVersionError } from "./siblings.js";
export type {
  DialTarget,
  PemSource,
  PerDial,
  TlsOptions,
  Transport,
  TransportConnection,
  TransportSink,
} from "./transport.js";
export { version } from "./version.js";
