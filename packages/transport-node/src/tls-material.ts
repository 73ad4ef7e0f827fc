// Reads a target's TLS material into what node:tls takes: once per dial, so that rotated files are picked up (P31). Holds
// nothing between dials and never names a secret in an error.

import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { type DialTarget, type PemSource, type TlsOptions, TransportError } from "@myelin/contracts";
import { nodeCode } from "./socket-errors.js";

/** Options for `tls.connect`, without a socket. */
export type TlsMaterial = Readonly<ConnectionOptions>;

type Pem = Buffer | string | (Buffer | string)[];

/**
 * Resolves to the options of one handshake. Rejects with `TLS_FAILED` naming an unreadable file, with
 * `UNSUPPORTED_TARGET` when a source is given twice, or with the signal's reason.
 */
export async function loadTlsMaterial(target: DialTarget, signal: AbortSignal): Promise<TlsMaterial> {
  const options: TlsOptions = target.tls ?? {};
  const load = (name: "ca" | "cert" | "key"): Promise<Pem | undefined> => loadPem(target, name, signal);
  const [ca, cert, key] = await Promise.all([load("ca"), load("cert"), load("key")]);
  const { passphrase, rejectUnauthorized = true } = options;
  const name = options.servername ?? target.serverName;
  // RFC 6066 §3: no SNI for an address. `host` is then what Node verifies the certificate's IP entries against.
  const identity = isIP(name) === 0 && name !== "" ? { servername: name, host: name } : { host: name };
  return {
    ...identity,
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

async function loadPem(target: DialTarget, name: "ca" | "cert" | "key", signal: AbortSignal): Promise<Pem | undefined> {
  const given = target.tls?.[name];
  const path = target.tls?.[`${name}File`];
  if (path === undefined) {
    if (given === undefined || typeof given === "string") return given;
    return given instanceof Uint8Array ? asBuffer(given) : (given as readonly PemSource[]).map(asPem);
  }
  if (given !== undefined) {
    const message = `${target.url}: tls.${name} and tls.${name}File exclude each other, give one of them`;
    throw new TransportError("UNSUPPORTED_TARGET", "tls", message, undefined);
  }
  try {
    return await readFile(path, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const message = `${target.url}: tls.${name}File ${path} could not be read (${nodeCode(cause)})`;
    throw new TransportError("TLS_FAILED", "tls", message, undefined, { cause });
  }
}

function asPem(source: PemSource): Buffer | string {
  return typeof source === "string" ? source : asBuffer(source);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
