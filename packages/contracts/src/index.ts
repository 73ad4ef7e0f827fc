export type { Auth, AuthenticationContext, Authenticator, NoAuth } from "./authentication.js";
export type { Clock, Random } from "./clock.js";
export {
  InvalidArgumentError,
  isNatsError,
  NatsError,
  TransportError,
  type TransportErrorCode,
  type TransportPhase,
} from "./errors.js";
export type {
  DialTarget,
  PemSource,
  TlsOptions,
  Transport,
  TransportConnection,
  TransportSink,
} from "./transport.js";
