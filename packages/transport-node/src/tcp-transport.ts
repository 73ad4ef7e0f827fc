// TCP, with TLS on top when asked: resolve, race the addresses, shake hands. Must not know NATS bytes, the pool, credentials
// or the client. Sources: RFC 8305, ADR-11 (addresses of a name), ADR-40 (TLS first).

import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import {
  type DialTarget,
  InvalidArgumentError,
  type Random,
  type Transport,
  type TransportConnection,
  TransportError,
  type TransportSink,
} from "@myelin/contracts";
import {
  formatAddress,
  type Lookup,
  orderAddresses,
  type ResolvedAddress,
  resolveAddresses,
  systemLookup,
} from "./addresses.js";
import { dial, type SocketSettings } from "./dial.js";
import { type Dial, dialByHook } from "./dial-hook.js";
import { abortable, openStream } from "./open-stream.js";
import { race } from "./race.js";
import { everyAddressFailed } from "./socket-errors.js";
import { type Delay, systemDelay, systemRandom } from "./system.js";
import { TlsMaterialLoader } from "./tls-material.js";

/** How {@link tcpTransport} dials; all have defaults. */
export interface TcpTransportOptions {
  /** Shuffles the addresses of a name. Default: the runtime's generator. */
  readonly random?: Random | undefined;
  /** Resolves a name at every dial; never asked for an IP address. Default: the operating system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Ms until the next address of a name is tried beside the last one (RFC 8305 §5). Default 250. */
  readonly connectionAttemptDelay?: number | undefined;
  /** Send small writes at once, without Nagle's algorithm. Default `true`. */
  readonly noDelay?: boolean | undefined;
  /**
   * Ms of silence before the kernel probes the peer; `false` = never. Default `false`: the protocol's own PING judges,
   * and Node's probes give a connection up ten seconds after the first one stays unanswered.
   */
  readonly keepAlive?: number | false | undefined;
  /**
   * Makes every stream in place of this transport's own sockets, through a proxy or whatever else: `httpConnect()`, `socks5()`, or a
   * function of yours. Names are left to it, so `lookup` and `connectionAttemptDelay` are excluded; `noDelay` and `keepAlive` are its own
   * business. TLS comes on top.
   */
  readonly dial?: Dial | undefined;
  /** Source of delays, for tests under virtual time. Default: the runtime's timers. */
  readonly clock?: Delay | undefined;
}

/** Defaults of {@link tcpTransport}; times in ms. */
export const defaults: Readonly<{ connectionAttemptDelay: number; noDelay: boolean; keepAlive: number | false }> =
  Object.freeze({ connectionAttemptDelay: 250, noDelay: true, keepAlive: false });

/**
 * A transport for `nats://` and `tls://` over TCP. Each dial resolves the name anew and races its addresses; the first
 * that connects wins and the others leave no socket. Throws `InvalidArgumentError` for unusable options.
 */
export function tcpTransport(options: TcpTransportOptions = {}): Transport {
  const stagger = options.connectionAttemptDelay ?? defaults.connectionAttemptDelay;
  const keepAlive = options.keepAlive ?? defaults.keepAlive;
  requireMilliseconds("connectionAttemptDelay", stagger);
  if (keepAlive !== false) requireMilliseconds("keepAlive", keepAlive);
  const { dial: hook } = options;
  if (hook !== undefined) {
    if (typeof hook !== "function") throw new InvalidArgumentError("dial", "must be a function");
    for (const name of ["lookup", "connectionAttemptDelay"] as const) {
      if (options[name] !== undefined) throw new InvalidArgumentError(name, "excludes dial, to which names are left");
    }
  }
  return new TcpTransport({
    hook,
    random: options.random ?? systemRandom,
    lookup: options.lookup ?? systemLookup,
    delay: options.clock ?? systemDelay,
    settings: { noDelay: options.noDelay ?? defaults.noDelay, keepAlive },
    stagger,
  });
}

interface Resolved {
  readonly hook: Dial | undefined;
  readonly random: Random;
  readonly lookup: Lookup;
  readonly delay: Delay;
  readonly settings: SocketSettings;
  readonly stagger: number;
}

class TcpTransport implements Transport {
  readonly schemes: readonly string[] = ["nats", "tls"];
  readonly #options: Resolved;
  readonly #tls = new TlsMaterialLoader();

  constructor(options: Resolved) {
    this.#options = options;
  }

  async connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<TransportConnection> {
    signal.throwIfAborted();
    const { delay } = this.#options;
    if (!this.schemes.includes(target.scheme) || target.hostname === "" || !(target.port > 0 && target.port < 65_536)) {
      const message = `${target.url} is not for TCP: it takes nats:// or tls://, a host and a port`;
      throw new TransportError("UNSUPPORTED_TARGET", "tcp", message, undefined);
    }
    const loading = this.#tls.load(target, sink, signal);
    const tls = loading instanceof Promise ? await abortable(loading, signal) : loading;
    const { socket, label } = await this.#connected(target, sink, signal);
    const secure = target.handshakeFirst || tls.handshakeFirst;
    if (secure) target.reached?.("tls");
    return openStream({ socket, label, tls, delay, sink, signal, secure });
  }

  async #connected(
    target: DialTarget,
    sink: TransportSink,
    signal: AbortSignal,
  ): Promise<{ readonly socket: Duplex; readonly label: string }> {
    const { hook, lookup, random } = this.#options;
    if (hook !== undefined) {
      target.reached?.("tcp");
      const { url, hostname, port } = target;
      const label = formatAddress(hostname, port);
      return { socket: await dialByHook(hook, { url, hostname, port }, label, signal), label };
    }
    target.reached?.("dns");
    const family = isIP(target.hostname);
    // An address is not looked up, nor is what Node is to look up.
    const found =
      family !== 0 || target.resolveName === false
        ? [{ address: target.hostname, family }]
        : await abortable(resolveAddresses(target.hostname, lookup, signal), signal);
    const candidates = orderAddresses(found, target.shuffleAddresses ? random : undefined);
    target.reached?.("tcp");
    return this.#race(target, sink, candidates, signal);
  }

  #race(
    target: DialTarget,
    sink: TransportSink,
    candidates: readonly ResolvedAddress[],
    signal: AbortSignal,
  ): Promise<{ readonly socket: Duplex; readonly label: string }> {
    const { stagger, delay, settings } = this.#options;
    return race<ResolvedAddress, { socket: Duplex; label: string }>(
      candidates,
      ({ address }, won, failed) => {
        const label = formatAddress(address, target.port);
        const endpoint = { host: address, port: target.port };
        return dial(endpoint, label, settings, sink, (socket) => won({ socket, label }), failed);
      },
      {
        stagger,
        delay,
        signal,
        allFailed: (errors) => everyAddressFailed(formatAddress(target.hostname, target.port), errors),
      },
    );
  }
}

function requireMilliseconds(argument: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw new InvalidArgumentError(argument, "must be 0 ms or more");
}
