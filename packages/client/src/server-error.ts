// From the text of a server's -ERR to the error it stands for. What follows from it is the connection's business.

import type { NatsError } from "@myelin/contracts";
import { classifyServerError } from "@myelin/protocol";
import { adviceOnRefusal } from "./connect-advice.js";
import {
  AuthorizationError,
  ConnectionLimitError,
  PermissionViolationError,
  ServerError,
  StaleConnectionError,
  UserAuthenticationExpiredError,
} from "./errors.js";

/** The typed error for the text of a server's `-ERR` (without quotes). */
export function serverErrorOf(text: string): NatsError {
  const found = classifyServerError(text);
  const advice = adviceOnRefusal(found.kind);
  switch (found.kind) {
    case "auth":
    case "auth-timeout":
      return new AuthorizationError(
        `the server refused the credentials: ${text}${advice}`,
        found.kind === "auth-timeout" ? "AUTHENTICATION_TIMEOUT" : undefined,
      );
    case "auth-expired":
    case "auth-revoked":
      return new UserAuthenticationExpiredError(`the server took the credentials back: ${text}`);
    case "permission-publish":
      return new PermissionViolationError("publish", found.subject ?? "", undefined);
    case "permission-subscribe":
      return new PermissionViolationError("subscription", found.subject ?? "", found.queue);
    case "stale":
      return new StaleConnectionError("the server closed the link as stale");
    case "max-connections":
      return new ConnectionLimitError(text, "MAX_CONNECTIONS", advice);
    case "max-account-connections":
      return new ConnectionLimitError(text, "MAX_ACCOUNT_CONNECTIONS", advice);
    case "connection-throttled":
      return new ConnectionLimitError(text, "CONNECTION_THROTTLED", advice);
    default:
      return new ServerError(text, `the server reported: ${text}${advice}`);
  }
}
