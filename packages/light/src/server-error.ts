// From the text of a server's -ERR to the error it stands for. What follows from it is the connection's business.
// Source: NATS client protocol, error texts of nats-server 2.9 and newer.

import { NatsError } from "@myelin/contracts";
import { StaleConnectionError } from "./errors.js";

/** The server refused our credentials, or had to wait for them too long. */
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
  /** What was denied. */
  declare readonly operation: "publish" | "subscription";
  declare readonly subject: string;
  /** Queue group of the subscription, where it had one. */
  declare readonly queue?: string;

  constructor(operation: "publish" | "subscription", subject: string, queue: string | undefined) {
    super(`the server denies this ${operation}: "${subject}"`);
    this.operation = operation;
    this.subject = subject;
    if (queue !== undefined) this.queue = queue;
  }
}

/** Any other `-ERR`: what the server said, verbatim. */
export class ServerError extends NatsError {
  readonly code: string = "SERVER_ERROR";

  /** Text of the `-ERR` without its quotes. */
  declare readonly text: string;

  constructor(text: string) {
    super(`the server reported: ${text}`);
    this.text = text;
  }
}

/** The server takes no more connections for now; it is tried again like any other that failed. */
export class ConnectionLimitError extends ServerError {
  declare readonly code: string;

  constructor(text: string, code: "MAX_CONNECTIONS" | "MAX_ACCOUNT_CONNECTIONS" | "CONNECTION_THROTTLED") {
    super(text);
    this.code = code;
  }
}

/** The typed error for the text of a server's `-ERR` (without quotes). */
export function serverErrorOf(text: string): NatsError {
  const denied = /violation for (?:(publish)|subscription)[^"]*"([^"]*)"(?:.*queue "?([^"]*))?/i.exec(text);
  if (denied !== null) {
    return new PermissionViolationError(denied[1] ? "publish" : "subscription", denied[2] ?? "", denied[3]);
  }
  if (/authentication (expired|revoked)/i.test(text)) return new UserAuthenticationExpiredError(said(text));
  if (/^auth\w+ timeout/i.test(text)) return new AuthorizationError(said(text), "AUTHENTICATION_TIMEOUT");
  if (/authorization violation/i.test(text)) {
    return new AuthorizationError(`${said(text)}; check the credentials`);
  }
  if (/stale connection/i.test(text)) return new StaleConnectionError(said(text));
  const full = /(account active )?connections exceeded|(connection throttling)/i.exec(text);
  if (full === null) return new ServerError(text);
  return new ConnectionLimitError(
    text,
    full[2] ? "CONNECTION_THROTTLED" : full[1] ? "MAX_ACCOUNT_CONNECTIONS" : "MAX_CONNECTIONS",
  );
}

function said(text: string): string {
  return `the server refused us: ${text}`;
}
