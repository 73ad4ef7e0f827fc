// The servers of a service by its SRV records, as `resolveServers` of the client wants them. No socket of ours and no timer; when it is
// asked, and what becomes of an answer, is the client's business. Sources: RFC 2782 (SRV), node:dns.

import { promises as dns, type SrvRecord } from "node:dns";
import { InvalidArgumentError, type ServerResolver } from "@myelin/contracts";
import { formatAddress } from "./addresses.js";
import { dnsError } from "./socket-errors.js";

/** Looks up SRV records, as `dns.promises.resolveSrv` does; what it throws is the `cause` of a `DNS_FAILED`. */
export type SrvLookup = (name: string, signal: AbortSignal) => Promise<readonly SrvRecord[]>;

export interface SrvServersOptions {
  /** Scheme of the servers' URLs. Default `"nats"`: TLS where the server demands it; `"tls"` demands it of every server. */
  readonly scheme?: string | undefined;
  /** Default: the name servers of the system, asked anew each time. SRV records are in no hosts file. */
  readonly lookup?: SrvLookup | undefined;
}

/**
 * Makes a `resolveServers` for `connect()`: the servers of a service by its SRV records.
 *
 * Priorities become tiers, the lowest first, and weights shares within them: labels of the URLs, which the strategy `zones()` reads, the
 * default beside `resolveServers`. A certificate is verified against the target of the record, and so is an address the target's
 * server advertises; whoever does not trust the answers of his resolver sets `tls.servername` to a name of his own.
 *
 * Rejects with a TransportError `DNS_FAILED` when there are no records; a target `.` is no server.
 *
 * @param service such as `_nats._tcp.example.com`
 * @throws InvalidArgumentError for a service that is no name, or a scheme that is none
 *
 * @example
 * const nc = await connect({ resolveServers: srvServers("_nats._tcp.example.com") });
 */
export function srvServers(service: string, options: SrvServersOptions = {}): ServerResolver {
  const { scheme = "nats", lookup = systemSrvLookup } = options;
  if (typeof service !== "string" || !/^[^\s/@:]+$/.test(service)) {
    throw new InvalidArgumentError("service", "must be the name of SRV records, such as _nats._tcp.example.com");
  }
  if (typeof scheme !== "string" || !/^[a-z][a-z0-9+.-]*$/i.test(scheme)) {
    throw new InvalidArgumentError("scheme", 'must be that of a URL, such as "tls"');
  }
  return async (signal) => {
    let records: readonly SrvRecord[];
    try {
      records = await lookup(service, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw dnsError(service, cause);
    }
    return urlsOf(records, scheme);
  };
}

const systemSrvLookup: SrvLookup = async (name, signal) => {
  const resolver = new dns.Resolver();
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await resolver.resolveSrv(name);
  } finally {
    signal.removeEventListener("abort", cancel);
  }
};

// In the order of their priorities, for whoever keeps the order of a list.
function urlsOf(records: readonly SrvRecord[], scheme: string): readonly string[] {
  const usable = records
    .map((record) => ({ ...record, name: record.name.replace(/\.$/, "") }))
    .filter(({ name, port }) => name !== "" && port > 0)
    .sort((a, b) => a.priority - b.priority || b.weight - a.weight);
  const priorities = [...new Set(usable.map(({ priority }) => priority))];
  return usable.map(({ name, port, priority, weight }) => {
    const labels = [`tier=${priorities.indexOf(priority)}`];
    // Where nobody has a weight all are equal; beside those that have one, RFC 2782 gives 0 "a very small chance".
    if (usable.some((other) => other.priority === priority && other.weight > 0)) labels.push(`weight=${weight}`);
    return `${scheme}://${formatAddress(name, port)}#${labels.join("&")}`;
  });
}
