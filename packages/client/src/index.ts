export type { Auth, AuthenticationContext, Authenticator } from "./authentication.js";
export type { Bounds } from "./bounded.js";
export { type ClientRuntime, connect } from "./connect.js";
export {
  type ConnectionOptions,
  defaults,
  type FirstConnect,
  type PendingLimits,
  type WhileDisconnected,
} from "./connection-options.js";
export { type ConnectionState, transitions } from "./connection-state.js";
export {
  type AttemptPhase,
  AuthorizationError,
  BufferedBytesError,
  CallbackError,
  ClosedConnectionError,
  type ConnectAttempt,
  ConnectError,
  ConnectionError,
  DisconnectedError,
  DrainError,
  DrainingConnectionError,
  errors,
  InvalidOperationError,
  NoRespondersError,
  PermissionViolationError,
  ReconnectBufferFullError,
  RequestError,
  ServerError,
  StaleConnectionError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from "./errors.js";
export type { ClientIdentity } from "./handshake.js";
export { createInbox } from "./inbox.js";
export { Msg, type Publisher, type PublishOptions } from "./message.js";
export { NatsConnection, type Stats } from "./nats-connection.js";
export { Nuid } from "./nuid.js";
export type { RequestOptions } from "./requests.js";
export type { DropReason, Status, StatusType } from "./status.js";
export type { MsgCallback, Subscription, SubscriptionOptions } from "./subscription.js";
export { systemClock, systemRandom } from "./system-clock.js";
