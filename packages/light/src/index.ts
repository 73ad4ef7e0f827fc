// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export {
  type Auth,
  type AuthenticationContext,
  type Authenticator,
  InvalidArgumentError,
  isNatsError,
  NatsError,
  type Transport,
  TransportError,
} from "@myelin/contracts";
export { connect, type LightRuntime } from "./connect.js";
export type { LightConnection, LightConnection as NatsConnection } from "./connection.js";
export type { ConnectionState } from "./connection-state.js";
export type { Bounds } from "./deferred.js";
export {
  type AttemptPhase,
  BufferedBytesError,
  CallbackError,
  ClosedConnectionError,
  type ConnectAttempt,
  ConnectError,
  ConnectionError,
  DisconnectedError,
  DrainError,
  DrainingConnectionError,
  InvalidOperationError,
  MaxPayloadError,
  NoRespondersError,
  ReconnectBufferFullError,
  RequestError,
  StaleConnectionError,
  TimeoutError,
  TlsMismatchError,
} from "./errors.js";
export { HeaderError, headers, type MsgHdrs } from "./headers.js";
export type { ServerInfo } from "./link.js";
export type { Msg, Payload, PublishOptions } from "./message.js";
export { defaults, type LightOptions, type LightOptions as ConnectionOptions, type PendingLimits } from "./options.js";
export type { RequestOptions } from "./requests.js";
export {
  AuthorizationError,
  ConnectionLimitError,
  PermissionViolationError,
  ServerError,
  UserAuthenticationExpiredError,
} from "./server-error.js";
export type { DropReason, Status, StatusEvent, StatusOf, StatusType } from "./status.js";
export { InvalidSubjectError } from "./subject.js";
export type { MsgCallback, Subscription, SubscriptionOptions } from "./subscription.js";
export { ProtocolError } from "./wire.js";
