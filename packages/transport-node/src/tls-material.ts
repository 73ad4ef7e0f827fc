// From a target's `tls` to what tls.connect takes: asked and read anew for each dial, so that what is rotated is picked up,
// with the last usable material for the moment in which files are half written (P31). Never names a secret in an error.

import { isIP } from "node:net";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import { type DialTarget, TlsMaterialError, type TlsOptions, type TransportSink } from "@myelin/contracts";
import { checkAuthorities, checkIdentity, Identity, PemFault } from "./pem.js";
import { nodeCode } from "./socket-errors.js";
import {
  isGiven,
  labelOf,
  readPart,
  refuseContradictions,
  sourceOf,
  tlsOptionsOf,
  UnusableSource,
} from "./tls-sources.js";

/** Options for `tls.connect`, without a socket. Keys are in its `secureContext` only, where nothing can read them. */
export type TlsMaterial = Readonly<ConnectionOptions>;

/** Whom it is for. */
export type TlsTarget = Pick<DialTarget, "url" | "serverName" | "tls">;

/** The material of one dial. */
export interface LoadedTls {
  readonly material: TlsMaterial;
  /** Shake hands before the server's first byte, by what the options say. */
  readonly handshakeFirst: boolean;
  /** When our certificate ends, in ms since the Unix epoch; `undefined` without one. */
  readonly expiresAt: number | undefined;
}

/** What was usable last. CA and identity are judged apart: a broken key says nothing about whom to trust. */
interface Usable {
  authorities?: readonly string[];
  identity?: Identity;
}

/**
 * Loads the material of each dial of one transport. What it remembers belongs to one `tls` object or function, hence to
 * one connection: the files of one must not decide for another, and a transport may serve many and never learns when one of
 * them ends.
 */
export class TlsMaterialLoader {
  readonly #usable = new WeakMap<object, Usable>();

  /**
   * At once where there is nothing to load. Else rejects with {@link TlsMaterialError}, with `UNSUPPORTED_TARGET` when options exclude
   * or need each other, or with the signal's reason. Tells `sink.warning` when earlier material is used again.
   */
  load(target: TlsTarget, sink: Pick<TransportSink, "warning">, signal: AbortSignal): LoadedTls | Promise<LoadedTls> {
    return target.tls === undefined ? loaded(target, {}, undefined, undefined) : this.#load(target, sink, signal);
  }

  async #load(target: TlsTarget, sink: Pick<TransportSink, "warning">, signal: AbortSignal): Promise<LoadedTls> {
    const options = await tlsOptionsOf(target, signal);
    refuseContradictions(options, target.url);
    const usable = this.#usableFor(target);
    const attempt: Attempt = { options, url: target.url, sink, signal };
    const [authorities, identity] = await Promise.all([
      isGiven(options, "ca") ? orEarlier(attempt, usable.authorities, readAuthorities) : undefined,
      isGiven(options, "cert") ? orEarlier(attempt, usable.identity, readIdentity) : undefined,
    ]);
    if (authorities !== undefined) usable.authorities = authorities;
    if (identity !== undefined) usable.identity = identity;
    return loaded(target, options, authorities, identity);
  }

  #usableFor({ tls }: TlsTarget): Usable {
    if (tls === undefined) return {};
    const usable = this.#usable.get(tls) ?? {};
    this.#usable.set(tls, usable);
    return usable;
  }
}

function loaded(
  target: TlsTarget,
  options: TlsOptions,
  authorities: readonly string[] | undefined,
  identity: Identity | undefined,
): LoadedTls {
  const { rejectUnauthorized = true } = options;
  const name = options.servername ?? target.serverName;
  // RFC 6066 §3: no SNI for an address. `host` is then what Node verifies the certificate's IP entries against.
  const verified = isIP(name) === 0 && name !== "" ? { servername: name, host: name } : { host: name };
  return {
    material: { ...verified, rejectUnauthorized, ...secureContext(target.url, authorities, identity) },
    handshakeFirst: options.handshakeFirst === true,
    expiresAt: identity?.expiresAt,
  };
}

interface Attempt {
  readonly options: TlsOptions;
  readonly url: string;
  readonly sink: Pick<TransportSink, "warning">;
  readonly signal: AbortSignal;
}

type Read<T> = (attempt: Attempt, earlier: T | undefined) => Promise<T>;

// What can be read now, or else what was usable before and a warning.
async function orEarlier<T>(attempt: Attempt, earlier: T | undefined, read: Read<T>): Promise<T> {
  try {
    return await read(attempt, earlier);
  } catch (error) {
    if (!(error instanceof UnusableSource)) throw error;
    const { sources, problem, cause } = error;
    const because = cause === undefined ? {} : { cause };
    const message = `${attempt.url}: ${problem}`;
    if (earlier === undefined) throw new TlsMaterialError(sources, message, because);
    if (!attempt.signal.aborted) {
      const used = `${message}; what was usable at an earlier dial is used again`;
      attempt.sink.warning?.(new TlsMaterialError(sources, used, because));
    }
    return earlier;
  }
}

const readAuthorities: Read<readonly string[]> = async ({ options, url, signal }, earlier) => {
  const pems = await readPart(options, "ca", url, signal);
  // A bundle of a hundred certificates takes tens of ms to check.
  if (earlier !== undefined && pems.length === earlier.length && pems.every((pem, i) => pem === earlier[i])) {
    return earlier;
  }
  if (pems.length === 0) throw new UnusableSource([sourceOf(options, "ca")], `${labelOf(options, "ca")} is empty`);
  checked(options, () => {
    for (const pem of pems) checkAuthorities(pem);
  });
  return pems;
};

const readIdentity: Read<Identity> = async ({ options, url, signal }, earlier) => {
  const { passphrase } = options;
  if (passphrase !== undefined && typeof passphrase !== "string") {
    throw new UnusableSource(["tls.passphrase"], "tls.passphrase must be a string");
  }
  const [[cert = ""], [key = ""]] = await Promise.all([
    readPart(options, "cert", url, signal),
    readPart(options, "key", url, signal),
  ]);
  const identity = new Identity(cert, key, passphrase);
  if (earlier?.equals(identity)) return earlier;
  checked(options, () => checkIdentity(identity));
  return identity;
};

function checked(options: TlsOptions, check: () => void): void {
  try {
    check();
  } catch (fault) {
    if (!(fault instanceof PemFault)) throw fault;
    const parts =
      fault.part === undefined ? (["ca"] as const) : fault.part === "both" ? (["cert", "key"] as const) : [fault.part];
    const labels = parts.map((part) => labelOf(options, part)).join(" and ");
    const why = fault.cause === undefined ? "" : ` (${nodeCode(fault.cause)})`;
    throw new UnusableSource(
      parts.map((part) => sourceOf(options, part)),
      `${labels} ${fault.message}${why}`,
      fault.cause === undefined ? {} : { cause: fault.cause },
    );
  }
}

// Nothing of our own: Node then makes one with the runtime's authorities, and only if there is a handshake.
function secureContext(
  url: string,
  authorities: readonly string[] | undefined,
  identity: Identity | undefined,
): Pick<ConnectionOptions, "secureContext"> {
  if (authorities === undefined && identity === undefined) return {};
  const ca = authorities === undefined ? {} : { ca: [...authorities] };
  try {
    return { secureContext: createSecureContext({ ...ca, ...identity?.options }) };
  } catch (cause) {
    throw new TlsMaterialError(["tls"], `${url}: OpenSSL takes no context of this tls (${nodeCode(cause)})`, { cause });
  }
}
