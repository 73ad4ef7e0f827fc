// What an INFO's list of advertised servers means: which addresses, with whose scheme, credentials and TLS name. Reads
// only; what the pool does with the result is server-pool.ts.
// Source: https://docs.nats.io/reference/reference-protocols/nats-protocol#info (connect_urls); conformance SEED-25, SEED-26.

import { PolicyError } from "./errors.js";
import { owned } from "./guarded-policy.js";
import { isIpAddress } from "./host.js";
import { createServerUrl, parseServerUrl, type ServerUrl, type ServerUrlOptions } from "./server-url.js";

/**
 * What to do with advertised servers: take all, none, or what a pure function returns for each: the address as advertised,
 * another one in its place (with a scheme or credentials if it should differ in them), or `null` to leave it out.
 */
export type GossipPolicy = "all" | "ignore" | ((url: string, from: ServerUrl) => string | null);

/** The usable part of one list. */
export interface Gossip {
  /** To be in the pool, without duplicates. */
  readonly servers: ReadonlyMap<string, ServerUrl>;
  /** Entries as advertised that nothing can be made of. */
  readonly rejected: readonly string[];
  /** False when no entry made sense at all: such a list proves nothing about who has left. */
  readonly credible: boolean;
}

/**
 * Reads one list advertised by `from`, over TLS or not. Policy errors go to `report`; nothing throws.
 *
 * @param known a server of the pool by its key: lists mostly repeat what is there, which need not be parsed again
 */
export function readGossip(
  urls: readonly string[],
  from: ServerUrl,
  overTls: boolean,
  policy: Exclude<GossipPolicy, "ignore">,
  options: ServerUrlOptions,
  report: (error: PolicyError) => void,
  known: (key: string) => ServerUrl | undefined = () => undefined,
): Gossip {
  const servers = new Map<string, ServerUrl>();
  const rejected: string[] = [];
  const scheme = schemeFor(from, overTls);
  let credible = false;
  for (const advertised of urls) {
    const same = policy === "all" ? known(advertised) : undefined;
    if (same !== undefined) {
      credible = true;
      servers.set(same.key, same);
      continue;
    }
    const plain = readAdvertised(advertised, from, scheme, options);
    if (plain === undefined) {
      rejected.push(String(advertised));
      continue;
    }
    credible = true;
    const url = policy === "all" ? plain : applyPolicy(policy, advertised, plain, from, scheme, options, report);
    if (url === undefined) rejected.push(advertised);
    else if (url !== null && !servers.has(url.key)) servers.set(url.key, url);
  }
  return { servers, rejected, credible };
}

/** Certificates rarely name IP addresses: an advertised one is verified as the named host that taught it. */
export function serverNameOf(url: ServerUrl, teacherName: string): string {
  return isIpAddress(url.hostname) && teacherName !== "" && !isIpAddress(teacherName) ? teacherName : url.hostname;
}

function readAdvertised(
  advertised: string,
  from: ServerUrl,
  scheme: string,
  options: ServerUrlOptions,
): ServerUrl | undefined {
  // Credentials never come from the network, and the scheme is always the teacher's: gossip must not turn TLS off.
  if (typeof advertised !== "string" || advertised.includes("@")) return undefined;
  try {
    const address = advertised.trim().replace(/^[a-z][a-z0-9+.-]*:\/\//i, "");
    return adopt(parseServerUrl(`${scheme}://${address}`, options), from);
  } catch {
    return undefined;
  }
}

// null = left out, undefined = unusable.
function applyPolicy(
  policy: (url: string, from: ServerUrl) => string | null,
  advertised: string,
  plain: ServerUrl,
  from: ServerUrl,
  scheme: string,
  options: ServerUrlOptions,
  report: (error: PolicyError) => void,
): ServerUrl | null | undefined {
  try {
    const answer = owned(policy(advertised, from));
    if (answer === null) return null;
    if (answer === advertised) return plain;
    return adopt(parseServerUrl(answer, { ...options, defaultScheme: scheme }), from);
  } catch (cause) {
    report(new PolicyError("gossip", "threw or returned no usable address; the advertised one is left out", { cause }));
    return undefined;
  }
}

function schemeFor({ scheme }: ServerUrl, overTls: boolean): string {
  // A server reached over a unix socket advertises its TCP listeners.
  if (scheme !== "nats" && scheme !== "unix") return scheme;
  return overTls ? "tls" : "nats";
}

function adopt(url: ServerUrl, from: ServerUrl): ServerUrl {
  const own = url.user !== undefined || url.token !== undefined;
  const { user, pass, token } = own ? url : from;
  const { scheme, hostname, port, path, labels } = url;
  return createServerUrl({ scheme, hostname, port, path, labels, explicitScheme: false, user, pass, token });
}
