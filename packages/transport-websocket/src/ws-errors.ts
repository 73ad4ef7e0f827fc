// Why a dial failed, from what `ws` passes on of Node, and what the WebSocket of a runtime outside browsers says: refused, unknown
// name, certificate, HTTP status. What every WebSocket says is web-socket-errors.ts.
// Sources: Node "Common system errors", the messages of ws.

import { TlsMaterialError, TransportError, type TransportErrorCode, type TransportPhase } from "@myelin/contracts";
import type { WebSocketEvent } from "./web-socket.js";
import { causeOf, wordsOf } from "./web-socket-errors.js";

type Verdict = readonly [code: TransportErrorCode, phase: TransportPhase, sentence: string];

const REFUSED: Verdict = ["CONNECTION_REFUSED", "tcp", "refused the connection: is a server listening there"];
const RESET: Verdict = ["CONNECTION_RESET", "tcp", "ended the connection during the upgrade: is it a websocket port"];
const UNREACHABLE: Verdict = [
  "HOST_UNREACHABLE",
  "tcp",
  "cannot be reached: check the address, the network and the firewall",
];
const UNRESOLVED: Verdict = ["DNS_FAILED", "dns", "could not be resolved: check the name and the resolver"];

const BY_CODE: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ["ECONNREFUSED", REFUSED],
  ["ECONNRESET", RESET],
  ["ECONNABORTED", RESET],
  ["EPIPE", RESET],
  ["EHOSTUNREACH", UNREACHABLE],
  ["EHOSTDOWN", UNREACHABLE],
  ["ENETUNREACH", UNREACHABLE],
  ["ENETDOWN", UNREACHABLE],
  ["EADDRNOTAVAIL", UNREACHABLE],
  ["ETIMEDOUT", UNREACHABLE],
  ["ENOTFOUND", UNRESOLVED],
  ["EAI_AGAIN", UNRESOLVED],
]);

// OpenSSL's plain words, between the numbers, files and lines of its own code.
const OPENSSL = /:SSL routines:[^:]*:([^:\n]+)/;

const CERTIFICATE_ADVICE: ReadonlyMap<string, string> = new Map([
  ["ERR_TLS_CERT_ALTNAME_INVALID", "connect by a name it holds, or set tls.servername to one"],
  ["CERT_HAS_EXPIRED", "it must be renewed"],
  ["CERT_NOT_YET_VALID", "check the clocks on both sides"],
]);

// What OpenSSL and Node call a certificate they do not accept.
const CERTIFICATE = /^UNABLE_TO_|CERT|^CRL_|^INVALID_(CA|PURPOSE)|PATH_LENGTH|HOSTNAME_MISMATCH/;

/** Why a socket that never opened did not, as exactly as its runtime tells. */
export function wsOpeningError(address: string, event: WebSocketEvent): TransportError {
  const cause = causeOf(event);
  // Our own PEM, not the handshake, whose errors are ERR_SSL_….
  if (nodeCode(cause).startsWith("ERR_OSSL_")) {
    const message = `${address}: OpenSSL takes no context of this tls (${nodeCode(cause)})`;
    return new TlsMaterialError(["tls"], message, { cause });
  }
  const [code, phase, sentence] = verdictOf(nodeCode(cause), wordsOf(event));
  return new TransportError(code, phase, `${address} ${sentence}`, address, { cause });
}

function verdictOf(code: string, words: string): Verdict {
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  if (CERTIFICATE.test(code) && !code.startsWith("ERR_SSL_")) {
    const advice = CERTIFICATE_ADVICE.get(code) ?? "set tls.ca to the authority that signed it";
    return ["TLS_CERTIFICATE_REJECTED", "tls", `has a certificate that was rejected: ${words} (${code}): ${advice}`];
  }
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO") {
    const reason = OPENSSL.exec(words)?.[1] ?? words;
    return ["TLS_FAILED", "tls", `did not complete TLS: ${reason} (${code}): ${tlsAdvice(reason)}`];
  }
  const status = /Unexpected server response: (\d+)/.exec(words)?.[1];
  if (status === "101") return ["UPGRADE_REFUSED", "tcp", "answered the upgrade wrongly: 101 without the upgrade"];
  if (status !== undefined) {
    const what = `answered the upgrade with HTTP ${status} instead of 101`;
    return ["UPGRADE_REFUSED", "tcp", `${what}: ${STATUS_HINTS.get(status) ?? "is it a NATS server's websocket port"}`];
  }
  if (code.startsWith("HPE_")) {
    const what = "did not answer as HTTP does";
    return ["UPGRADE_REFUSED", "tcp", `${what} (${code}): a client port is dialled with nats://, not ws://`];
  }
  if (/Invalid (Sec-WebSocket|Upgrade)|subprotocol|extension/i.test(words)) {
    return ["UPGRADE_REFUSED", "tcp", `answered the upgrade wrongly: ${words}`];
  }
  return ["CONNECT_FAILED", "tcp", `could not be opened: ${words}`];
}

function tlsAdvice(reason: string): string {
  if (/certificate required|bad certificate/.test(reason)) {
    return "the server wants a client certificate, set tls.cert and tls.key";
  }
  // Whoever sends an alert does speak TLS.
  return / alert /.test(reason) ? "the server refused it, see its log" : "does the port speak wss://";
}

const STATUS_HINTS: ReadonlyMap<string, string> = new Map([
  ["400", "wss:// is for a port with TLS, ws:// for one without"],
  ["401", "what stands before the server wants credentials, give them as headers"],
  ["403", "the server's allowed_origins, or what stands before it, forbids it"],
  ["404", "check the path of the URL"],
  ["502", "what stands before the server cannot reach it"],
  ["503", "what stands before the server cannot reach it"],
]);

function nodeCode(error: unknown): string {
  // Of several addresses of a name the first failure speaks.
  const first = error instanceof AggregateError && !("code" in error) ? (error.errors[0] as unknown) : error;
  if (typeof first !== "object" || first === null || !("code" in first)) return "";
  return typeof first.code === "string" ? first.code : "";
}
