// Where TLS material comes from: values, files and functions, asked at each dial. Answers text; whether it can be used is
// judged in pem.ts, and what then happens in tls-material.ts. No error here holds any of the material.

import { readFile } from "node:fs/promises";
import {
  type DialTarget,
  type PemSource,
  type PerDial,
  TlsMaterialError,
  type TlsOptions,
  type TlsSource,
  TransportError,
} from "@myelin/contracts";
import { nodeCode } from "./socket-errors.js";

/** A part of the material that comes from one place. */
export type Part = "ca" | "cert" | "key";

/** A source gave something that cannot be used, or a file nothing. Earlier material may stand in for it. */
export class UnusableSource extends Error {
  constructor(
    readonly sources: readonly TlsSource[],
    /** What is wrong with which option, for the end of a sentence. */
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(problem, options);
  }
}

/** The options of one dial, after a `tls` function was asked. Rejects with a {@link TransportError}. */
export async function tlsOptionsOf(
  { tls, url }: Pick<DialTarget, "tls" | "url">,
  signal: AbortSignal,
): Promise<TlsOptions> {
  if (typeof tls !== "function") return tls ?? {};
  const options: unknown = await ask("tls", tls, url, signal);
  if (typeof options === "object" && options !== null) return options;
  throw new TlsMaterialError(["tls"], `${url}: the function given as tls answered no object with TLS options`);
}

/** @throws TransportError `UNSUPPORTED_TARGET` for options that exclude or need each other */
export function refuseContradictions(options: TlsOptions, url: string): void {
  const refuse = (problem: string): never => {
    throw new TransportError("UNSUPPORTED_TARGET", "tls", `${url}: ${problem}`, undefined);
  };
  for (const part of ["ca", "cert", "key"] as const) {
    if (options[part] === undefined || options[`${part}File`] === undefined) continue;
    refuse(`tls.${part} and tls.${part}File exclude each other, give one of them`);
  }
  if (isGiven(options, "cert") && !isGiven(options, "key")) refuse("tls.cert needs its private key, give tls.key too");
  if (isGiven(options, "key") && !isGiven(options, "cert")) refuse("tls.key needs its certificate, give tls.cert too");
}

export function isGiven(options: TlsOptions, part: Part): boolean {
  return options[part] !== undefined || options[`${part}File`] !== undefined;
}

/** The option a part comes from. */
export function sourceOf(options: TlsOptions, part: Part): TlsSource {
  return options[`${part}File`] === undefined ? `tls.${part}` : `tls.${part}File`;
}

/** The same for messages, with the path of a file. */
export function labelOf(options: TlsOptions, part: Part): string {
  const path = options[`${part}File`];
  return path === undefined ? `tls.${part}` : `tls.${part}File ${path}`;
}

/**
 * Reads one part that is given. Rejects with {@link UnusableSource}; with TlsMaterialError when its function failed; or with
 * the signal's reason.
 */
export async function readPart(
  options: TlsOptions,
  part: Part,
  url: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const path = options[`${part}File`];
  if (path !== undefined) return [await readPem(options, part, path, signal)];
  const given: unknown = options[part];
  const source = `tls.${part}` as const;
  const value = typeof given === "function" ? await ask(source, given as PerDial<unknown>, url, signal) : given;
  const pems = part === "ca" && Array.isArray(value) ? (value as readonly unknown[]) : [value];
  return pems.map((pem) => {
    if (isPem(pem)) return textOf(pem);
    throw new UnusableSource([source], `${source} must be PEM, as text or bytes`);
  });
}

async function readPem(options: TlsOptions, part: Part, path: string, signal: AbortSignal): Promise<string> {
  const sources = [sourceOf(options, part)];
  // A number would be read as an open file.
  if (typeof path !== "string") throw new UnusableSource(sources, `tls.${part}File must be a path`);
  try {
    return textOf(await readFile(path, { signal }));
  } catch (cause) {
    signal.throwIfAborted();
    throw new UnusableSource(sources, `${labelOf(options, part)} could not be read (${nodeCode(cause)})`, { cause });
  }
}

async function ask<T>(source: TlsSource, provider: PerDial<T>, url: string, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  try {
    return await provider(signal);
  } catch (cause) {
    signal.throwIfAborted();
    const message = `${url}: the function given as ${source} failed (${nodeCode(cause)})`;
    throw new TlsMaterialError([source], message, { cause, transient: true });
  }
}

function isPem(value: unknown): value is PemSource {
  return typeof value === "string" || value instanceof Uint8Array;
}

// PEM is ASCII; whatever else stands around its blocks does not matter.
function textOf(pem: PemSource): string {
  if (typeof pem === "string") return pem;
  return Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength).toString("latin1");
}
