// From a host name to the addresses worth dialling, in the order to dial them. No socket, no timer. Sources: ADR-11
// (shuffle the addresses of a name), RFC 8305 §4 (alternate the address families).

import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import type { Random } from "@myelin/contracts";
import { dnsError } from "./socket-errors.js";

/** One address of a name, as `dns.lookup` gives it. */
export interface ResolvedAddress {
  /** IP address without brackets. */
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/**
 * Resolves a name at every dial. `(name) => dns.promises.resolve4(name)…` or anything that answers addresses will do; what
 * it throws becomes the `cause` of a `DNS_FAILED`. It may use the signal to stop early; its answer is dropped then anyway.
 */
export type Lookup = (hostname: string, signal: AbortSignal) => Promise<readonly ResolvedAddress[]>;

/** The operating system's resolver: hosts file, search domains and all. Its order is kept. */
export const systemLookup: Lookup = (hostname) => dns.lookup(hostname, { all: true, order: "verbatim" });

/** `host:port`, an IPv6 address in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Resolves unless `hostname` is an IP address already. Rejects with `DNS_FAILED`, also when there is no address at all. */
export async function resolveAddresses(
  hostname: string,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<readonly ResolvedAddress[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  let found: readonly ResolvedAddress[];
  try {
    found = await lookup(hostname, signal);
  } catch (error) {
    throw dnsError(hostname, error);
  }
  if (found.length === 0) throw dnsError(hostname, new Error("no address"));
  return found;
}

/**
 * Without duplicates, the families alternating and the resolver's preferred one first. `random` shuffles within a family;
 * `undefined` keeps the resolver's order there.
 */
export function orderAddresses(
  found: readonly ResolvedAddress[],
  random: Random | undefined,
): readonly ResolvedAddress[] {
  if (found.length < 2) return found;
  const unique = [...new Map(found.map((entry) => [entry.address, entry])).values()];
  const preferred = unique[0]?.family;
  const first = shuffled(
    unique.filter((entry) => entry.family === preferred),
    random,
  );
  const second = shuffled(
    unique.filter((entry) => entry.family !== preferred),
    random,
  );
  const ordered: ResolvedAddress[] = [];
  for (let i = 0; i < unique.length; i++) {
    for (const entry of [first[i], second[i]]) if (entry !== undefined) ordered.push(entry);
  }
  return ordered;
}

// Inside-out Fisher–Yates; never changes its argument.
function shuffled(entries: readonly ResolvedAddress[], random: Random | undefined): readonly ResolvedAddress[] {
  if (random === undefined) return entries;
  const result: ResolvedAddress[] = [];
  for (const entry of entries) result.splice(Math.floor(random() * (result.length + 1)), 0, entry);
  return result;
}
