// Host and port in a server address: syntax, canonical form, and what is an IP address. Nothing is resolved here.
// Source: RFC 3986 §3.2.2 (authority), RFC 4291 §2.5.5.2 (IPv4-mapped), RFC 5952 (canonical IPv6, done by WHATWG URL).

/** Ends parsing with a sentence about what is wrong; never returns. */
export type Fail = (problem: string) => never;

/** `port` is `undefined` when none was written. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number | undefined;
}

/** True for an IPv4 or (unbracketed) IPv6 literal. */
export function isIpAddress(hostname: string): boolean {
  return hostname.includes(":") || isIpv4(hostname);
}

/** Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address. The host comes back in lower case, canonical. */
export function parseHostPort(text: string, fail: Fail): HostPort {
  if (text.startsWith("[")) {
    const end = text.indexOf("]");
    if (end < 0) return fail("the IPv6 address has no closing bracket");
    const rest = text.slice(end + 1);
    if (rest !== "" && !rest.startsWith(":")) return fail("only a port may follow an IPv6 address in brackets");
    return {
      hostname: canonicalIpv6(text.slice(1, end), fail),
      port: rest === "" ? undefined : parsePort(rest.slice(1), fail),
    };
  }
  const colon = text.indexOf(":");
  if (colon >= 0 && text.indexOf(":", colon + 1) >= 0) {
    return { hostname: canonicalIpv6(text, fail), port: undefined };
  }
  const hostname = canonicalName(colon < 0 ? text : text.slice(0, colon), fail);
  return { hostname, port: colon < 0 ? undefined : parsePort(text.slice(colon + 1), fail) };
}

function parsePort(text: string, fail: Fail): number {
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : fail("the port must be a number from 1 to 65535");
}

function isIpv4(hostname: string): boolean {
  const parts = hostname.split(".");
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

// Letters of any script are allowed: turning a name into what DNS takes is the resolver's business.
const NAME = /^[\p{L}\p{M}\p{N}_-]+(\.[\p{L}\p{M}\p{N}_-]+)*\.?$/u;

function canonicalName(name: string, fail: Fail): string {
  if (name === "") return fail("the host is missing");
  if (name.length > 255 || !NAME.test(name)) return fail("the host is not a host name or IP address");
  // No top-level domain is a number, so what ends in one can only be a mistyped IPv4 address.
  if (/(^|\.)[0-9]+\.?$/.test(name) && !isIpv4(name)) return fail("the host is not a valid IPv4 address");
  return name.toLowerCase();
}

// One server is often known both as 10.0.0.1 and as ::ffff:10.0.0.1 (a dual-stack listener advertises the second), so
// the mapped form is folded into the plain one.
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

function canonicalIpv6(text: string, fail: Fail): string {
  const percent = text.indexOf("%");
  const zone = percent < 0 ? "" : text.slice(percent);
  const address = percent < 0 ? text : text.slice(0, percent);
  if (!/^[0-9a-f:.]+$/i.test(address) || !/^(%[A-Za-z0-9._~-]+)?$/.test(zone)) {
    return fail("the host is not a valid IPv6 address");
  }
  let canonical: string;
  try {
    canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  } catch {
    return fail("the host is not a valid IPv6 address");
  }
  const mapped = MAPPED.exec(canonical);
  if (mapped === null || zone !== "") return canonical + zone;
  const high = Number.parseInt(mapped[1] ?? "", 16);
  const low = Number.parseInt(mapped[2] ?? "", 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
