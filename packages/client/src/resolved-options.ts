// What a connection goes by: the options of its caller, all checked before anything happens, with every default filled in and every alias
// resolved. Which options there are is connection-options.ts, of which kind each must be option-kinds.ts.

import {
  type Authenticator,
  InvalidArgumentError,
  type PerDial,
  type ServerResolver,
  type TlsOptions,
  type Transport,
} from "@myelin/contracts";
import { type Backoff, exponentialBackoff, fixedBackoff, type GossipPolicy, type Strategy } from "@myelin/server-pool";
import { abortSignal, choice, integer, nonNegative, positive } from "./argument-checks.js";
import type { ReconnectToServerHandler } from "./compatibility/server.js";
import type {
  ConnectionOptions,
  DialPlan,
  FirstConnect,
  FirstConnectRefused,
  PendingLimits,
  WhileDisconnected,
} from "./connection-options.js";
import type { LogTarget } from "./log.js";
import { checkInboxPrefix, DEFAULT_INBOX_PREFIX } from "./messaging/inbox.js";
import { OVERFLOWS, type QueueBounds } from "./messaging/message-queue.js";
import { checkKinds, checkPendingKinds } from "./option-kinds.js";
import type { BufferBounds } from "./publishing/outage-buffer.js";
import { watched } from "./user-code.js";

/** {@link ConnectionOptions}, checked and complete. */
export interface ResolvedOptions {
  readonly servers: string | readonly string[] | undefined;
  readonly resolveServers: ServerResolver | undefined;
  readonly name: string | undefined;
  readonly transports: readonly Transport[];
  readonly timeout: number;
  readonly deadline: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly firstConnect: FirstConnect;
  readonly firstConnectRefused: FirstConnectRefused;
  readonly randomize: boolean;
  readonly strategy: Strategy | undefined;
  readonly rebalance: boolean | { readonly interval?: number | undefined };
  readonly reconnectToServer: ReconnectToServerHandler | undefined;
  readonly resolve: boolean;
  readonly gossip: GossipPolicy;
  readonly dialPlan: DialPlan;
  readonly lameDuck: "migrate" | "notify";
  readonly reconnect: boolean;
  readonly maxReconnectAttempts: number;
  readonly backoff: Backoff;
  readonly firstAttemptJitter: number;
  readonly abortOnRepeatedAuthError: boolean;
  readonly whileDisconnected: WhileDisconnected;
  readonly reconnectBuffer: BufferBounds;
  readonly maxBufferedBytes: number;
  readonly pingInterval: number;
  readonly maxPingOut: number;
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
  readonly authenticators: readonly Authenticator[];
  readonly refreshBefore: number;
  readonly tls: TlsOptions | PerDial<TlsOptions> | undefined;
  readonly tlsMode: "require" | "follow" | "never";
  readonly noEcho: boolean;
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly log: LogTarget | undefined;
  readonly asyncTraces: boolean;
  readonly publishTraces: boolean;
  readonly inboxPrefix: string;
  readonly pending: QueueBounds;
  readonly drainTimeout: number;
}

/** Options that have a plain value by default. */
export type ConnectionDefaults = Pick<
  ResolvedOptions,
  | "timeout"
  | "firstConnect"
  | "firstConnectRefused"
  | "lameDuck"
  | "reconnect"
  | "maxReconnectAttempts"
  | "whileDisconnected"
  | "maxBufferedBytes"
  | "pingInterval"
  | "maxPingOut"
  | "refreshBefore"
  | "inboxPrefix"
  | "pending"
  | "drainTimeout"
> & { readonly reconnectJitter: number; readonly reconnectJitterTLS: number; readonly reconnectBufferSize: number };

/** Defaults of everything that has one. */
export const defaults: Readonly<ConnectionDefaults> = Object.freeze({
  timeout: 5_000,
  firstConnect: "fail",
  firstConnectRefused: "reject",
  lameDuck: "migrate",
  reconnect: true,
  maxReconnectAttempts: -1,
  reconnectJitter: 100,
  reconnectJitterTLS: 1_000,
  whileDisconnected: "buffer",
  reconnectBufferSize: 8 * 1024 * 1024,
  maxBufferedBytes: 1024 * 1024 * 1024,
  pingInterval: 20_000,
  maxPingOut: 2,
  refreshBefore: 60_000,
  inboxPrefix: DEFAULT_INBOX_PREFIX,
  pending: Object.freeze({ messages: 524_288, bytes: 64 * 1024 * 1024, overflow: "drop-new" }),
  drainTimeout: 30_000,
} as const);

/**
 * Checks and completes options.
 *
 * @throws InvalidArgumentError naming the first option that is unknown, of the wrong kind or out of range
 */
export function resolveOptions(options: ConnectionOptions): ResolvedOptions {
  checkKinds(options);
  if (options.servers !== undefined && options.port !== undefined) {
    throw new InvalidArgumentError("port", "excludes servers; put the port into the URL");
  }
  if (options.token !== undefined && (options.user !== undefined || options.pass !== undefined)) {
    throw new InvalidArgumentError("token", "excludes user and pass; give one kind of credentials");
  }
  if (options.pass !== undefined && options.user === undefined) {
    throw new InvalidArgumentError("user", "is missing beside pass");
  }
  if (options.ignoreClusterUpdates === true && options.gossip !== undefined && options.gossip !== "ignore") {
    throw new InvalidArgumentError("ignoreClusterUpdates", "contradicts gossip; give one of them");
  }
  const inboxPrefix = options.inboxPrefix ?? defaults.inboxPrefix;
  checkInboxPrefix(inboxPrefix);
  const { authenticator } = options;
  return {
    servers:
      options.port === undefined ? options.servers : `127.0.0.1:${integer("port", options.port, 4222, 1, 65_535)}`,
    resolveServers: options.resolveServers,
    name: options.name,
    transports: options.transports ?? [],
    timeout: positive("timeout", options.timeout, defaults.timeout),
    deadline: options.deadline === undefined ? undefined : positive("deadline", options.deadline, 0),
    signal: abortSignal("signal", options.signal),
    firstConnect: choice(
      "firstConnect",
      options.firstConnect ?? (options.waitOnFirstConnect === true ? "retry" : undefined),
      defaults.firstConnect,
      ["fail", "retry", "background"],
    ),
    firstConnectRefused: choice("firstConnectRefused", options.firstConnectRefused, defaults.firstConnectRefused, [
      "reject",
      "retry",
    ]),
    randomize: options.noRandomize !== true,
    strategy: options.strategy,
    rebalance: options.rebalance ?? false,
    reconnectToServer: options.reconnectToServer,
    resolve: options.resolve !== false,
    gossip: options.gossip ?? (options.ignoreClusterUpdates === true ? "ignore" : "all"),
    dialPlan: dialPlanOf(options.dialPlan),
    lameDuck: choice("lameDuck", options.lameDuck, defaults.lameDuck, ["migrate", "notify"]),
    reconnect: options.reconnect ?? defaults.reconnect,
    maxReconnectAttempts: integer(
      "maxReconnectAttempts",
      options.maxReconnectAttempts,
      defaults.maxReconnectAttempts,
      -1,
    ),
    backoff: backoffOf(options),
    firstAttemptJitter: nonNegative("reconnectJitter", options.reconnectJitter, defaults.reconnectJitter),
    abortOnRepeatedAuthError: options.ignoreAuthErrorAbort === false,
    whileDisconnected: whileDisconnectedOf(options.whileDisconnected ?? defaults.whileDisconnected),
    reconnectBuffer: reconnectBufferOf(options),
    maxBufferedBytes: integer("maxBufferedBytes", options.maxBufferedBytes, defaults.maxBufferedBytes, 1),
    pingInterval: positive("pingInterval", options.pingInterval, defaults.pingInterval),
    maxPingOut: integer("maxPingOut", options.maxPingOut, defaults.maxPingOut, 1),
    user: options.user,
    pass: options.pass,
    token: options.token,
    authenticators:
      authenticator === undefined
        ? []
        : Array.isArray(authenticator)
          ? [...authenticator]
          : [authenticator as Authenticator],
    refreshBefore: integer("refreshBefore", options.refreshBefore, defaults.refreshBefore, -1),
    tls: tlsOf(options.tls),
    tlsMode: options.tls === undefined ? "follow" : options.tls === null || options.tls === false ? "never" : "require",
    noEcho: options.noEcho ?? false,
    verbose: options.verbose ?? false,
    pedantic: options.pedantic ?? false,
    log: options.log,
    asyncTraces: options.noAsyncTraces !== true,
    publishTraces: options.publishTraces ?? false,
    inboxPrefix,
    pending: pendingBounds(options.pending, defaults.pending),
    drainTimeout: positive("drainTimeout", options.drainTimeout, defaults.drainTimeout),
  };
}

function reconnectBufferOf({ reconnectBuffer, reconnectBufferSize }: ConnectionOptions): BufferBounds {
  if (reconnectBuffer !== undefined && reconnectBufferSize !== undefined) {
    throw new InvalidArgumentError("reconnectBufferSize", "excludes reconnectBuffer; give its bytes there");
  }
  const { bytes, messages, overflow } = reconnectBuffer ?? {};
  return {
    bytes:
      reconnectBufferSize === undefined
        ? integer("reconnectBuffer.bytes", bytes, defaults.reconnectBufferSize, 0)
        : Math.max(0, integer("reconnectBufferSize", reconnectBufferSize, 0, -1)),
    messages: messages === undefined ? Number.POSITIVE_INFINITY : integer("reconnectBuffer.messages", messages, 0, 0),
    overflow: choice("reconnectBuffer.overflow", overflow, "error", ["error", "drop-old"]),
  };
}

/** The limits, checked, and completed by `fallback`. */
export function pendingBounds(limits: PendingLimits | undefined, fallback: QueueBounds): QueueBounds {
  if (limits === undefined) return fallback;
  checkPendingKinds(limits);
  return {
    messages: integer("pending.messages", limits.messages, fallback.messages, -1),
    bytes: integer("pending.bytes", limits.bytes, fallback.bytes, -1),
    overflow: choice("pending.overflow", limits.overflow, fallback.overflow, OVERFLOWS),
  };
}

/** The policy, checked. */
export function whileDisconnectedOf(policy: WhileDisconnected): WhileDisconnected {
  return choice("whileDisconnected", policy, policy, ["buffer", "reject", "drop"]);
}

const ONE_BY_ONE: DialPlan = Object.freeze({ atOnce: 1, stagger: 0 });
const RACE: DialPlan = Object.freeze({ atOnce: 3, stagger: 250 });

function dialPlanOf(plan: ConnectionOptions["dialPlan"]): DialPlan {
  if (typeof plan === "object" && plan !== null) {
    return {
      atOnce: integer("dialPlan.atOnce", plan.atOnce, RACE.atOnce, 1),
      stagger: nonNegative("dialPlan.stagger", plan.stagger, RACE.stagger),
    };
  }
  return choice("dialPlan", plan, "one-by-one", ["one-by-one", "race"]) === "race" ? RACE : ONE_BY_ONE;
}

function backoffOf(options: ConnectionOptions): Backoff {
  const handler = options.reconnectDelayHandler;
  if (handler !== undefined) {
    return {
      delay: () => {
        const wait: unknown = handler();
        // A promise is no time to wait, and that is what is told.
        void watched(wait, () => {});
        return nonNegative("reconnectDelayHandler's result", wait as number, 0);
      },
    };
  }
  if (options.reconnectTimeWait === undefined) return exponentialBackoff();
  const wait = nonNegative("reconnectTimeWait", options.reconnectTimeWait, 0);
  const list = typeof options.servers === "string" ? options.servers : (options.servers ?? []).join();
  const byUrl = /(^|,)\s*(tls|wss):/i.test(list);
  const encrypted = byUrl || options.tls === true || tlsOf(options.tls) !== undefined;
  const jitter = encrypted
    ? nonNegative("reconnectJitterTLS", options.reconnectJitterTLS, defaults.reconnectJitterTLS)
    : nonNegative("reconnectJitter", options.reconnectJitter, defaults.reconnectJitter);
  return fixedBackoff({ wait, jitter });
}

function tlsOf(tls: ConnectionOptions["tls"]): ResolvedOptions["tls"] {
  if (typeof tls === "function") return tls;
  if (typeof tls === "object" && tls !== null && !Array.isArray(tls)) return { ...tls };
  if (tls === undefined || tls === null || typeof tls === "boolean") return undefined;
  throw new InvalidArgumentError("tls", "must be an object, a function that answers one, true, false or null");
}
