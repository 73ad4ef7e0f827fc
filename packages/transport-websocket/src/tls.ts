// The TLS material of a dial, for a constructor that can be given any, and its name where it cannot. A plain WebSocket uses
// the runtime's own trust and takes nothing. Source: node:tls (the names), the documentation of ws.

import { type DialTarget, type PemSource, type TlsOptions, TransportError } from "@myelin/contracts";
import { unsupported } from "./web-socket-errors.js";

/** Reads a file; rejects when it cannot. */
export type ReadFile = (path: string, signal: AbortSignal) => Promise<Uint8Array>;

const MATERIAL = ["ca", "cert", "key", "caFile", "certFile", "keyFile", "passphrase", "servername"] as const;

/** The first TLS option that would be lost on a plain WebSocket, such as `"tls.ca"`. */
export function refusedTls({ tls }: DialTarget): string | undefined {
  const name = MATERIAL.find((one) => tls?.[one] !== undefined);
  if (name !== undefined) return `tls.${name}`;
  return tls?.rejectUnauthorized === false ? "tls.rejectUnauthorized" : undefined;
}

/**
 * Options of the request that `ws` makes. Rejects with `TLS_FAILED` naming an unreadable file, with `UNSUPPORTED_TARGET` when
 * a source is given twice or there are no files here, or with the signal's reason.
 */
export async function tlsOptionsOf(
  target: DialTarget,
  readFile: ReadFile | undefined,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { passphrase, servername, rejectUnauthorized = true } = target.tls ?? {};
  const load = (name: "ca" | "cert" | "key"): Promise<unknown> => loadPem(target, name, readFile, signal);
  const [ca, cert, key] = await Promise.all([load("ca"), load("cert"), load("key")]);
  // RFC 6066 §3: no SNI for an address; the certificate is then verified against the address that is dialled.
  const name = servername ?? target.serverName;
  const identity = name === "" || isAddress(name) ? {} : { servername: name };
  const given = { ca, cert, key, passphrase };
  const material = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...identity, rejectUnauthorized, ...Object.fromEntries(material) };
}

async function loadPem(
  { tls, url }: DialTarget,
  name: "ca" | "cert" | "key",
  readFile: ReadFile | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const options: TlsOptions = tls ?? {};
  const given: PemSource | readonly PemSource[] | undefined = options[name];
  const path = options[`${name}File`];
  if (path === undefined) return given;
  if (given !== undefined) {
    throw unsupported("tls", `${url}: tls.${name} and tls.${name}File exclude each other, give one of them`);
  }
  if (readFile === undefined) {
    throw unsupported("tls", `${url}: there are no files here for tls.${name}File; give tls.${name}`);
  }
  try {
    return await readFile(path, signal);
  } catch (cause) {
    signal.throwIfAborted();
    const message = `${url}: tls.${name}File ${path} could not be read`;
    throw new TransportError("TLS_FAILED", "tls", message, undefined, { cause });
  }
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
}
