// What a transport is: one reliable, ordered byte stream to one address. A transport knows its runtime's sockets, TLS and
// name resolution; it knows nothing of NATS bytes, of other servers, or of when and why it is asked to dial.

import type { TransportError } from "./errors.js";

/**
 * Asked at every dial, so that material that is replaced meanwhile is used without a restart; may be async. It fails that dial
 * only when it throws, rejects or answers something unusable, with a {@link TlsMaterialError}. The signal aborts with the
 * attempt, whose `timeout` the answer counts against.
 */
export type PerDial<T> = (signal: AbortSignal) => T | Promise<T>;

/**
 * TLS material and policy, in the words of `node:tls`. Passed through untouched; a transport documents what it honours.
 *
 * Files and functions are read at every dial. Where what they then give cannot be used (a file that is missing or half
 * written, a key that is not the certificate's), what was usable at an earlier dial with these options is used again, CA for
 * itself and certificate with key together, and the sink is told by `warning`. Where nothing was yet, the dial fails.
 * A function that throws fails the dial in any case.
 */
export interface TlsOptions {
  /** Certificate authorities to trust, PEM. Default: those of the runtime. */
  readonly ca?: PemSource | readonly PemSource[] | PerDial<PemSource | readonly PemSource[]> | undefined;
  /** Client certificate chain, PEM, the own certificate first. Needs a key. */
  readonly cert?: PemSource | PerDial<PemSource> | undefined;
  /** Private key of the client certificate, PEM. */
  readonly key?: PemSource | PerDial<PemSource> | undefined;
  /** Paths read again at every dial; each excludes its counterpart above. Only where the runtime has files. */
  readonly caFile?: string | undefined;
  /** Path of the client certificate chain; excludes `cert`. */
  readonly certFile?: string | undefined;
  /** Path of its private key; excludes `key`. */
  readonly keyFile?: string | undefined;
  /** Passphrase of the private key. */
  readonly passphrase?: string | undefined;
  /** Name to verify and to send as SNI instead of the URL's host. */
  readonly servername?: string | undefined;
  /** Verify the server's certificate and name. Default `true`; `false` is for tests only. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Encrypt before the server's first byte (`handshake_first`, server 2.10.4 or newer). Default `false`. */
  readonly handshakeFirst?: boolean | undefined;
}

/** PEM as text or as its bytes; several certificates may stand in one. */
export type PemSource = string | Uint8Array;

/** One address to dial. All strings are plain: no brackets, no percent-encoding, no credentials. */
export interface DialTarget {
  /** The URL without credentials and without the values of its query, for messages. */
  readonly url: string;
  /** Lower-case scheme without the colon; always one of the transport's own. */
  readonly scheme: string;
  /** Host name or IP address without brackets; empty for a unix socket. */
  readonly hostname: string;
  /** 1–65535; 0 for a unix socket. */
  readonly port: number;
  /** Path and query as written in the URL, so perhaps with a secret, for dialling only (`/ws?x=1`, `/run/nats.sock`), or empty. */
  readonly path: string;
  /** Name to verify the certificate against and to send as SNI; survives an advertised IP address. */
  readonly serverName: string;
  /**
   * TLS material for `startTls` and for `handshakeFirst`; `undefined` = the runtime's defaults. The transport alone asks the
   * functions, once for each dial and before it opens a socket: no server then waits for the answer. One connection gives the
   * same object or function at every dial: by that a transport knows which material was usable before.
   */
  readonly tls: TlsOptions | PerDial<TlsOptions> | undefined;
  /** Finish a TLS handshake before `connect` resolves; so does `handshakeFirst` of what a `tls` function answers. */
  readonly handshakeFirst: boolean;
  /** Shuffle the addresses a name resolves to (ADR-11); `false` keeps the resolver's order. */
  readonly shuffleAddresses: boolean;
  /** A transport with several steps calls it as it enters each, so that a time-out can say in which. Does not throw. */
  readonly reached?: ((phase: "dns" | "tcp" | "tls") => void) | undefined;
  /** `false` = give the name to the runtime's connect as it is, instead of resolving it and trying its addresses. Default `true`. */
  readonly resolveName?: boolean | undefined;
}

/**
 * Opens byte streams for one or more URL schemes. One object may serve many connections. Between dials it keeps nothing but
 * the TLS material that was usable last, for each `tls` it was given, and only as long as that lives.
 */
export interface Transport {
  /** Lower-case schemes without the colon: `["nats", "tls"]`, `["ws", "wss"]`, `["unix"]`. */
  readonly schemes: readonly string[];

  /**
   * Opens one byte stream. Rejects with a {@link TransportError}, or with `signal.reason` once the signal aborts, and then
   * leaves no socket, timer or listener behind and calls nothing of the sink but `warning`. The signal has no effect after
   * the promise settled. `sink.data` may be called before the promise's reactions run.
   */
  connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<TransportConnection>;
}

/** Where a transport delivers. Its methods do not throw. */
export interface TransportSink {
  /** Bytes in the order they arrived. The chunk belongs to the sink: the transport never reads or writes it again. */
  data(chunk: Uint8Array): void;
  /**
   * Memory of the sink that the next bytes had best be read to, in place of the transport's own: the rest of a large message is then not
   * copied. `undefined`, or absent, = the sink does not mind. A sink that keeps chunks for later has no such memory.
   *
   * A transport may leave it alone. One that can choose where it reads to may ask before a read, when everything it read before has been
   * delivered. It then writes to the beginning of this memory, at most all of it, and gives that very part, no copy of it, to {@link data}
   * before anything else. The answer holds until then, or until it is asked again.
   */
  room?(): Uint8Array | undefined;
  /** After `write` returned `false`: the bytes are gone, write on. */
  drain(): void;
  /**
   * Something is wrong that did not end the dial: earlier TLS material had to be used once more. While `connect` is pending, any
   * number of times.
   */
  warning?(error: TransportError): void;
  /** Exactly once, and last. `undefined` = the peer ended the stream in order, or we closed or destroyed it ourselves. */
  closed(error: TransportError | undefined): void;
}

/** An open byte stream. Every method may be called in any order and after the end, then without effect. */
export interface TransportConnection {
  /** True once a TLS handshake has completed. */
  readonly encrypted: boolean;
  /**
   * When our own certificate ends, by which the peer may know us on this stream, in milliseconds since the Unix epoch: the earliest
   * end in the chain that was given. `undefined` = the stream is not encrypted, there is none, or the transport cannot tell.
   */
  readonly certificateExpiresAt?: number | undefined;
  /** Address of the peer as dialled (`192.0.2.7:4222`, a path), for messages and snapshots. */
  readonly remoteAddress: string;
  /** Bytes accepted by `write` and not yet handed to the operating system. */
  readonly bufferedBytes: number;
  /**
   * Takes ownership of the chunk. `false` = more than enough is queued: wait for `sink.drain`; after the end always `false`,
   * with no drain to come. Never throws.
   */
  write(chunk: Uint8Array): boolean;
  /**
   * True when no chunk given to `write` so far is in use any more: the client then writes to the same memory again. Absent, or
   * `undefined`, where that is not known.
   */
  readonly released?: boolean | undefined;
  /** Inbound back-pressure: no `sink.data` until `resume`. */
  pause(): void;
  /** Ends `pause`: what waited is delivered, in order. */
  resume(): void;
  /**
   * Upgrades to TLS with the target's material. Must be called from within `sink.data`, or before any data arrived, so
   * that no plaintext crosses into the encrypted session; nothing is written until it resolves. Rejects with a
   * {@link TransportError} of phase `"tls"`, and the connection is then destroyed. Absent where the runtime has no upgrade.
   */
  startTls?(): Promise<void>;
  /**
   * Flushes what was written, then ends the stream; what still arrives is dropped. Resolves when the sink has been told
   * `closed`; never rejects. A peer that does not read makes it wait: the caller bounds it with `destroy`.
   */
  close(): Promise<void>;
  /** Ends the stream now, dropping what is queued; the sink is told `closed` with this error, or with `undefined`. */
  destroy(error?: TransportError): void;
}
