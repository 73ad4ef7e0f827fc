// TLS or not: what INFO says, the caller wants and the transport can. Nothing is upgraded here.

import type { TransportConnection } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import type { ServerView } from "@myelin/server-pool";
import { ConnectionError, TlsMismatchError } from "../errors.js";
import type { ResolvedOptions } from "../resolved-options.js";

/** Whether the byte stream stays as it is, how it is upgraded, or why neither will do. */
export function encryption(
  { tlsMode, noEcho }: Pick<ResolvedOptions, "tlsMode" | "noEcho">,
  { href, scheme }: ServerView["url"],
  connection: TransportConnection,
  info: ServerInfo,
): "as it is" | (() => Promise<void>) | Error {
  const wanted = tlsMode === "require" || scheme === "tls" || scheme === "wss";
  // A WebSocket is encrypted or not before the first byte, whatever a server behind a proxy says of itself.
  const webSocket = scheme === "ws" || scheme === "wss";
  if (noEcho && info.proto < 1) {
    return new ConnectionError(`${href} is too old for noEcho (protocol ${info.proto}); leave noEcho out`);
  }
  if (connection.encrypted || !(wanted || (info.tls_required === true && !webSocket))) return "as it is";
  if (webSocket) return new TlsMismatchError(`${href} is not encrypted, but TLS is required; use wss://`);
  if (tlsMode === "never") {
    return new TlsMismatchError(`${href} requires TLS, but the tls option forbids it; remove tls: null`);
  }
  if (info.tls_required !== true && info.tls_available !== true) {
    return new TlsMismatchError(`${href} does not offer TLS, but it is required; use nats:// or configure the server`);
  }
  return connection.startTls?.bind(connection) ?? new TlsMismatchError(`the transport of ${href} has no TLS upgrade`);
}
