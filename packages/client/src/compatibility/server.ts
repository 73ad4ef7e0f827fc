// Servers as @nats-io/nats-core v3 shows them, and its handler that chooses one. What the pool knows beyond that is ServerView of
// @myelin/server-pool.

import type { ServerInfo } from "@myelin/protocol";
import type { ServerSelector, ServerView } from "@myelin/server-pool";
import { addressOf } from "../session/announcements.js";

/** A server of the pool at one moment, with the fields of nats.js. */
export interface Server {
  /** Without brackets; empty for a unix socket. */
  readonly hostname: string;
  /** 0 for a unix socket. */
  readonly port: number;
  /** `host:port`, as `getServer()` and the events have it. */
  readonly listen: string;
  /** The URL, in its canonical form, without credentials and without the values of its query. */
  readonly src: string;
  /** Name a certificate is verified against. */
  readonly tlsName: string;
  /** Failed attempts since the last success. */
  readonly reconnects: number;
  /** When it was connected last, on the connection's clock; 0 = never. */
  readonly lastConnect: number;
  /** Advertised by another server, not configured. */
  readonly gossiped: boolean;
  /** Whether it was ever connected to. */
  readonly didConnect: boolean;
}

/** What `getServers()` shows of a server: the fields of nats.js, and all the pool knows. */
export interface PoolServer extends Server, ServerView {}

/** The latest INFO, a copy that is the handler's own; `client_id` is 0 where the server told none. */
export interface LatestInfo extends ServerInfo {
  readonly client_id: number;
  readonly connect_urls?: string[];
}

/**
 * Called at every attempt, the first ones too, with the servers that may be dialled, the one that is next without it first, and
 * the latest INFO, `null` before any. Answers one of them, `{ server, delay }` to wait `delay` ms first, or nothing for the
 * first one. A server that still waits for its backoff may be named; it is dialled all the same, but not
 * for a move away from a server that leaves. Such a move, and one that was asked for, is an attempt too, but for the delay; one the
 * strategy or `rebalance` wants is not.
 *
 * One that throws, answers a promise or a server it was not given changes nothing: the first one is dialled and an `error`
 * event tells of it. ADR-40.
 */
export type ReconnectToServerHandler = (
  servers: readonly PoolServer[],
  info: LatestInfo | null,
) => Server | { readonly server: Server; readonly delay: number } | null | undefined;

/** The handler as the pool calls it. */
export function serverSelectorOf(
  handler: ReconnectToServerHandler | undefined,
  latestInfo: () => ServerInfo | undefined,
): ServerSelector | undefined {
  if (handler === undefined) return undefined;
  return (servers) => {
    const info = latestInfo();
    return handler(servers.map(poolServerOf), info === undefined ? null : ownCopy(info));
  };
}

function ownCopy({ connect_urls, ...info }: ServerInfo): LatestInfo {
  return { client_id: 0, ...info, ...(connect_urls === undefined ? {} : { connect_urls: [...connect_urls] }) };
}

/** The server as `getServers()` shows it. */
export function poolServerOf(view: ServerView): PoolServer {
  const { consecutiveFailures, everConnected, lastConnectedAt, origin, serverName, url } = view;
  return Object.freeze({
    ...view,
    hostname: url.hostname,
    port: url.port,
    listen: addressOf(view),
    src: url.href,
    tlsName: serverName,
    reconnects: consecutiveFailures,
    lastConnect: lastConnectedAt ?? 0,
    gossiped: origin === "gossip",
    didConnect: everConnected,
  });
}
