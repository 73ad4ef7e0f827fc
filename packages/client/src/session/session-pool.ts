// The pool of a connection: which of its options are the pool's, and under which names. And which of what a server tells is for it.

import type { Random } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import { ServerPool, type ServerView } from "@myelin/server-pool";
import { serverSelectorOf } from "../compatibility/server.js";
import type { ResolvedOptions } from "../resolved-options.js";

/**
 * @param latestInfo what the caller's `reconnectToServer` is told
 * @throws InvalidArgumentError for a server nothing can dial
 */
export function poolOf(
  options: ResolvedOptions,
  schemes: readonly string[],
  random: Random,
  latestInfo: () => ServerInfo | undefined,
): ServerPool {
  return new ServerPool(
    {
      servers: options.servers,
      awaitsSeeds: options.resolveServers !== undefined,
      schemes,
      randomize: options.randomize && options.resolveServers?.ordered !== true,
      gossip: options.gossip,
      maxAttempts: options.maxReconnectAttempts,
      backoff: options.backoff,
      firstAttemptJitter: options.firstAttemptJitter,
      strategy: options.strategy,
      selectServer: serverSelectorOf(options.reconnectToServer, latestInfo),
      abortOnRepeatedAuthError: options.abortOnRepeatedAuthError,
      rebalance: options.rebalance,
    },
    random,
  );
}

/** The other servers this one tells of, as they are reached the way it was. */
export function advertisedBy({ url }: ServerView, info: ServerInfo): readonly string[] | undefined {
  const overWebSocket = url.scheme === "ws" || url.scheme === "wss";
  // To a WebSocket client a server tells its websocket listeners under the name connect_urls, unless it tells both lists.
  return overWebSocket ? (info.ws_connect_urls ?? info.connect_urls) : info.connect_urls;
}
