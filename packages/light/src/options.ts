// What may be asked of a connection: a part of the options of @myelin/client, with the same names, meanings and defaults. All of
// them are checked before anything happens. Durations are milliseconds.

import { type Authenticator, InvalidArgumentError, type Transport } from "@myelin/contracts";
import { isSubject } from "./subject.js";

/** Options of `connect()`. Everything is optional; the object is read once, never kept and never changed. */
export interface LightOptions {
  /** URLs as an array, one string, or a comma-separated string. Default `127.0.0.1`; empty is an error. */
  readonly servers?: string | readonly string[] | undefined;
  /** Name of the connection, shown by the server's monitoring. */
  readonly name?: string | undefined;
  /** Transports beside WebSocket; one that has the scheme of an earlier one replaces it for that scheme. */
  readonly transports?: readonly Transport[] | undefined;
  /** Bound on one attempt on one server, up to the first PONG. Default 5 000. */
  readonly timeout?: number | undefined;
  /** Ends a pending `connect()` with the signal's reason; no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
  /**
   * `"fail"` (default): every server is tried once. `"retry"`: until one answers, or until a whole round ended and credentials or
   * TLS were refused in it.
   */
  readonly firstConnect?: "fail" | "retry" | undefined;
  /** Same as `firstConnect: "retry"`. */
  readonly waitOnFirstConnect?: boolean | undefined;
  /** Keep the order of the list. Default `false`: random. */
  readonly noRandomize?: boolean | undefined;
  /** Do not learn servers from the cluster. Default `false`. */
  readonly ignoreClusterUpdates?: boolean | undefined;
  /** Reconnect after a lost connection. Default `true`. */
  readonly reconnect?: boolean | undefined;
  /** Failed attempts in a row after which a server leaves the list; -1 = never (default). */
  readonly maxReconnectAttempts?: number | undefined;
  /** Fixed wait between two attempts on one server, in place of exponential backoff with full jitter. */
  readonly reconnectTimeWait?: number | undefined;
  /** Upper end of the uniform delay before the first attempt after a loss, and on top of `reconnectTimeWait`. Default 100. */
  readonly reconnectJitter?: number | undefined;
  /** The same on top of `reconnectTimeWait` where a URL asks for TLS. Default 1 000. */
  readonly reconnectJitterTLS?: number | undefined;
  /** Bounds on publishes kept during an outage; past them `publish` throws. Default 8 MiB, any number of messages. */
  readonly reconnectBuffer?:
    | { readonly messages?: number | undefined; readonly bytes?: number | undefined }
    | undefined;
  /** Bytes queued for the socket past which `publish` throws. Default 1 GiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** Silence after which the client pings. Default 20 000. */
  readonly pingInterval?: number | undefined;
  /** Unanswered pings before the link counts as stale. Default 2. */
  readonly maxPingOut?: number | undefined;
  /** User name for every server; it beats that of a URL. */
  readonly user?: string | undefined;
  /** Password of `user`. Shown nowhere. */
  readonly pass?: string | undefined;
  /** Token for every server, in place of `user` and `pass`. Shown nowhere. */
  readonly token?: string | undefined;
  /** Called once for every attempt; may be async. */
  readonly authenticator?: Authenticator | undefined;
  /** Do not deliver our own messages to our own subscriptions. Default `false`. */
  readonly noEcho?: boolean | undefined;
  /** Subject prefix of inboxes. Default `_INBOX`. */
  readonly inboxPrefix?: string | undefined;
  /** Bounds on messages a subscription holds for its consumer. Default 524 288 messages, 64 MiB. */
  readonly pending?: PendingLimits | undefined;
}

/** Bounds on what waits for one subscription's consumer. */
export interface PendingLimits {
  /** Messages; -1 = no bound. */
  readonly messages?: number | undefined;
  /** Header and payload bytes; -1 = no bound. */
  readonly bytes?: number | undefined;
  /** Past the bounds the newest message is dropped and counted. */
  readonly overflow?: "drop-new" | undefined;
}

/** Bounds, complete. */
export interface Limits {
  readonly messages: number;
  readonly bytes: number;
}

type Complete =
  | "timeout"
  | "reconnect"
  | "maxReconnectAttempts"
  | "reconnectJitter"
  | "reconnectJitterTLS"
  | "maxBufferedBytes"
  | "pingInterval"
  | "maxPingOut"
  | "inboxPrefix";

/** {@link LightOptions}, checked and complete. */
export interface ResolvedOptions extends Omit<LightOptions, Complete | "pending" | "reconnectBuffer"> {
  readonly timeout: number;
  readonly reconnect: boolean;
  readonly maxReconnectAttempts: number;
  readonly reconnectJitter: number;
  /** On top of `reconnectTimeWait`. */
  readonly jitter: number;
  readonly maxBufferedBytes: number;
  readonly pingInterval: number;
  readonly maxPingOut: number;
  readonly inboxPrefix: string;
  readonly retries: boolean;
  readonly reconnectBuffer: Limits;
  readonly pending: Limits;
}

/** Defaults of everything that has one. */
export const defaults: {
  readonly timeout: number;
  readonly firstConnect: "fail";
  readonly reconnect: boolean;
  readonly maxReconnectAttempts: number;
  readonly reconnectJitter: number;
  readonly reconnectJitterTLS: number;
  readonly reconnectBufferSize: number;
  readonly maxBufferedBytes: number;
  readonly pingInterval: number;
  readonly maxPingOut: number;
  readonly inboxPrefix: string;
  readonly pending: { readonly messages: number; readonly bytes: number; readonly overflow: "drop-new" };
  readonly drainTimeout: number;
} = Object.freeze({
  timeout: 5_000,
  firstConnect: "fail",
  reconnect: true,
  maxReconnectAttempts: -1,
  reconnectJitter: 100,
  reconnectJitterTLS: 1_000,
  reconnectBufferSize: 8 * 1024 * 1024,
  maxBufferedBytes: 1024 * 1024 * 1024,
  pingInterval: 20_000,
  maxPingOut: 2,
  inboxPrefix: "_INBOX",
  pending: Object.freeze({ messages: 524_288, bytes: 64 * 1024 * 1024, overflow: "drop-new" }),
  drainTimeout: 30_000,
} as const);

/** Whether a value may be given. */
type Kind = (value: unknown) => boolean;

/** Kinds by name. */
export type Kinds = { readonly [name: string]: Kind };

const of =
  (type: string): Kind =>
  (value) =>
    typeof value === type;
const oneOf =
  (...all: readonly unknown[]): Kind =>
  (value) =>
    all.includes(value);
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const text = of("string");
const flag = of("boolean");
/** A function. */
export const callable: Kind = of("function");
/** A number of milliseconds. */
export const nonNegative: Kind = (value) => Number.isFinite(value) && (value as number) >= 0;
/** A positive number of milliseconds. */
export const positive: Kind = (value) => value !== 0 && nonNegative(value);
/** A whole number. */
export const whole =
  (least: number): Kind =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least;
/** An AbortSignal. */
export const aborting: Kind = (value) => isObject(value) && "aborted" in value && "addEventListener" in value;
/** Anything, because it is judged where it is used. */
export const ANY: Kind = () => true;

const OPTIONS: { readonly [name in keyof Required<LightOptions>]: Kind } = {
  servers: (value) => text(value) || (Array.isArray(value) && value.every(text)),
  name: text,
  transports: (value) => Array.isArray(value) && value.every((one) => one?.connect && one.schemes?.length > 0),
  timeout: positive,
  signal: aborting,
  firstConnect: oneOf("fail", "retry"),
  waitOnFirstConnect: flag,
  noRandomize: flag,
  ignoreClusterUpdates: flag,
  reconnect: flag,
  maxReconnectAttempts: whole(-1),
  reconnectTimeWait: nonNegative,
  reconnectJitter: nonNegative,
  reconnectJitterTLS: nonNegative,
  reconnectBuffer: isObject,
  maxBufferedBytes: whole(1),
  pingInterval: positive,
  maxPingOut: whole(1),
  user: text,
  pass: text,
  token: text,
  authenticator: callable,
  noEcho: flag,
  inboxPrefix: (value) => isSubject(value, "reply"),
  pending: isObject,
};

/**
 * A copy of what was given without what is undefined, each value of its kind.
 *
 * @throws InvalidArgumentError naming the first name that is unknown, or whose value is of another kind
 */
export function checked<T extends object>(given: T, kinds: Kinds, prefix = ""): T {
  if (!isObject(given)) throw new InvalidArgumentError("options", "must be an object");
  const copy = {} as T;
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      throw new InvalidArgumentError(prefix + name, 'is no option here; the full client, "myelin", has more');
    }
    if (value === undefined) continue;
    if (!kind(value)) throw new InvalidArgumentError(prefix + name, `cannot be such a ${typeof value}; see README`);
    copy[name as keyof T] = value;
  }
  return copy;
}

/** The limits of `pending`, checked, and completed by `fallback`. */
export function pendingOf(fallback: Limits, given: PendingLimits = {}): Limits {
  const kinds = { messages: whole(-1), bytes: whole(-1), overflow: oneOf("drop-new") };
  const { bytes = fallback.bytes, messages = fallback.messages } = checked(given, kinds, "pending.");
  const limit = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value);
  return { bytes: limit(bytes), messages: limit(messages) };
}

/**
 * Checks and completes options.
 *
 * @throws InvalidArgumentError naming the first option that is unknown, of the wrong kind or out of range
 */
export function resolveOptions(given: LightOptions): ResolvedOptions {
  const options = checked(given, OPTIONS);
  const { pass, token, user } = options;
  if (token !== undefined && (user ?? pass) !== undefined) {
    throw new InvalidArgumentError("token", "excludes user and pass");
  }
  if (pass !== undefined && user === undefined) throw new InvalidArgumentError("user", "is missing beside pass");
  const complete = { ...defaults, ...options } as typeof defaults & LightOptions;
  const { bytes = defaults.reconnectBufferSize, messages = Number.POSITIVE_INFINITY } = checked(
    options.reconnectBuffer ?? {},
    { bytes: whole(0), messages: whole(0) },
    "reconnectBuffer.",
  );
  const encrypted = /(^|,)\s*(tls|wss):/i.test([options.servers ?? ""].flat().join());
  return {
    ...complete,
    jitter: encrypted ? complete.reconnectJitterTLS : complete.reconnectJitter,
    retries: (options.firstConnect ?? (options.waitOnFirstConnect ? "retry" : "fail")) === "retry",
    reconnectBuffer: { bytes, messages },
    pending: pendingOf(defaults.pending, options.pending),
  };
}
