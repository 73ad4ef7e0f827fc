// The TLS material of a dial, for a constructor that can be given any, and its name where it cannot. A plain WebSocket uses
// the runtime's own trust and takes nothing. Material is read anew at every dial; nothing of an earlier one is kept.
// Source: node:tls (the names), the documentation of ws.

import { type DialTarget, TlsMaterialError, type TlsOptions, type TlsSource } from "@myelin/contracts";
import { unsupported } from "./web-socket-errors.js";

/** Reads a file; rejects when it cannot. */
export type ReadFile = (path: string, signal: AbortSignal) => Promise<Uint8Array>;

/**
 * Options of the request that `ws` makes. Rejects with {@link TlsMaterialError} for a file or function that fails, with
 * `UNSUPPORTED_TARGET` when a source is given twice or there are no files here, or with the signal's reason.
 */
export async function tlsOptionsOf(
  target: DialTarget,
  readFile: ReadFile | undefined,
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const { tls, url } = target;
  const options =
    typeof tls === "function" ? await material(url, "tls", signal, () => tls(signal)) : (tls ?? ({} as TlsOptions));
  const { passphrase, servername, rejectUnauthorized = true } = options;
  const load = (name: "ca" | "cert" | "key"): Promise<unknown> => loadPem(options, url, name, readFile, signal);
  const [ca, cert, key] = await Promise.all([load("ca"), load("cert"), load("key")]);
  // RFC 6066 §3: no SNI for an address; the certificate is then verified against the address that is dialled.
  const name = servername ?? target.serverName;
  const identity = name === "" || isAddress(name) ? {} : { servername: name };
  const given = Object.entries({ ca, cert, key, passphrase }).filter(([, value]) => value !== undefined);
  return { ...identity, rejectUnauthorized, ...Object.fromEntries(given) };
}

async function loadPem(
  options: TlsOptions,
  url: string,
  name: "ca" | "cert" | "key",
  readFile: ReadFile | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const given = options[name];
  const path = options[`${name}File`];
  if (path === undefined) {
    return typeof given === "function" ? material(url, `tls.${name}`, signal, () => given(signal)) : given;
  }
  if (given !== undefined) {
    throw unsupported("tls", `${url}: tls.${name} and tls.${name}File exclude each other, give one of them`);
  }
  if (readFile === undefined) {
    throw unsupported("tls", `${url}: there are no files here for tls.${name}File; give tls.${name}`);
  }
  return material(url, `tls.${name}File`, signal, () => readFile(path, signal));
}

async function material<T>(
  url: string,
  source: TlsSource,
  signal: AbortSignal,
  read: () => T | Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    signal.throwIfAborted();
    const transient = !source.endsWith("File");
    throw new TlsMaterialError([source], `${url}: ${source} could not be read`, { cause, transient });
  }
}

function isAddress(name: string): boolean {
  return name.includes(":") || /^\d+(\.\d+){3}$/.test(name);
}
