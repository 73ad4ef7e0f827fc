// The error base of every Myelin package, and the two errors that more than one package throws.
// An error of one layer only lives in that layer. Nothing here formats, logs or recovers.

import type { HistoryEntry } from "./history.js";

// Survives two copies of the package in one process, where `instanceof` does not.
const BRAND = Symbol.for("myelin.NatsError");

/**
 * Base of every error Myelin throws, rejects with or reports.
 *
 * Branch on `code` (stable, documented, closed per class) or on the class; never on `message`, which is a sentence for
 * people: what happened, where, and what to try. No error ever holds a secret (password, token, seed, JWT, signature).
 */
export abstract class NatsError extends Error {
  /** Stable machine-readable name of the failure, for example `"CONNECTION_REFUSED"`. */
  abstract readonly code: string;
  /** Subject of the operation that failed, where there is one. */
  declare readonly subject?: string | undefined;
  /** `host:port` of the server the operation was on, where there is one. */
  declare readonly server?: string | undefined;
  /** How long the operation had taken, in milliseconds, where it takes time. */
  declare readonly elapsedMs?: number | undefined;
  /**
   * On an error that ended a connection for good, or kept it from being made: its latest control traffic, 200 entries at most, the oldest
   * first; `error.history?.join("\n")` is text. Not enumerable, so that nothing prints it unasked.
   */
  declare readonly history?: readonly HistoryEntry[] | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** For structured logs: the facts as fields, and the message, which JSON leaves out of an error; neither stack nor cause. */
  toJSON(): object {
    return { ...this, message: this.message };
  }

  static {
    Object.defineProperty(NatsError.prototype, BRAND, { value: true });
  }
}

/** True for every error of any Myelin package, also one of another copy or version of it. */
export function isNatsError(error: unknown): error is NatsError {
  return typeof error === "object" && error !== null && BRAND in error;
}

/**
 * The caller passed something unusable. Thrown (or rejected with) before anything changes and before any byte is sent.
 */
export class InvalidArgumentError extends NatsError {
  readonly code: string = "INVALID_ARGUMENT";

  /**
   * @param argument the name of the option or parameter, as the caller wrote it (`servers`, `subject`, `timeout`)
   * @param problem what is wrong and what would be right, without the value when the value may be a secret
   */
  constructor(
    readonly argument: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`${argument}: ${problem}`, options);
  }
}

/** How far a transport had come: name resolution, the connection itself, TLS, or an established stream. */
export type TransportPhase = "dns" | "tcp" | "tls" | "stream";

/**
 * Closed set; `CONNECT_FAILED` and `STREAM_FAILED` are what no closer name fits. `TLS_FAILED` = both sides were there and do not agree;
 * a handshake that was only cut off is a `CONNECTION_RESET`. `PROXY_REFUSED` = a proxy was there and does not lead to the server. `UPGRADE_REFUSED` = what answered did not
 * become a WebSocket: another HTTP status, or no HTTP at all.
 */
export type TransportErrorCode =
  | "DNS_FAILED"
  | "CONNECTION_REFUSED"
  | "CONNECTION_RESET"
  | "HOST_UNREACHABLE"
  | "CONNECT_FAILED"
  | "TLS_FAILED"
  | "TLS_CERTIFICATE_REJECTED"
  | "TLS_MATERIAL_UNUSABLE"
  | "PROXY_REFUSED"
  | "UPGRADE_REFUSED"
  | "UNSUPPORTED_TARGET"
  | "STREAM_FAILED";

/**
 * A transport could not open a byte stream, or an open one broke. `cause` is the runtime's own error. A transport never
 * reports a time-out itself: the caller's `AbortSignal` bounds it.
 */
export class TransportError extends NatsError {
  /**
   * @param code see {@link TransportErrorCode}
   * @param phase how far the transport had come
   * @param message one sentence naming the address
   * @param address what was dialled, `host:port` or a path, as far as it was known
   */
  constructor(
    readonly code: TransportErrorCode,
    readonly phase: TransportPhase,
    message: string,
    readonly address: string | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Which option of `tls`, or `"tls"` itself when it is a function. */
export type TlsSource =
  | "tls"
  | "tls.ca"
  | "tls.cert"
  | "tls.key"
  | "tls.caFile"
  | "tls.certFile"
  | "tls.keyFile"
  | "tls.passphrase";

/**
 * Our own TLS material cannot be used: a file cannot be read, a function failed, a PEM is broken, or the key is not the
 * certificate's. Ends the dial, or is told by `warning` when earlier material could be used instead. Never holds any of the
 * material; `cause` is what the file system, the function or OpenSSL said.
 */
export class TlsMaterialError extends TransportError {
  override readonly code = "TLS_MATERIAL_UNUSABLE";
  /** A function of the caller's failed: asked again, it may answer. Otherwise the material itself is at fault. */
  readonly transient: boolean;

  /**
   * @param sources the options at fault; certificate and key when it is not known which of them
   * @param message one sentence naming the server, the options and the files
   */
  constructor(
    readonly sources: readonly TlsSource[],
    message: string,
    options: ErrorOptions & { readonly transient?: boolean } = {},
  ) {
    super("TLS_MATERIAL_UNUSABLE", "tls", message, undefined, options);
    this.transient = options.transient ?? false;
  }
}
