// What a transport is told of a dial: the server's address and name, and what of the options is the transport's business.

import type { DialTarget } from "@myelin/contracts";
import type { ServerView } from "@myelin/server-pool";
import type { ResolvedOptions } from "../resolved-options.js";
import type { Incoming } from "./incoming.js";

/** @param incoming told how far the transport has come */
export function dialTarget(
  server: ServerView,
  options: Pick<ResolvedOptions, "tls" | "randomize" | "resolve">,
  incoming: Pick<Incoming, "reached">,
): DialTarget {
  const { url } = server;
  // What a function answers is read by the transport, which asks it.
  const tls = typeof options.tls === "function" ? undefined : options.tls;
  return {
    url: url.href,
    scheme: url.scheme,
    hostname: url.hostname,
    port: url.port,
    path: url.path,
    serverName: tls?.servername ?? server.serverName,
    tls: options.tls,
    handshakeFirst: tls?.handshakeFirst === true,
    shuffleAddresses: options.randomize,
    reached: (phase) => incoming.reached(phase),
    resolveName: options.resolve,
  };
}
