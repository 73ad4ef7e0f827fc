// The servers of a service by its SRV records, as `resolveServers` of the client wants them. No socket of ours and no timer; when it is
// asked, and what becomes of an answer, is the client's business. Sources: RFC 2782 (SRV), node:dns.

import { promises as dns, type SrvRecord } from "node:dns";
import { InvalidArgumentError, type Random, type ServerResolver } from "@myelin/contracts";
import { formatAddress } from "./addresses.js";
import { dnsError } from "./socket-errors.js";
import { systemRandom } from "./system.js";

/** Looks up SRV records, as `dns.promises.resolveSrv` does; what it throws is the `cause` of a `DNS_FAILED`. */
export type SrvLookup = (name: string, signal: AbortSignal) => Promise<readonly SrvRecord[]>;

/** Options of {@link srvServers}. */
export interface SrvServersOptions {
  /** Scheme of the servers' URLs. Default `"nats"`: TLS where the server demands it; `"tls"` demands it of every server. */
  readonly scheme?: string | undefined;
  /** Default: the name servers of the system, asked anew each time. SRV records are in no hosts file. */
  readonly lookup?: SrvLookup | undefined;
  /** Orders records of one priority. Default: the runtime's generator. */
  readonly random?: Random | undefined;
}

/**
 * Makes a `resolveServers` for `connect()`: the servers of a service by its SRV records.
 *
 * They are dialled in the order RFC 2782 wants: the lowest priority first, within it at random by weight, anew with every answer. Both are
 * labels of the URLs too, `tier` and `weight`, for the strategy `zones()`, which also goes back to a lower priority. A certificate is verified against the target of the record, and so is an address the target's
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
  const { scheme = "nats", lookup = systemSrvLookup, random = systemRandom } = options;
  if (typeof service !== "string" || !/^[^\s/@:]+$/.test(service)) {
    throw new InvalidArgumentError("service", "must be the name of SRV records, such as _nats._tcp.example.com");
  }
  if (typeof scheme !== "string" || !/^[a-z][a-z0-9+.-]*$/i.test(scheme)) {
    throw new InvalidArgumentError("scheme", 'must be that of a URL, such as "tls"');
  }
  const resolve = async (signal: AbortSignal): Promise<readonly string[]> => {
    let records: readonly SrvRecord[];
    try {
      records = await lookup(service, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw dnsError(service, cause);
    }
    return urlsOf(records, scheme, random);
  };
  return Object.assign(resolve, { ordered: true });
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

function urlsOf(records: readonly SrvRecord[], scheme: string, random: Random): readonly string[] {
  const usable = records
    .map((record) => ({ ...record, name: record.name.replace(/\.$/, "") }))
    .filter(({ name, port }) => name !== "" && port > 0);
  const priorities = [...new Set(usable.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority, tier) => {
    const equals = usable.filter((record) => record.priority === priority);
    // Where nobody has a weight all are equal; beside those that have one, RFC 2782 gives 0 "a very small chance".
    const weighted = equals.some(({ weight }) => weight > 0);
    // The smallest of exponential times with these rates is each one's with the probability of its weight.
    const turns = equals.map((record) => ({
      ...record,
      turn: -Math.log(1 - random()) / (weighted ? record.weight : 1),
    }));
    turns.sort((a, b) => (a.turn === b.turn ? 0 : a.turn < b.turn ? -1 : 1));
    return turns.map(({ name, port, weight }) => {
      const labels = weighted ? `tier=${tier}&weight=${weight}` : `tier=${tier}`;
      return `${scheme}://${formatAddress(name, port)}#${labels}`;
    });
  });
}
