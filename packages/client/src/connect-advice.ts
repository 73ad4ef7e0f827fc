// What to try when a server could not be connected to: words alone, by how far an attempt had come or by what the server said.
// Decides nothing, and knows errors by their types alone.

import type { ServerErrorKind } from "@myelin/protocol";
import type { AttemptPhase, ConnectAttempt } from "./errors.js";

// For a peer that speaks something else.
const NOT_NATS = "check that this is the client port of a NATS server";

const AFTER_TIMEOUT: { readonly [phase in AttemptPhase]: string } = {
  dns: "the resolver did not answer: check the name and the resolver",
  tcp: "nobody answered there: check the address, the network and the firewall",
  tls: "it took the connection and did not finish the TLS handshake: check that it speaks TLS there, or raise timeout",
  info: `it took the connection and said nothing: ${NOT_NATS}`,
  auth: "the authenticator had not answered: make it faster, or raise timeout",
  ping: "it took our CONNECT and did not answer: it may be overloaded, raise timeout",
};

/** What an attempt waited for, or met, and what to try, with a semicolon before it; empty for what speaks for itself. */
export function adviceOn({ error, phase }: ConnectAttempt): string {
  const { code } = error as { readonly code?: unknown };
  if (code === "TIMEOUT") return `; ${AFTER_TIMEOUT[phase]}`;
  return code === "PROTOCOL_ERROR" && phase === "info" ? `; ${NOT_NATS}` : "";
}

const ON_REFUSAL: { readonly [kind in ServerErrorKind]?: string } = {
  auth: "check them, and that this user may connect",
  "auth-timeout": "they came too late: make the authenticator faster, or raise the server's authorization timeout",
  "max-connections": "it has no room: try again later, or raise its max_connections",
  "max-account-connections": "try again later, or raise the limit of the account",
  "connection-throttled": "too many come at once: try again later, or spread them with reconnectJitter",
  account: "check the limits of the account",
  "wrong-port": "use its client port, 4222 by default",
  "tls-required": "use tls:// or the tls option",
};

/** What to try when the server says this, with a semicolon before it; empty for what speaks for itself. */
export function adviceOnRefusal(kind: ServerErrorKind): string {
  const advice = ON_REFUSAL[kind];
  return advice === undefined ? "" : `; ${advice}`;
}

/** The servers of the other attempts, for the end of a sentence; empty when there are none. */
export function othersOf(attempts: readonly ConnectAttempt[], main: ConnectAttempt): string {
  const others = [...new Set(attempts.map((attempt) => attempt.server))].filter((server) => server !== main.server);
  if (others.length === 0) return "";
  const shown = others.slice(0, 4).join(", ");
  return ` (also failed: ${shown}${others.length > 4 ? `, and ${others.length - 4} more` : ""}; see attempts)`;
}
