// How much a failed attempt tells about what to mend, and whether trying again could mend it. Judges codes and phases; makes no
// error and decides nothing. Source: the project's decision D1, ADR-40.

import type { ConnectAttempt } from "./errors.js";

const CREDENTIALS: ReadonlySet<unknown> = new Set(["AUTHORIZATION_VIOLATION", "AUTHENTICATION_EXPIRED"]);

const TLS: ReadonlySet<unknown> = new Set([
  "TLS_CERTIFICATE_REJECTED",
  "TLS_FAILED",
  "TLS_MATERIAL_UNUSABLE",
  "TLS_MISMATCH",
]);

function codeOf({ error }: ConnectAttempt): unknown {
  return (error as { code?: unknown }).code;
}

/**
 * True when both sides were there and do not fit: the credentials were refused, or TLS is set up wrongly on either side. False for
 * what may pass by itself: silence, a link that broke, a server that is full, a function of the caller's that failed.
 */
export function isRefusal(attempt: ConnectAttempt): boolean {
  const code = codeOf(attempt);
  if (CREDENTIALS.has(code)) return true;
  if (code === "UNSUPPORTED_TARGET") return attempt.phase === "tls";
  return TLS.has(code) && (attempt.error as { transient?: unknown }).transient !== true;
}

/** The attempt that tells most, the latest of several such; `undefined` for none. */
export function mostSpecific(attempts: readonly ConnectAttempt[]): ConnectAttempt | undefined {
  let best: ConnectAttempt | undefined;
  for (const attempt of attempts) {
    if (best === undefined || specificity(attempt) >= specificity(best)) best = attempt;
  }
  return best;
}

// A refused connection only says that nobody was there.
function specificity(attempt: ConnectAttempt): number {
  const code = codeOf(attempt);
  if (CREDENTIALS.has(code)) return 7;
  if (isRefusal(attempt)) return 6;
  if (attempt.phase === "tls" || code === "AUTHENTICATION_TIMEOUT") return 5;
  if (code === "TIMEOUT") return 2;
  if (attempt.phase === "auth" || attempt.phase === "ping" || attempt.phase === "info") return 4;
  return attempt.phase === "dns" ? 3 : 1;
}
