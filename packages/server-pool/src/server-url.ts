// One server address as a value: parsed, canonical, comparable, and never showing its credentials by accident.
// Lists of addresses are server-list.ts, host syntax is host.ts. No name is resolved and nothing is dialled here.
// Source: https://docs.nats.io/using-nats/developer/connecting (forms), RFC 3986 §3 (syntax), decision D12 (tokens).

import { InvalidArgumentError } from "@myelin/contracts";
import { defaults } from "./defaults.js";
import { type Fail, parseHostPort } from "./host.js";
import { safeLabel, withoutValues } from "./safe-to-show.js";

/**
 * A parsed server address; frozen. What may be secret (`user`, `pass`, `token`, `path` and `key` with their query) is read from private
 * fields: logs, spreads, JSON and `util.inspect` omit it. To be shown there is `href`.
 */
export interface ServerUrl {
  /** Lower case, without the colon: `nats`, `tls`, `ws`, `wss`, `unix`, or one of the caller's own. */
  readonly scheme: string;
  /** Lower case, IPv6 without brackets and canonical; empty for a unix socket. */
  readonly hostname: string;
  /** 1–65535; 0 for a unix socket. */
  readonly port: number;
  /** Path and query of a WebSocket URL as written, for dialling; the (percent-decoded) file of a unix socket, else empty. */
  readonly path: string;
  /** User name of `user:pass@`, percent-decoded. */
  readonly user: string | undefined;
  /** Password of `user:pass@`, percent-decoded; may be empty. */
  readonly pass: string | undefined;
  /** Token of `token@` or `:token@`, percent-decoded. Excludes `user` and `pass`. */
  readonly token: string | undefined;
  /** False when the text named no scheme and the default one was assumed. */
  readonly explicitScheme: boolean;
  /**
   * Canonical, without credentials and without the values of a query, which may be some: `nats://host:4222`, `nats://[::1]:4222`,
   * `unix:///run/nats.sock`, `wss://host:443/nats?token=***`. Of a list, the second server that would be called the same has ` #2` behind it.
   */
  readonly href: string;
  /** Equal for two spellings of one server: `host:port`, with path and query for WebSocket, with the path for unix. To compare, not to be shown. */
  readonly key: string;
  /** From the fragment, `nats://host#zone=eu&tier=1`, percent-decoded; for strategies, never sent anywhere. Frozen. */
  readonly labels: Readonly<Record<string, string>>;
}

/** How to read an address. */
export interface ServerUrlOptions {
  /** Scheme of an address without one. Default: `nats` if it is known, else `wss`, else the first known. */
  readonly defaultScheme?: string | undefined;
  /** Known schemes, lower case without the colon. Default: {@link defaults}`.schemes`. */
  readonly schemes?: readonly string[] | undefined;
}

/** Parts of an address before its derived fields. */
export interface ServerUrlParts extends UrlCredentials {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
  readonly path: string;
  readonly explicitScheme: boolean;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly names?: NamesOfList | undefined;
}

/** What the servers of one list are called, and the key of each. */
export type NamesOfList = Map<string, string>;

/** What the part before `@` can hold. */
export interface UrlCredentials {
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
}

const DEFAULT_PORTS: ReadonlyMap<string, number> = new Map([
  ["ws", 80],
  ["wss", 443],
]);
const BROWSER_HINT = " (a browser has no TCP: use the server's websocket port)";
const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});
const NO_CREDENTIALS: UrlCredentials = Object.freeze({ user: undefined, pass: undefined, token: undefined });

/**
 * Reads one server address: `nats://h:p`, `tls://h`, `h:p`, `h`, an IPv4 or IPv6 address, `ws(s)://h/path`,
 * `unix:///path`, each with optional credentials, and all but the last with labels for strategies (`#zone=eu`).
 *
 * @throws InvalidArgumentError naming what is wrong, never showing what may be a credential.
 */
export function parseServerUrl(text: string, options: ServerUrlOptions = {}): ServerUrl {
  return parseLabelled(text, options, () => (typeof text === "string" ? safeLabel(text) : `a ${typeof text}`));
}

/** As {@link parseServerUrl}, with the name the address has in error messages, and the names of the others of its list. */
export function parseLabelled(
  text: string,
  options: ServerUrlOptions,
  label: () => string,
  names?: NamesOfList,
): ServerUrl {
  const fail: Fail = (problem) => {
    throw new InvalidArgumentError("servers", `${label()}: ${problem}`);
  };
  if (typeof text !== "string") return fail("a server address must be a string");
  const trimmed = text.trim();
  if (trimmed === "") return fail("the address is empty");
  if (/[\s\p{Cc}]/u.test(trimmed)) return fail("white space and control characters must be percent-encoded");

  const schemes = options.schemes ?? defaults.schemes;
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(trimmed);
  const scheme = (match?.[1] ?? defaultScheme(options)).toLowerCase();
  if (!schemes.includes(scheme)) {
    const known = `known are ${schemes.join(", ")}`;
    if (!defaults.schemes.includes(scheme)) return fail(`unknown scheme "${scheme}"; ${known}`);
    return fail(
      `nothing here dials ${scheme}://; ${known}${scheme === "nats" || scheme === "tls" ? BROWSER_HINT : ""}`,
    );
  }
  const { userinfo, hostPort, path: pathAndFragment } = split(scheme, match?.[2] ?? trimmed);
  const { user, pass, token } = parseCredentials(userinfo);
  const explicitScheme = match !== null;

  if (scheme === "unix") {
    if (hostPort !== "") return fail("a unix socket has no host; write unix:///path with three slashes");
    if (pathAndFragment.length < 2) return fail("the path of the unix socket is missing");
    const path = percentDecode(pathAndFragment);
    return createServerUrl({ scheme, explicitScheme, user, pass, token, hostname: "", port: 0, path });
  }
  const hash = pathAndFragment.indexOf("#");
  const path = hash < 0 ? pathAndFragment : pathAndFragment.slice(0, hash);
  if ((scheme === "nats" || scheme === "tls") && path !== "" && path !== "/") {
    return fail("only ws:// and wss:// addresses have a path");
  }
  const { hostname, port } = parseHostPort(hostPort, fail);
  return createServerUrl({
    scheme,
    explicitScheme,
    user,
    pass,
    token,
    hostname,
    port: port ?? DEFAULT_PORTS.get(scheme) ?? 4222,
    path: path === "/" ? "" : path,
    labels: hash < 0 ? undefined : parseLabels(pathAndFragment.slice(hash + 1), fail),
    names,
  });
}

/** Scheme assumed for an address that names none. */
export function defaultScheme(options: ServerUrlOptions): string {
  const schemes = options.schemes ?? defaults.schemes;
  return options.defaultScheme ?? ["nats", "wss"].find((scheme) => schemes.includes(scheme)) ?? schemes[0] ?? "nats";
}

/** Builds the frozen value with its derived fields. */
export function createServerUrl(parts: ServerUrlParts): ServerUrl {
  return Object.freeze(new ParsedServerUrl(parts));
}

class ParsedServerUrl implements ServerUrl {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
  readonly explicitScheme: boolean;
  readonly href: string;
  readonly labels: Readonly<Record<string, string>>;
  // Private, not merely hidden: `util.inspect` shows hidden properties when it is asked to.
  readonly #path: string;
  readonly #key: string;
  readonly #credentials: UrlCredentials;

  constructor({
    scheme,
    hostname,
    port,
    path,
    explicitScheme,
    labels,
    user,
    pass,
    token,
    names = new Map(),
  }: ServerUrlParts) {
    const address = scheme === "unix" ? "" : hostAndPort(hostname, port);
    const keyPath = scheme === "ws" || scheme === "wss" ? path || "/" : path;
    this.scheme = scheme;
    this.hostname = hostname;
    this.port = port;
    this.explicitScheme = explicitScheme;
    this.#path = path;
    this.#key = scheme === "unix" ? `unix:${path}` : `${address}${keyPath}`;
    const name = `${scheme}://${address}${scheme === "unix" ? percentEncode(path) : withoutValues(path)}`;
    // Servers that differ in the values of their query alone are told apart by their place, without showing them.
    let href = name;
    for (let place = 2; (names.get(href) ?? this.#key) !== this.#key; place++) href = `${name} #${place}`;
    names.set(href, this.#key);
    this.href = href;
    this.labels = labels ?? NO_LABELS;
    const none = user === undefined && pass === undefined && token === undefined;
    this.#credentials = none ? NO_CREDENTIALS : { user, pass, token };
  }

  get path(): string {
    return this.#path;
  }

  get key(): string {
    return this.#key;
  }

  get user(): string | undefined {
    return this.#credentials.user;
  }

  get pass(): string | undefined {
    return this.#credentials.pass;
  }

  get token(): string | undefined {
    return this.#credentials.token;
  }
}

/** `host:port` as a server advertises it (IPv6 in brackets), or the path of a unix socket. */
export function addressOf(url: ServerUrl): string {
  return url.scheme === "unix" ? url.path : hostAndPort(url.hostname, url.port);
}

function hostAndPort(hostname: string, port: number): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function split(scheme: string, rest: string): { userinfo: string; hostPort: string; path: string } {
  // nats:// and tls:// have no path that could hold an @, so there the last @ ends the credentials, and a raw slash in
  // a password does no harm. Elsewhere the first slash ends the authority, as RFC 3986 has it.
  const end = (from: number): number => {
    const length = rest.slice(from).search(/[/?#]/);
    return length < 0 ? rest.length : from + length;
  };
  const authority = scheme === "nats" || scheme === "tls" ? rest.length : end(0);
  const at = rest.lastIndexOf("@", authority - 1);
  const hostEnd = end(at + 1);
  return { userinfo: rest.slice(0, Math.max(at, 0)), hostPort: rest.slice(at + 1, hostEnd), path: rest.slice(hostEnd) };
}

function parseCredentials(userinfo: string): UrlCredentials {
  if (userinfo === "") return NO_CREDENTIALS;
  const colon = userinfo.indexOf(":");
  if (colon < 0) return { ...NO_CREDENTIALS, token: percentDecode(userinfo) };
  const user = percentDecode(userinfo.slice(0, colon));
  const pass = percentDecode(userinfo.slice(colon + 1));
  if (user !== "") return { user, pass, token: undefined };
  return pass === "" ? NO_CREDENTIALS : { ...NO_CREDENTIALS, token: pass };
}

function parseLabels(fragment: string, fail: Fail): Readonly<Record<string, string>> {
  const labels: [string, string][] = [];
  for (const pair of fragment.split("&")) {
    const equals = pair.indexOf("=");
    if (equals < 1) return fail("the fragment (#) holds labels for strategies, as in #zone=eu&tier=1");
    labels.push([percentDecode(pair.slice(0, equals)), percentDecode(pair.slice(equals + 1))]);
  }
  return Object.freeze(Object.fromEntries(labels));
}

// Just enough that the href reads back as the same address, also within a comma-separated list.
function percentEncode(path: string): string {
  return path.replace(/[\s\p{Cc}%,]/gu, encodeURIComponent);
}

// A lone % stays as it is, because a token may hold one and nobody percent-encodes a token they paste.
function percentDecode(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped;
    }
  });
}
