// Every error class of this package, with the names, fields and codes they have in @myelin/client. Nothing here decides what
// happens next. Sentences are short, because every page that uses this package loads them.

import { NatsError } from "@myelin/contracts";

/** The connection could not be made, or was lost. */
export class ConnectionError extends NatsError {
  readonly code: string = "CONNECTION_ERROR";
}

/** How far an attempt had come when it failed. */
export type AttemptPhase = "dns" | "tcp" | "tls" | "info" | "auth" | "ping";

/** One failed attempt on one server. */
export interface ConnectAttempt {
  /** URL without credentials. */
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

/** `connect()` failed, or the connection gave up for good. `code` and `cause` are those of the attempt that tells most. */
export class ConnectError extends ConnectionError {
  override readonly code: string;

  /** Every attempt in the order it was made, the last 64 at most. */
  declare readonly attempts: readonly ConnectAttempt[];

  constructor(summary: string, attempts: readonly ConnectAttempt[]) {
    let main = attempts[0];
    for (const one of attempts) if (main !== undefined && weight(one) >= weight(main)) main = one;
    super(
      main === undefined ? summary : `${summary}: ${main.server} failed in phase ${main.phase}: ${main.error.message}`,
      { cause: main?.error },
    );
    this.attempts = attempts;
    this.code = (main?.error as { code?: string } | undefined)?.code ?? "CONNECT_FAILED";
  }
}

/** True when trying again would not help: the credentials were refused, or TLS cannot work as it is set up. */
export function isRefusal({ error }: ConnectAttempt): boolean {
  return /^(AUTHORIZATION|AUTHENTICATION_E|TLS_)/.test(String((error as { code?: string }).code));
}

// How much an attempt tells about what to mend. A refused connection only says that nobody was there.
function weight(attempt: ConnectAttempt): number {
  if (isRefusal(attempt)) return 3;
  if (attempt.error instanceof TimeoutError) return 1;
  return attempt.phase === "tcp" ? 0 : 2;
}

/** The link to the server is gone. */
export class DisconnectedError extends ConnectionError {
  override readonly code = "DISCONNECTED";

  /** True when the bytes may have reached the server; false when they certainly did not. */
  readonly sent: boolean = true;
}

/** The peer stayed silent for too long. */
export class StaleConnectionError extends ConnectionError {
  override readonly code = "STALE_CONNECTION";
}

/** TLS is demanded and cannot be had on this link. */
export class TlsMismatchError extends ConnectionError {
  override readonly code = "TLS_MISMATCH";
}

/** The connection is closed for good; nothing can be sent on it. */
export class ClosedConnectionError extends ConnectionError {
  override readonly code = "CONNECTION_CLOSED";

  constructor(operation: string, options?: ErrorOptions) {
    super(`${operation}: the connection is closed`, options);
  }
}

/** The connection is draining and takes no new work of this kind. */
export class DrainingConnectionError extends ConnectionError {
  override readonly code = "CONNECTION_DRAINING";

  constructor(operation: string) {
    super(`${operation}: the connection drains`);
  }
}

/** A drain ended before its work was done; the connection is closed all the same. */
export class DrainError extends ConnectionError {
  override readonly code = "DRAIN_INCOMPLETE";

  /** Messages handled while it drained. */
  declare readonly handled: number;
  /** Messages received and not handled. */
  declare readonly abandoned: number;
  /** Messages published and not sent. */
  declare readonly unsent: number;

  constructor(message: string, left: Pick<DrainError, "handled" | "abandoned" | "unsent">, options: ErrorOptions) {
    super(message, options);
    Object.assign(this, left);
  }
}

/** Something took longer than the caller allowed. */
export class TimeoutError extends NatsError {
  readonly code = "TIMEOUT";

  /** The bound that passed, in milliseconds. */
  declare readonly timeout: number;

  constructor(what: string, timeout: number) {
    super(`${what} timed out after ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** The outage buffer is full: the message was not accepted. */
export class ReconnectBufferFullError extends NatsError {
  readonly code = "RECONNECT_BUFFER_FULL";

  declare readonly subject: string;
  /** `reconnectBuffer`. */
  declare readonly limits: { readonly bytes: number; readonly messages: number };

  constructor(subject: string, limits: { readonly bytes: number; readonly messages: number }) {
    super(`publish to "${subject}": reconnectBuffer is full; raise it`);
    this.subject = subject;
    this.limits = limits;
  }
}

/** More is queued for the socket than `maxBufferedBytes`: the message was not accepted. */
export class BufferedBytesError extends NatsError {
  readonly code = "MAX_BUFFERED_BYTES";

  declare readonly subject: string;
  /** `maxBufferedBytes`. */
  declare readonly limit: number;

  constructor(subject: string, limit: number) {
    super(`publish to "${subject}": ${limit} bytes wait; await nc.writable()`);
    this.subject = subject;
    this.limit = limit;
  }
}

/** A message is larger than the server accepts; it was not accepted. */
export class MaxPayloadError extends NatsError {
  readonly code = "MAX_PAYLOAD";

  declare readonly subject: string;
  /** Bytes of headers and payload. */
  declare readonly size: number;
  /** What the server accepts, its `max_payload`. */
  declare readonly limit: number;

  constructor(size: number, limit: number, subject: string) {
    super(`publish to "${subject}": ${size} bytes exceed max_payload ${limit}`);
    this.subject = subject;
    this.limit = limit;
    this.size = size;
  }
}

/** A request failed for a reason other than time. */
export class RequestError extends NatsError {
  readonly code: string = "REQUEST_FAILED";

  /** True when the server answered that nobody listens (503). */
  isNoResponders(): boolean {
    return this.code === "NO_RESPONDERS";
  }
}

/** Nobody subscribes to the subject of the request. */
export class NoRespondersError extends RequestError {
  override readonly code = "NO_RESPONDERS";

  declare readonly subject: string;

  constructor(subject: string) {
    super(`no responders on "${subject}"`);
    this.subject = subject;
  }
}

/** User code (callback, listener, authenticator) threw or rejected; nothing else was touched. */
export class CallbackError extends NatsError {
  readonly code = "CALLBACK_FAILED";

  /** Subject of the subscription, where there is one. */
  declare readonly subject: string | undefined;
  /** Which kind of callback: `subscription`, `listener`, `authenticator`. */
  declare readonly callback: string;

  constructor(callback: string, subject: string | undefined, cause: unknown) {
    super(`${callback} callback ${subject ?? ""} failed: ${errorOf(cause).message}`, { cause });
    this.subject = subject;
    this.callback = callback;
  }
}

/** The call makes no sense in the present state of the object. */
export class InvalidOperationError extends NatsError {
  readonly code = "INVALID_OPERATION";
}

/** What was thrown, as an Error whose message can be read; never throws itself. */
export function errorOf(cause: unknown): Error {
  try {
    if (cause instanceof Error && typeof cause.message === "string") return cause;
    return new Error(String(cause));
  } catch {
    return new Error("unknown");
  }
}
