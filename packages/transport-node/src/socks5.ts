// A preset of `dial`: through a SOCKS5 proxy. Sources: RFC 1928 (SOCKS 5), RFC 1929 (user name and password).

import { isIP } from "node:net";
import { InvalidArgumentError } from "@myelin/contracts";
import { formatAddress } from "./addresses.js";
import type { Dial } from "./dial-hook.js";
import { connectProxy, overProxy, type ProxyReader, proxyAddress, proxyRefused } from "./proxy-connection.js";
import { TlsMaterialLoader } from "./tls-material.js";

const [VERSION, AUTH_VERSION] = [5, 1] as const;
const [NO_AUTH, USER_PASS] = [0, 2] as const;
const [IPV4, NAME, IPV6] = [1, 3, 4] as const;
const CONNECT = 1;

/** Options of {@link socks5}. */
export interface Socks5Options {
  /** `socks5://proxy:1080` or `host:port`; may carry `user:pass@`. Port 1080 by default. `socks5h://` means the same. */
  readonly proxy: string;
  /** Beats that of the URL. At most 255 bytes. */
  readonly username?: string | undefined;
  /** The same for the password; empty where there is only a user name. */
  readonly password?: string | undefined;
}

/**
 * A `dial` function through a SOCKS5 proxy, which resolves the server's name.
 *
 * Fails with a TransportError: `PROXY_REFUSED` where the proxy says no, else that of the connection to it.
 *
 * @throws InvalidArgumentError for a proxy, user name or password that cannot be used
 *
 * @example
 * connect({ servers, transports: [tcpTransport({ dial: socks5({ proxy: "socks5://127.0.0.1:1080" }) })] });
 */
export function socks5(options: Socks5Options): Dial {
  const proxy = proxyAddress(options?.proxy, { socks5: 1080, socks5h: 1080 });
  const credentials = credentialsOf(options.username ?? proxy.username, options.password ?? proxy.password);
  const loader = new TlsMaterialLoader();
  return async ({ hostname, port }, signal) => {
    const server = formatAddress(hostname, port);
    const refuse = (problem: string) => proxyRefused(proxy, server, problem);
    const address = addressBytes(hostname);
    if (address === undefined) throw refuse("SOCKS takes no name that long");
    const stream = await connectProxy(proxy, undefined, loader, signal);
    const ended = () => refuse("it closed the connection without an answer");
    return overProxy(stream, signal, ended, async (reader) => {
      await introduce(reader, credentials, refuse);
      reader.write(Buffer.from([VERSION, CONNECT, 0, ...address, port >> 8, port & 0xff]));
      await answered(reader, refuse);
    });
  };
}

type Refuse = (problem: string) => ReturnType<typeof proxyRefused>;

async function introduce(reader: ProxyReader, credentials: Buffer | undefined, refuse: Refuse): Promise<void> {
  const methods = credentials === undefined ? [NO_AUTH] : [NO_AUTH, USER_PASS];
  reader.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await reader.read(2);
  if (version !== VERSION) throw refuse("it did not answer as SOCKS 5 does: check that it is a SOCKS5 proxy");
  if (method === NO_AUTH) return;
  if (method !== USER_PASS || credentials === undefined) {
    throw refuse(
      credentials === undefined
        ? "it wants credentials: give username and password"
        : "it takes neither no credentials nor user name and password",
    );
  }
  reader.write(credentials);
  const [, status] = await reader.read(2);
  if (status !== 0) throw refuse("it refused the user name and password");
}

// RFC 1928 §6.
const REPLIES: ReadonlyMap<number, string> = new Map([
  [1, "it failed (general SOCKS server failure)"],
  [2, "its rules do not allow this server (connection not allowed by ruleset)"],
  [3, "it has no way to the server's network (network unreachable)"],
  [4, "it cannot reach the server, or does not know the name (host unreachable)"],
  [5, "the server refused the connection: is it listening there (connection refused)"],
  [6, "it gave up on the way (TTL expired)"],
  [7, "it does not know CONNECT (command not supported)"],
  [8, "it does not take this kind of address (address type not supported)"],
]);

async function answered(reader: ProxyReader, refuse: Refuse): Promise<void> {
  const [version, reply = -1, , kind] = await reader.read(4);
  if (version !== VERSION) throw refuse("it did not answer as SOCKS 5 does: check that it is a SOCKS5 proxy");
  if (reply !== 0) throw refuse(`${REPLIES.get(reply) ?? "it said no for a reason of its own"}, reply ${reply}`);
  // The address it is bound to, which nobody needs but which stands before the first byte of the server.
  const length = kind === IPV4 ? 4 : kind === IPV6 ? 16 : kind === NAME ? (await reader.read(1))[0] : undefined;
  if (length === undefined) throw refuse(`it answered with an address of unknown kind ${String(kind)}`);
  await reader.read(length + 2);
}

function credentialsOf(username: unknown, password: unknown): Buffer | undefined {
  if (username === undefined && password === undefined) return undefined;
  const [user, pass] = [bytesOf("username", username), bytesOf("password", password ?? "")];
  return Buffer.from([AUTH_VERSION, user.length, ...user, pass.length, ...pass]);
}

function bytesOf(name: "username" | "password", text: unknown): Buffer {
  const bytes = typeof text === "string" ? Buffer.from(text) : undefined;
  if (bytes === undefined || bytes.length > 255 || (name === "username" && bytes.length === 0)) {
    throw new InvalidArgumentError(name, "must be text of 1 to 255 bytes");
  }
  return bytes;
}

function addressBytes(hostname: string): readonly number[] | undefined {
  if (isIP(hostname) === 4) return [IPV4, ...hostname.split(".").map(Number)];
  if (isIP(hostname) === 6 && !hostname.includes("%")) return [IPV6, ...ipv6Bytes(hostname)];
  const name = Buffer.from(hostname);
  return name.length > 255 ? undefined : [NAME, name.length, ...name];
}

// RFC 4291 §2.2, of text that isIP() has judged.
function ipv6Bytes(address: string): number[] {
  const groupsOf = (part: string): number[] =>
    part === ""
      ? []
      : part.split(":").flatMap((group) => {
          if (!group.includes(".")) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const [head = "", tail] = address.split("::");
  const [left, right] = [groupsOf(head), groupsOf(tail ?? "")];
  const groups = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}
