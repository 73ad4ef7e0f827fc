// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export type { Auth, AuthenticationContext, Authenticator, HistoryEntry, NoAuth } from "@myelin/contracts";
export {
  HeaderError,
  headers,
  InvalidSubjectError,
  Match,
  MaxPayloadError,
  MsgHdrs,
  MsgHdrs as MsgHdrsImpl,
  type Payload,
  ProtocolError,
  type ServerInfo,
} from "@myelin/protocol";
export type {
  Backoff,
  GossipPolicy,
  ServerFailure,
  ServerUrl,
  ServerView,
  Strategy,
  StrategyContext,
} from "@myelin/server-pool";
export type { Bounds } from "./bounded.js";
export { type AttemptBackoff, backoff } from "./compatibility/backoff.js";
export { type Deferred, type Delay, deadline, deferred, delay } from "./compatibility/promises.js";
export type { LatestInfo, PoolServer, ReconnectToServerHandler, Server } from "./compatibility/server.js";
export { canonicalMIMEHeaderKey, Empty, hasWsProtocol, millis, nanos, nuid } from "./compatibility/values.js";
export { type ClientRuntime, connect } from "./connect.js";
export type {
  ConnectionOptions,
  DialPlan,
  FirstConnect,
  FirstConnectRefused,
  PendingLimits,
  ReconnectBufferLimits,
  WhileDisconnected,
} from "./connection-options.js";
export { type DiagnosticsTarget, diagnosticsOn } from "./diagnostics.js";
export type { DrainReport } from "./draining.js";
export {
  type AttemptPhase,
  AuthorizationError,
  BufferedBytesError,
  CallbackError,
  ClosedConnectionError,
  type ConnectAttempt,
  ConnectError,
  ConnectionError,
  ConnectionLimitError,
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
  ServerResolutionError,
  SlowConsumerError,
  StaleConnectionError,
  TimeoutError,
  TlsMismatchError,
  UserAuthenticationExpiredError,
} from "./errors.js";
export { type LogEntry, type LogOptions, type LogTarget, logTo } from "./log.js";
export type { LogLevel, LogNamespace } from "./log-lines.js";
export { createInbox } from "./messaging/inbox.js";
export { Msg, type Publisher, type PublishOptions } from "./messaging/message.js";
export type { Overflow } from "./messaging/message-queue.js";
export { Nuid } from "./messaging/nuid.js";
export type { MsgHandler, ProcessOptions } from "./messaging/processing.js";
export type { RequestManyOptions, RequestStrategy, SentinelFn } from "./messaging/request-many.js";
export type { RequestOptions, RequestRetry } from "./messaging/requesting.js";
export { Subscription } from "./messaging/subscription.js";
export type { MsgCallback, SubscriptionOptions } from "./messaging/subscription-options.js";
export { type SyncIterator, syncIterator } from "./messaging/sync-iterator.js";
export type { TraceOptions } from "./messaging/trace.js";
export { NatsConnection } from "./nats-connection.js";
export { defaults } from "./resolved-options.js";
export { type ConnectionState, transitions } from "./session/connection-state.js";
export type { ClientIdentity } from "./session/handshake.js";
export type { MoveReason } from "./session/move.js";
export type {
  ClientPingStatus,
  CloseStatus,
  ClusterUpdateStatus,
  DisconnectStatus,
  DropReason,
  ForceReconnectStatus,
  GapStatus,
  HandoverStatus,
  LDMStatus,
  ReconnectingStatus,
  ReconnectStatus,
  ServerErrorStatus,
  ServersChanged,
  SlowConsumerStatus,
  StaleConnectionStatus,
  Status,
  StatusEvent,
  StatusOf,
  StatusType,
} from "./status.js";
export { systemClock, systemRandom } from "./system-clock.js";
export type { Stats } from "./traffic.js";
