// The one list of connection options, with the kind of value each of them takes. Judges kinds only: ranges, contradictions and
// defaults are resolved-options.ts. A value is never shown, for it may be a secret.

import { InvalidArgumentError, type TlsOptions } from "@myelin/contracts";
import { suggestion } from "./argument-checks.js";
import type { ConnectionOptions, PendingLimits } from "./connection-options.js";

interface Kind {
  /** Completes "must be …". */
  readonly rule: string;
  takes(value: unknown): boolean;
}

type Kinds<Options> = { readonly [name in keyof Required<Options>]: Kind };

const isText = (value: unknown): value is string => typeof value === "string";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isPem = (value: unknown): boolean => isText(value) || value instanceof Uint8Array;
const has = (value: unknown, ...methods: readonly string[]): value is Record<string, unknown> =>
  isObject(value) && methods.every((name) => isFunction(value[name]));

const text: Kind = { rule: "a string", takes: isText };
const number: Kind = { rule: "a number", takes: (value) => typeof value === "number" };
const flag: Kind = { rule: "true or false", takes: (value) => typeof value === "boolean" };
const handler: Kind = { rule: "a function", takes: isFunction };
const pem: Kind = {
  rule: "PEM as a string or bytes, or a function that answers it",
  takes: (value) => isPem(value) || isFunction(value),
};

const OPTIONS: Kinds<ConnectionOptions> = {
  servers: {
    rule: "a URL, a list of them with commas, or an array",
    takes: (value) => isText(value) || Array.isArray(value),
  },
  resolveServers: handler,
  port: number,
  name: text,
  transports: {
    rule: "an array of transports, each with its schemes and a function connect",
    takes: (value) => Array.isArray(value) && value.every(isTransport),
  },
  timeout: number,
  deadline: number,
  signal: {
    rule: "an AbortSignal",
    takes: (value) => has(value, "addEventListener", "removeEventListener") && typeof value["aborted"] === "boolean",
  },
  firstConnect: text,
  firstConnectRefused: text,
  waitOnFirstConnect: flag,
  noRandomize: flag,
  rebalance: {
    rule: "true, false or an object, such as { interval: 60_000 }",
    takes: (value) => typeof value === "boolean" || isObject(value),
  },
  strategy: { rule: "a strategy, an object with a function rank", takes: (value) => has(value, "rank") },
  reconnectToServer: handler,
  resolve: flag,
  dialPlan: {
    rule: '"one-by-one", "race" or an object, such as { atOnce: 3 }',
    takes: (value) => isText(value) || isObject(value),
  },
  lameDuck: text,
  refreshBefore: number,
  gossip: { rule: '"all", "ignore" or a function', takes: (value) => isText(value) || isFunction(value) },
  ignoreClusterUpdates: flag,
  reconnect: flag,
  maxReconnectAttempts: number,
  reconnectTimeWait: number,
  reconnectJitter: number,
  reconnectJitterTLS: number,
  reconnectDelayHandler: handler,
  ignoreAuthErrorAbort: flag,
  whileDisconnected: text,
  reconnectBufferSize: number,
  reconnectBuffer: { rule: "an object, such as { messages: 10_000 }", takes: isObject },
  maxBufferedBytes: number,
  pingInterval: number,
  maxPingOut: number,
  user: text,
  pass: text,
  token: text,
  authenticator: {
    rule: "a function, or an array of functions",
    takes: (value) => isFunction(value) || (Array.isArray(value) && value.every(isFunction)),
  },
  tls: {
    rule: "an object, a function that answers one, true, false or null",
    takes: (value) => value === null || typeof value === "boolean" || isFunction(value) || isObject(value),
  },
  noEcho: flag,
  verbose: flag,
  pedantic: flag,
  noAsyncTraces: flag,
  publishTraces: flag,
  debug: flag,
  log: { rule: "what logTo() makes, as in log: logTo(yourFunction)", takes: (value) => has(value, "open") },
  inboxPrefix: text,
  pending: { rule: "an object, such as { messages: 1000 }", takes: isObject },
  drainTimeout: number,
};

const TLS: Kinds<TlsOptions> = {
  ca: {
    rule: "PEM as a string or bytes, an array of them, or a function that answers them",
    takes: (value) => isFunction(value) || [value].flat().every(isPem),
  },
  cert: pem,
  key: pem,
  caFile: text,
  certFile: text,
  keyFile: text,
  passphrase: text,
  servername: text,
  rejectUnauthorized: flag,
  handshakeFirst: flag,
};

const PENDING: Kinds<PendingLimits> = { messages: number, bytes: number, overflow: text };

/**
 * Checks names and kinds of everything `connect()` is given.
 *
 * @throws InvalidArgumentError naming the first option that is unknown or of the wrong kind, and what would be right
 */
export function checkKinds(options: ConnectionOptions): void {
  if (!isObject(options)) throw new InvalidArgumentError("options", "must be an object, such as { servers: ... }");
  refuseUnknown(options, OPTIONS, "connect()", "");
  judge(options, OPTIONS, "");
  // Fields of `tls` there is no kind for are the transport's own.
  const { tls } = options as ConnectionOptions;
  if (typeof tls === "object" && tls !== null) judge(tls, TLS, "tls.");
}

/** The same for the bounds of a subscription. */
export function checkPendingKinds(limits: PendingLimits): void {
  if (!isObject(limits)) throw wrong("pending", OPTIONS.pending, limits);
  refuseUnknown(limits, PENDING, "pending", "pending.");
  judge(limits, PENDING, "pending.");
}

/** Throws InvalidArgumentError for the first name that is not among `kinds`. */
export function refuseUnknown(given: object, kinds: object, where: string, prefix: string): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(kinds, name)) continue;
    const problem = `is not an option of ${where}${suggestion(name, Object.keys(kinds))}`;
    throw new InvalidArgumentError(prefix + name, problem);
  }
}

function judge<Options extends object>(given: Options, kinds: Kinds<Options>, prefix: string): void {
  // Plainly all names there are. A plain object has its own alone, and to look for the others took 40 µs of each connect.
  const isPlain = Object.getPrototypeOf(given) === Object.prototype;
  for (const name of Object.getOwnPropertyNames(isPlain ? given : kinds) as (keyof Options & string)[]) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    const value: unknown = kind && given[name];
    if (value !== undefined && kind?.takes(value) === false) throw wrong(prefix + name, kind, value);
  }
}

function wrong(name: string, { rule }: Kind, value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(name, `must be ${rule}, not ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "such an array";
  if (typeof value === "object") return "such an object";
  return `a ${typeof value}`;
}

function isTransport(value: unknown): boolean {
  if (!has(value, "connect")) return false;
  const { schemes } = value as { schemes?: unknown };
  return Array.isArray(schemes) && schemes.length > 0 && schemes.every(isText);
}
