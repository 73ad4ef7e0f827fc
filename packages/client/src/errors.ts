// Every error class of the client. Classes that @nats-io/nats-core v3 also has keep its
// names. Nothing here decides what happens next: that is the connection's business.

import { InvalidArgumentError, NatsError } from "@myelin/contracts";
import { InvalidSubjectError, MaxPayloadError, ProtocolError } from "@myelin/protocol";
import { mostSpecific } from "./attempt-ranking.js";
import { adviceOn, othersOf } from "./connect-advice.js";

/** The connection could not be made, or was lost. Base of the more exact {@link ConnectError} and {@link DisconnectedError}. */
export class ConnectionError extends NatsError {
  readonly code: string = "CONNECTION_ERROR";
}

/** How far an attempt had come when it failed. */
export type AttemptPhase = "dns" | "tcp" | "tls" | "info" | "auth" | "ping";

/** One failed attempt on one server. */
export interface ConnectAttempt {
  /** URL without credentials; `"resolveServers"` where that gave no server to dial. */
  readonly server: string;
  /** Address dialled, where the transport knew one. */
  readonly address: string | undefined;
  /** How far it had come. */
  readonly phase: AttemptPhase;
  /** Why it failed. */
  readonly error: Error;
  /** How long the attempt took, in milliseconds. */
  readonly ms: number;
}

/**
 * `connect()` failed, or the connection gave up for good. `code` and `cause` are those of the most specific attempt:
 * authorization and TLS beat protocol, protocol beats a time-out, a time-out beats a refusal (D1).
 */
export class ConnectError extends ConnectionError {
  override readonly code: string;

  constructor(
    summary: string,
    /** Every attempt in the order it was made, the last 64 at most. */
    readonly attempts: readonly ConnectAttempt[],
  ) {
    const main = mostSpecific(attempts);
    super(
      main === undefined
        ? summary
        : `${summary}: ${main.server} failed in phase ${main.phase}: ${main.error.message}${adviceOn(main)}${othersOf(attempts, main)}`,
      main === undefined ? undefined : { cause: main.error },
    );
    const code = main === undefined ? undefined : (main.error as { code?: unknown }).code;
    this.code = typeof code === "string" ? code : "CONNECT_FAILED";
  }
}

/** The link to the server is gone. In-flight requests and flushes reject with it (D9). */
export class DisconnectedError extends ConnectionError {
  override readonly code = "DISCONNECTED";

  constructor(
    message: string,
    /** True when the bytes may have reached the server; false when they certainly did not. */
    readonly sent: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The peer stayed silent for `pingInterval * (maxPingOut + 1)`, or a third of it with writes outstanding (D16). */
export class StaleConnectionError extends ConnectionError {
  override readonly code = "STALE_CONNECTION";
}

/** The server and the `tls` option exclude each other: one of them demands TLS, and the other has none of it. */
export class TlsMismatchError extends ConnectionError {
  override readonly code = "TLS_MISMATCH";
}

/** `resolveServers` failed, answered too late, or nothing that can be used; the servers of the answer before stay in use. */
export class ServerResolutionError extends ConnectionError {
  override readonly code = "SERVERS_UNRESOLVED";
}

/** The connection is closed for good; nothing can be sent on it. */
export class ClosedConnectionError extends ConnectionError {
  override readonly code = "CONNECTION_CLOSED";

  constructor(operation = "this call", options?: ErrorOptions) {
    super(`${operation}: the connection is closed; connect() makes a new one`, options);
  }
}

/** The connection is draining and takes no new work of this kind. */
export class DrainingConnectionError extends ConnectionError {
  override readonly code = "CONNECTION_DRAINING";

  constructor(operation = "this call") {
    super(`${operation} is not possible while the connection drains`);
  }
}

/** A drain ended before its work was done; the connection or subscription is closed all the same (D10). */
export class DrainError extends ConnectionError {
  override readonly code = "DRAIN_INCOMPLETE";

  constructor(
    message: string,
    /** Messages handled while it drained. */
    readonly handled: number,
    /** Messages received and not handled. */
    readonly abandoned: number,
    /** Messages published and not sent. */
    readonly unsent: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Something took longer than the caller allowed. */
export class TimeoutError extends NatsError {
  readonly code = "TIMEOUT";

  constructor(
    what: string,
    /** The bound that passed, in milliseconds. */
    readonly timeout: number,
    options?: ErrorOptions,
  ) {
    super(`${what} timed out after ${timeout} ms`, options);
  }
}

/** The outage buffer is full: the message was not accepted, or made room for newer ones before it was sent (D7). */
export class ReconnectBufferFullError extends NatsError {
  readonly code = "RECONNECT_BUFFER_FULL";

  constructor(
    override readonly subject: string,
    /** `reconnectBuffer`, or `reconnectBufferSize` as `bytes`. */
    readonly limits: { readonly bytes: number; readonly messages: number },
  ) {
    const { bytes, messages } = limits;
    const most = Number.isFinite(messages) ? `${bytes} bytes or ${messages} messages` : `${bytes} bytes`;
    super(
      `publish to "${subject}": ${most} are kept at most until the connection is back, and they are; raise reconnectBuffer, ` +
        'let overflow "drop-old" make room, or choose whileDisconnected "reject" or "drop"',
    );
  }
}

/** More is queued for the socket than `maxBufferedBytes`: the message was not accepted. */
export class BufferedBytesError extends NatsError {
  readonly code = "MAX_BUFFERED_BYTES";

  constructor(
    override readonly subject: string,
    /** `maxBufferedBytes`. */
    readonly limit: number,
  ) {
    super(
      `publish to "${subject}": ${limit} bytes already wait for the socket; await nc.writable() when publish() is false`,
    );
  }
}

/** A subscription's consumer was too slow and its `pending.overflow` is `"error"`: it has ended. */
export class SlowConsumerError extends NatsError {
  readonly code = "SLOW_CONSUMER";

  constructor(
    override readonly subject: string,
    /** Messages that wait; they may still be read. */
    readonly pending: number,
    /** The bound that was reached, `pending.messages` or `pending.bytes`. */
    readonly limit: number,
    /** Which of the two that is. */
    readonly unit: "messages" | "bytes",
  ) {
    super(
      `the subscription to "${subject}" ended: ${pending} messages wait for its consumer, and pending.${unit} is ${limit}; ` +
        'consume faster, raise it, or choose another pending.overflow than "error"',
    );
  }
}

/** A request failed for a reason other than time. */
export class RequestError extends NatsError {
  readonly code: string = "REQUEST_FAILED";

  /** True when the server answered that nobody listens (503). */
  isNoResponders(): boolean {
    return this instanceof NoRespondersError;
  }
}

/**
 * Nobody subscribes to the subject of the request. It is itself the {@link RequestError} that nats.js wraps around it: one error says
 * what happened, with the facts and the stack on it. `isNoResponders()` answers as there; there is no `cause`, for nothing
 * caused it but the 503.
 */
export class NoRespondersError extends RequestError {
  override readonly code = "NO_RESPONDERS";

  constructor(
    override readonly subject: string,
    options?: ErrorOptions,
  ) {
    super(`no responders on "${subject}"`, options);
  }
}

/** The server refused our credentials, took them back, or had to wait for them too long. */
export class AuthorizationError extends NatsError {
  readonly code: string = "AUTHORIZATION_VIOLATION";

  /** @param code `AUTHENTICATION_TIMEOUT` where the server had to wait too long */
  constructor(message: string, code?: "AUTHENTICATION_TIMEOUT") {
    super(message);
    if (code !== undefined) this.code = code;
  }
}

/** The credentials of the user or its account expired or were revoked. */
export class UserAuthenticationExpiredError extends AuthorizationError {
  override readonly code = "AUTHENTICATION_EXPIRED";
}

/** The server refused one publish or one subscription; the connection stays. */
export class PermissionViolationError extends NatsError {
  readonly code = "PERMISSIONS_VIOLATION";
  /** Queue group of the subscription, where it had one. */
  readonly queue?: string;

  constructor(
    /** What was denied. */
    readonly operation: "publish" | "subscription",
    override readonly subject: string,
    queue: string | undefined,
  ) {
    super(
      `the server denies ${operation === "publish" ? "publishing" : "subscribing"} to "${subject}"` +
        `${queue === undefined ? "" : ` in queue group "${queue}"`}; check the user's permissions`,
    );
    if (queue !== undefined) this.queue = queue;
  }
}

/** Any other `-ERR`: what the server said, verbatim. */
export class ServerError extends NatsError {
  readonly code: string = "SERVER_ERROR";

  constructor(
    /** Text of the `-ERR` without its quotes. */
    readonly text: string,
    message: string = `the server reported: ${text}`,
  ) {
    super(message);
  }
}

/**
 * The server, or our account on it, has as many connections as it may have, or takes no more of them so quickly. Not our fault and
 * not for good: the server is tried again like any other that failed. ADR-40.
 */
export class ConnectionLimitError extends ServerError {
  override readonly code: string = "MAX_CONNECTIONS";

  /** @param advice what to try, for the end of the sentence */
  constructor(text: string, code: "MAX_CONNECTIONS" | "MAX_ACCOUNT_CONNECTIONS" | "CONNECTION_THROTTLED", advice = "") {
    super(text, `the server takes no more connections for now: ${text}${advice}`);
    this.code = code;
  }
}

/** User code (callback, listener, authenticator, strategy) threw or rejected; nothing else was touched (D13). */
export class CallbackError extends NatsError {
  readonly code = "CALLBACK_FAILED";

  constructor(
    /** Which kind of callback: `subscription`, `listener`, `authenticator`, `strategy`. */
    readonly callback: string,
    /** Subject of the subscription, where there is one. */
    override readonly subject: string | undefined,
    cause: unknown,
  ) {
    super(
      `${/^[aeiou]/.test(callback) ? "an" : "a"} ${callback} callback${subject === undefined ? "" : ` on "${subject}"`} failed: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
}

/** The call makes no sense in the present state of the object. */
export class InvalidOperationError extends NatsError {
  readonly code = "INVALID_OPERATION";
}

/** All classes above as one object, as in nats.js. */
// Marked as free of effects, so that a bundle without it has only the classes it uses.
export const errors = /* @__PURE__ */ Object.freeze({
  AuthorizationError,
  BufferedBytesError,
  CallbackError,
  ClosedConnectionError,
  ConnectError,
  ConnectionError,
  ConnectionLimitError,
  DisconnectedError,
  DrainError,
  DrainingConnectionError,
  InvalidArgumentError,
  InvalidOperationError,
  InvalidSubjectError,
  MaxPayloadError,
  NoRespondersError,
  PermissionViolationError,
  ProtocolError,
  ReconnectBufferFullError,
  RequestError,
  ServerError,
  ServerResolutionError,
  SlowConsumerError,
  StaleConnectionError,
  TimeoutError,
  TlsMismatchError,
  UserAuthenticationExpiredError,
}) as {
  readonly AuthorizationError: typeof AuthorizationError;
  readonly BufferedBytesError: typeof BufferedBytesError;
  readonly CallbackError: typeof CallbackError;
  readonly ClosedConnectionError: typeof ClosedConnectionError;
  readonly ConnectError: typeof ConnectError;
  readonly ConnectionError: typeof ConnectionError;
  readonly ConnectionLimitError: typeof ConnectionLimitError;
  readonly DisconnectedError: typeof DisconnectedError;
  readonly DrainError: typeof DrainError;
  readonly DrainingConnectionError: typeof DrainingConnectionError;
  readonly InvalidArgumentError: typeof InvalidArgumentError;
  readonly InvalidOperationError: typeof InvalidOperationError;
  readonly InvalidSubjectError: typeof InvalidSubjectError;
  readonly MaxPayloadError: typeof MaxPayloadError;
  readonly NoRespondersError: typeof NoRespondersError;
  readonly PermissionViolationError: typeof PermissionViolationError;
  readonly ProtocolError: typeof ProtocolError;
  readonly ReconnectBufferFullError: typeof ReconnectBufferFullError;
  readonly RequestError: typeof RequestError;
  readonly ServerError: typeof ServerError;
  readonly ServerResolutionError: typeof ServerResolutionError;
  readonly SlowConsumerError: typeof SlowConsumerError;
  readonly StaleConnectionError: typeof StaleConnectionError;
  readonly TimeoutError: typeof TimeoutError;
  readonly TlsMismatchError: typeof TlsMismatchError;
  readonly UserAuthenticationExpiredError: typeof UserAuthenticationExpiredError;
};

/** The message of whatever was thrown; never throws itself. */
export function messageOf(cause: unknown): string {
  try {
    return String(cause instanceof Error ? cause.message : cause);
  } catch {
    return "something that cannot be printed";
  }
}

/** What was thrown, as an Error whose message can be read. */
export function errorOf(cause: unknown): Error {
  try {
    if (cause instanceof Error && typeof cause.message === "string") return cause;
  } catch {} // such as a message that throws
  return new Error(messageOf(cause));
}
