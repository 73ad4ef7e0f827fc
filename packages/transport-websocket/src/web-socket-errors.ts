// Turns what a WebSocket says of its failure into the closed set of TransportError codes. Browsers tell nothing on purpose,
// `ws` passes on what Node says. Messages say what, where and what to try; nothing here decides whether to try again.
// Sources: RFC 6455 §7.4 (close codes), WHATWG WebSockets "fail the WebSocket connection", Node "Common system errors".

import { TlsMaterialError, TransportError, type TransportErrorCode, type TransportPhase } from "@myelin/contracts";
import type { WebSocketEvent } from "./web-socket.js";

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

// What OpenSSL and Node call a certificate they do not accept.
const CERTIFICATE = /^UNABLE_TO_|CERT|^CRL_|^INVALID_(CA|PURPOSE)|PATH_LENGTH|HOSTNAME_MISMATCH/;

/** Why a socket that never opened did not. */
export function openingError(address: string, event: WebSocketEvent): TransportError {
  const cause = event.error ?? new Error(wordsOf(event));
  // Our own PEM, not the handshake, whose errors are ERR_SSL_….
  if (nodeCode(cause).startsWith("ERR_OSSL_")) {
    const message = `${address}: OpenSSL takes no context of this tls (${nodeCode(cause)})`;
    return new TlsMaterialError(["tls"], message, { cause });
  }
  const [code, phase, sentence] = verdictOf(nodeCode(cause), wordsOf(event));
  return new TransportError(code, phase, `${address} ${sentence}`, address, { cause });
}

/** The constructor threw: the page may not open such a socket, or the URL is none. */
export function constructionError(address: string, cause: unknown): TransportError {
  const words = cause instanceof Error ? cause.message : String(cause);
  const hint = "a page loaded over https:// may open wss:// only";
  const message = `${address} could not be opened: ${words} (${hint})`;
  return new TransportError("UNSUPPORTED_TARGET", "tcp", message, address, { cause });
}

/** An open socket has closed: `undefined` when it did so in order. */
export function closingError(address: string, event: WebSocketEvent): TransportError | undefined {
  const { code = 1006, reason = "", wasClean = false } = event;
  if (wasClean && (code === 1000 || code === 1001 || code === 1005)) return undefined;
  if (code === 1006 || !wasClean) {
    const message =
      `${address} ended without a close frame (${code}): the server died, or a proxy between cut the connection; ` +
      "if it happens when idle, set pingInterval below the proxy's idle time";
    return new TransportError("CONNECTION_RESET", "stream", message, address);
  }
  const said = reason === "" ? (MEANINGS.get(code) ?? "no reason given") : reason;
  const message = `${address} closed the WebSocket with code ${code} (${said})`;
  return new TransportError("STREAM_FAILED", "stream", message, address);
}

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [1002, "protocol error"],
  [1003, "a kind of data it does not accept"],
  [1007, "data that is not consistent"],
  [1008, "policy violation"],
  [1009, "a message too big for it"],
  [1011, "an unexpected condition at its side"],
  [1012, "it restarts"],
  [1013, "try again later"],
]);

/** The socket reported an error after it had opened; its close follows. */
export function streamError(address: string, event: WebSocketEvent): TransportError {
  const cause = event.error ?? new Error(wordsOf(event));
  const message = `${address} broke the WebSocket: ${wordsOf(event)}`;
  return new TransportError("STREAM_FAILED", "stream", message, address, { cause });
}

/** What NATS never sends, or more than is taken. */
export function unacceptable(address: string, what: string): TransportError {
  return new TransportError("STREAM_FAILED", "stream", `${address} ${what}`, address);
}

/** The target, or an option, is nothing this transport or this runtime can do; nothing was dialled. */
export function unsupported(phase: TransportPhase, message: string, cause?: unknown): TransportError {
  return new TransportError("UNSUPPORTED_TARGET", phase, message, undefined, cause === undefined ? {} : { cause });
}

function verdictOf(code: string, words: string): Verdict {
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  if (CERTIFICATE.test(code) && !code.startsWith("ERR_SSL_")) {
    return ["TLS_CERTIFICATE_REJECTED", "tls", `has a certificate that was rejected: ${words} (${code})`];
  }
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO") {
    return ["TLS_FAILED", "tls", `did not complete TLS: ${words}; does the port speak wss://`];
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

const STATUS_HINTS: ReadonlyMap<string, string> = new Map([
  ["400", "wss:// is for a port with TLS, ws:// for one without"],
  ["401", "what stands before the server wants credentials, give them as headers"],
  ["403", "the server's allowed_origins, or what stands before it, forbids it"],
  ["404", "check the path of the URL"],
  ["502", "what stands before the server cannot reach it"],
  ["503", "what stands before the server cannot reach it"],
]);

// Page scripts must not learn what listens where, so a browser's error event is empty.
function wordsOf({ error, message }: WebSocketEvent): string {
  if (error instanceof Error && error.message !== "") return error.message;
  if (message !== undefined && message !== "") return message;
  return "the runtime does not say why; check host, port and path, and for wss:// the certificate";
}

function nodeCode(error: unknown): string {
  // Of several addresses of a name the first failure speaks.
  const first = error instanceof AggregateError && !("code" in error) ? (error.errors[0] as unknown) : error;
  if (typeof first !== "object" || first === null || !("code" in first)) return "";
  return typeof first.code === "string" ? first.code : "";
}
