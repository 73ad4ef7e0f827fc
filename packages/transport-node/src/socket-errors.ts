// Turns what node:net, node:tls and node:dns report into the closed set of TransportError codes. Messages say what, where
// and what to try; nothing here decides whether to try again. Source: errno(3), Node "Common system errors".

import { TransportError, type TransportErrorCode } from "@myelin/contracts";

const CODES: ReadonlyMap<string, TransportErrorCode> = new Map<string, TransportErrorCode>([
  ["ECONNREFUSED", "CONNECTION_REFUSED"],
  // A unix socket nobody has bound: nothing listens there, as with a refused port.
  ["ENOENT", "CONNECTION_REFUSED"],
  ["ECONNRESET", "CONNECTION_RESET"],
  ["ECONNABORTED", "CONNECTION_RESET"],
  ["EPIPE", "CONNECTION_RESET"],
  ["EHOSTUNREACH", "HOST_UNREACHABLE"],
  ["EHOSTDOWN", "HOST_UNREACHABLE"],
  ["ENETUNREACH", "HOST_UNREACHABLE"],
  ["ENETDOWN", "HOST_UNREACHABLE"],
  ["EADDRNOTAVAIL", "HOST_UNREACHABLE"],
  ["ETIMEDOUT", "HOST_UNREACHABLE"],
]);

const SENTENCES: Readonly<Partial<Record<TransportErrorCode, string>>> = {
  CONNECTION_REFUSED: "refused the connection: is a server listening there",
  CONNECTION_RESET: "reset the connection: see its log, and what stands in between",
  HOST_UNREACHABLE: "cannot be reached: check the address, the network and the firewall",
  CONNECT_FAILED: "could not be connected to",
  STREAM_FAILED: "broke the connection",
};

/** Node's `code` (`ECONNREFUSED`, `DEPTH_ZERO_SELF_SIGNED_CERT`), or the error's own words where it has none. */
export function nodeCode(error: unknown): string {
  if (typeof error === "object" && error !== null) {
    if ("code" in error && typeof error.code === "string") return error.code;
    if (error instanceof Error) return error.message;
  }
  return String(error);
}

/** OpenSSL's plain words for a failure or for the peer's alert (`tlsv13 alert certificate required`), else the message. */
function tlsReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("reason" in error && typeof error.reason === "string") return error.reason;
  return error.message;
}

export function dnsError(hostname: string, cause: unknown): TransportError {
  const message = `${hostname} could not be resolved (${nodeCode(cause)}): check the name and the resolver`;
  return new TransportError("DNS_FAILED", "dns", message, hostname, { cause });
}

export function dialError(address: string, cause: unknown): TransportError {
  // A name that was left to Node.
  if ((cause as { syscall?: unknown } | undefined)?.syscall === "getaddrinfo") return dnsError(address, cause);
  const code = CODES.get(nodeCode(cause)) ?? "CONNECT_FAILED";
  return new TransportError(code, "tcp", `${address} ${SENTENCES[code]} (${nodeCode(cause)})`, address, { cause });
}

/** An established stream broke. A TLS alert that comes this late is still a TLS failure (TLS 1.3 client certificates). */
export function streamError(address: string, cause: unknown): TransportError {
  const name = nodeCode(cause);
  if (name.startsWith("ERR_SSL_")) return tlsError(address, cause);
  const code = CODES.get(name) ?? "STREAM_FAILED";
  return new TransportError(code, "stream", `${address} ${SENTENCES[code]} (${name})`, address, { cause });
}

export function tlsError(address: string, cause: unknown): TransportError {
  const name = nodeCode(cause);
  const message = `TLS with ${address} failed: ${tlsReason(cause)} (${name})${tlsHint(name)}`;
  return new TransportError("TLS_FAILED", "tls", message, address, { cause });
}

/** The stream ended in the midst of the handshake, and nobody said why: the network or a restart, not what TLS was told. */
export function handshakeCutOff(address: string, cause: unknown): TransportError {
  const message = `${address} ended the connection during the TLS handshake (${nodeCode(cause)}): see its log`;
  return new TransportError("CONNECTION_RESET", "tls", message, address, { cause });
}

/** True for an error of the connection under a handshake, not of the handshake itself. */
export function isCutOff(cause: unknown): boolean {
  return CODES.has(nodeCode(cause));
}

function tlsHint(name: string): string {
  if (name.includes("CERTIFICATE_REQUIRED") || name.includes("ALERT_BAD_CERTIFICATE")) return CLIENT_CERTIFICATE;
  return name === "ERR_SSL_WRONG_VERSION_NUMBER" ? NOT_TLS : "";
}

const NOT_TLS = ": the server sent plaintext where TLS should begin";
const CLIENT_CERTIFICATE = ": the server wants a client certificate, set tls.cert and tls.key";

export function certificateError(address: string, serverName: string, cause: unknown): TransportError {
  const name = nodeCode(cause);
  const message = `the certificate of ${address} was rejected for ${serverName}: ${tlsReason(cause)} (${name}): ${
    CERTIFICATE_ADVICE.get(name) ?? "set tls.ca to the authority that signed it"
  }`;
  return new TransportError("TLS_CERTIFICATE_REJECTED", "tls", message, address, { cause });
}

const CERTIFICATE_ADVICE: ReadonlyMap<string, string> = new Map([
  ["ERR_TLS_CERT_ALTNAME_INVALID", "connect by a name it holds, or set tls.servername to one"],
  ["CERT_HAS_EXPIRED", "it must be renewed"],
  ["CERT_NOT_YET_VALID", "check the clocks on both sides"],
]);

// How much an address's failure says: an answer from the host beats silence, and silence beats having no route.
const MOST_TELLING_FIRST: readonly TransportErrorCode[] = [
  "CONNECTION_REFUSED",
  "CONNECTION_RESET",
  "CONNECT_FAILED",
  "HOST_UNREACHABLE",
];

/** One error for all addresses of a name: the most telling one's code and words, `cause` an AggregateError of them all. */
export function everyAddressFailed(host: string, errors: readonly TransportError[]): TransportError {
  const rank = (error: TransportError): number => MOST_TELLING_FIRST.indexOf(error.code);
  const [first, ...others] = [...errors].sort((a, b) => rank(a) - rank(b));
  if (first === undefined) return dnsError(host, new Error("no address"));
  if (others.length === 0) return first;
  const message = `${host}: all ${errors.length} addresses failed; ${first.message}`;
  return new TransportError(first.code, first.phase, message, first.address, {
    cause: new AggregateError(errors, message),
  });
}
