// What the proxies of this package have in common: where one is, a connection to it, and reading its answers byte by byte without
// taking what belongs to the stream behind them. Knows no proxy protocol and never names a secret.

import type { Duplex } from "node:stream";
import { InvalidArgumentError, type TlsOptions, TransportError } from "@myelin/contracts";
import { formatAddress } from "./addresses.js";
import { dial } from "./dial.js";
import { race } from "./race.js";
import { everyAddressFailed } from "./socket-errors.js";
import { systemDelay } from "./system.js";
import { handshake } from "./tls-handshake.js";
import type { TlsMaterialLoader } from "./tls-material.js";

/** Where a proxy is, and who we are there. */
export interface ProxyAddress {
  readonly scheme: string;
  readonly hostname: string;
  readonly port: number;
  /** `host:port`, for messages. */
  readonly label: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/**
 * Reads `host:port` or a URL with one of these schemes, the first of them by default.
 *
 * @throws InvalidArgumentError that never shows what may be a secret
 */
export function proxyAddress(proxy: unknown, schemes: Readonly<Record<string, number>>): ProxyAddress {
  const [first = ""] = Object.keys(schemes);
  const refuse = (): InvalidArgumentError =>
    new InvalidArgumentError(
      "proxy",
      `must be host:port or a URL such as ${first}://proxy.example.com:${schemes[first]}`,
    );
  if (typeof proxy !== "string" || proxy.trim() === "") throw refuse();
  const given = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(proxy.trim());
  const scheme = (given?.[1] ?? first).toLowerCase();
  const standard = schemes[scheme];
  if (standard === undefined) throw refuse();
  let url: URL;
  try {
    // A scheme the URL parser treats as hierarchical and without a default port.
    url = new URL(`ws-proxy://${given?.[2] ?? proxy.trim()}`);
  } catch {
    throw refuse();
  }
  const { pathname, search, hash } = url;
  if (url.hostname === "" || !(pathname === "" || pathname === "/") || search !== "" || hash !== "") throw refuse();
  const hostname = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  const port = url.port === "" ? standard : Number(url.port);
  if (port === 0) throw refuse();
  const [username, password] = [url.username, url.password].map((text) => {
    try {
      return text === "" ? undefined : decodeURIComponent(text);
    } catch {
      throw refuse();
    }
  });
  return { scheme, hostname, port, label: formatAddress(hostname, port), username, password };
}

/** The error of a proxy that answered and does not lead to the server. */
export function proxyRefused(
  proxy: ProxyAddress,
  server: string,
  problem: string,
  options?: ErrorOptions,
): TransportError {
  const message = `${server} could not be reached by way of the proxy ${proxy.label}: ${problem}`;
  return new TransportError("PROXY_REFUSED", "tcp", message, server, options);
}

/** A connection to the proxy itself, with TLS where its scheme is `https`. Rejects with a TransportError or the signal's reason. */
export async function connectProxy(
  proxy: ProxyAddress,
  tls: TlsOptions | undefined,
  loader: TlsMaterialLoader,
  signal: AbortSignal,
): Promise<Duplex> {
  const { hostname, label, port } = proxy;
  const named = `proxy ${label}`;
  const secure = proxy.scheme === "https";
  const loaded = secure ? await loader.load({ url: named, serverName: hostname, tls }, {}, signal) : undefined;
  const socket = await race<string, Duplex>(
    [hostname],
    (host, won, failed) => dial({ host, port }, named, { noDelay: true, keepAlive: false }, {}, won, failed),
    { stagger: 0, delay: systemDelay, signal, allFailed: (errors) => everyAddressFailed(named, errors) },
  );
  if (loaded === undefined) return socket;
  return handshake(socket, loaded.material, named, signal, (secured) => secured);
}

/** Talks to a proxy over a stream of its own, which it destroys when that fails. */
export async function overProxy(
  stream: Duplex,
  signal: AbortSignal,
  ended: () => TransportError,
  talk: (proxy: ProxyReader) => Promise<void>,
): Promise<Duplex> {
  const reader = new ProxyReader(stream, signal, ended);
  try {
    await talk(reader);
    signal.throwIfAborted();
    return stream;
  } catch (error) {
    stream.destroy();
    throw error;
  } finally {
    reader.stop();
  }
}

/** Reads exactly what it is asked for, and leaves the rest in the stream. */
export class ProxyReader {
  readonly #stream: Duplex;
  readonly #signal: AbortSignal;
  readonly #ended: () => TransportError;
  #over: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(stream: Duplex, signal: AbortSignal, ended: () => TransportError) {
    this.#stream = stream;
    this.#signal = signal;
    this.#ended = ended;
    stream.on("readable", this.#onReadable);
    stream.on("end", this.#onEnd);
    stream.on("close", this.#onEnd);
    signal.addEventListener("abort", this.#onAbort);
    if (signal.aborted) this.#onAbort();
  }

  write(bytes: Uint8Array | string): void {
    this.#stream.write(bytes);
  }

  /** The next `length` bytes. */
  async read(length: number): Promise<Buffer> {
    for (;;) {
      // Null while there are fewer; at the end of the stream it answers what there is.
      const bytes = this.#over === undefined ? (this.#stream.read(length) as Buffer | null) : null;
      if (bytes !== null && bytes.length === length) return bytes;
      await this.#more();
    }
  }

  /** Everything up to and with `mark`; `undefined` when that is not among the next `most` bytes. */
  async readUntil(mark: string, most: number): Promise<string | undefined> {
    let text = "";
    for (;;) {
      const bytes = this.#over === undefined ? (this.#stream.read() as Buffer | null) : null;
      if (bytes === null) {
        await this.#more();
        continue;
      }
      text += bytes.toString("latin1");
      const at = text.indexOf(mark);
      if (at >= 0) {
        const end = at + mark.length;
        if (text.length > end) this.#stream.unshift(Buffer.from(text.slice(end), "latin1"));
        return text.slice(0, end);
      }
      if (text.length > most) return undefined;
    }
  }

  stop(): void {
    this.#stream.off("readable", this.#onReadable);
    this.#stream.off("end", this.#onEnd);
    this.#stream.off("close", this.#onEnd);
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  async #more(): Promise<void> {
    if (this.#over === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#over !== undefined) throw this.#over.error;
  }

  readonly #onReadable = (): void => this.#wake();

  readonly #onEnd = (): void => {
    this.#over ??= { error: this.#ended() };
    this.#wake();
  };

  readonly #onAbort = (): void => {
    this.#over ??= { error: this.#signal.reason };
    this.#wake();
  };
}
