// What our CONNECT says to a server. Made anew for each attempt, and kept nowhere, for it holds the credentials.

import type { Auth } from "@myelin/contracts";
import type { ConnectOptions, ServerInfo } from "@myelin/protocol";
import type { ClientIdentity, HandshakeOptions } from "./handshake.js";

/** The fields of CONNECT, for a server with this INFO. */
export function connectOptions(
  options: HandshakeOptions,
  identity: ClientIdentity,
  info: ServerInfo,
  encrypted: boolean,
  auth: Auth,
): ConnectOptions {
  const headers = info.headers === true;
  return {
    verbose: options.verbose,
    pedantic: options.pedantic,
    tls_required: encrypted,
    lang: identity.lang,
    version: identity.version,
    protocol: 1,
    headers,
    no_responders: headers,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.noEcho ? { echo: false } : {}),
    ...auth,
  };
}
