// A preset of `dial`: through an HTTP proxy, by CONNECT. Knows HTTP as far as one request and the head of its answer. Source: RFC 9110
// §9.3.6 (CONNECT), §11.7 (Proxy-Authorization), RFC 9112 §3 and §4 (request and status line), RFC 7617 (Basic).

import { InvalidArgumentError, type TlsOptions } from "@myelin/contracts";
import { formatAddress } from "./addresses.js";
import type { Dial } from "./dial-hook.js";
import { connectProxy, overProxy, proxyAddress, proxyRefused } from "./proxy-connection.js";
import { TlsMaterialLoader } from "./tls-material.js";

/** Bytes of an answer's head past which it is none. */
const LONGEST_HEAD = 16 * 1024;

/** Options of {@link httpConnect}. */
export interface HttpConnectOptions {
  /** `http://proxy:3128`, `https://proxy` (TLS to the proxy itself), or `host:port`; may carry `user:pass@` for Basic authentication. */
  readonly proxy: string;
  /** Further header fields of the CONNECT request, such as `proxy-authorization` of another kind. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For TLS to an `https://` proxy; that of the server is the connection's own `tls`. */
  readonly tls?: TlsOptions | undefined;
}

/**
 * A `dial` function through an HTTP proxy, which resolves the server's name. Ports 80 and 443 are the default of `http` and `https`.
 *
 * Fails with a TransportError: `PROXY_REFUSED` for any answer but 2xx, else that of the connection to the proxy.
 *
 * @throws InvalidArgumentError for a proxy or a header that cannot be used
 *
 * @example
 * connect({ servers, transports: [tcpTransport({ dial: httpConnect({ proxy: "http://proxy.example.com:3128" }) })] });
 */
export function httpConnect(options: HttpConnectOptions): Dial {
  const proxy = proxyAddress(options?.proxy, { http: 80, https: 443 });
  const fields = headerLines(options.headers ?? {});
  const named = new Set(Object.keys(options.headers ?? {}).map((name) => name.toLowerCase()));
  if (proxy.username !== undefined && !named.has("proxy-authorization")) {
    const basic = Buffer.from(`${proxy.username}:${proxy.password ?? ""}`).toString("base64");
    fields.push(`Proxy-Authorization: Basic ${basic}`);
  }
  const loader = new TlsMaterialLoader();
  return async ({ hostname, port }, signal) => {
    const server = formatAddress(hostname, port);
    const stream = await connectProxy(proxy, options.tls, loader, signal);
    const ended = () => proxyRefused(proxy, server, "it closed the connection without an answer");
    return overProxy(stream, signal, ended, async (reader) => {
      const host = named.has("host") ? [] : [`Host: ${server}`];
      reader.write(Buffer.from([`CONNECT ${server} HTTP/1.1`, ...host, ...fields, "", ""].join("\r\n"), "latin1"));
      for (;;) {
        const head = await reader.readUntil("\r\n\r\n", LONGEST_HEAD);
        const [, code, reason = ""] = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/.exec(head ?? "") ?? [];
        if (code === undefined) {
          throw proxyRefused(proxy, server, "it did not answer as HTTP does: check that it is an HTTP proxy");
        }
        if (code.startsWith("2")) return;
        // An answer ahead of the answer.
        if (code.startsWith("1")) continue;
        const hint = HINTS.get(code) ?? "see its log";
        throw proxyRefused(proxy, server, `it answered HTTP ${code}${printable(reason)}: ${hint}`);
      }
    });
  };
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ["400", "it may not know CONNECT"],
  ["401", "it wants credentials, give them in the proxy's URL or as headers"],
  ["403", "it does not allow this server or port"],
  ["405", "it does not allow CONNECT"],
  ["407", "it wants credentials, or others: give them in the proxy's URL or as headers"],
  ["429", "it takes no more for now"],
  ["500", "it failed; see its log"],
  ["502", "it cannot reach the server"],
  ["503", "it cannot reach the server, or takes no more for now"],
  ["504", "the server did not answer it in time"],
]);

function printable(reason: string): string {
  const text = reason
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 80)
    .trim();
  return text === "" ? "" : ` (${text})`;
}

function headerLines(headers: Readonly<Record<string, string>>): string[] {
  if (typeof headers !== "object") throw new InvalidArgumentError("headers", "must be an object of strings");
  return Object.entries(headers).map(([name, value]) => {
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) throw new InvalidArgumentError("headers", "has a name that is none");
    // The value may be a secret.
    if (typeof value !== "string" || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new InvalidArgumentError(`headers.${name}`, "must be text without control characters");
    }
    return `${name}: ${value}`;
  });
}
