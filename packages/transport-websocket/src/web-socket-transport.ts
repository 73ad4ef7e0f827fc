// WebSocket, with the TLS of the runtime under it: what is asked of a dial, what this runtime cannot do, and which socket it
// is made with. Stateless between dials. Must not know NATS bytes, the pool, credentials, the client, or a runtime: what one
// has to offer is a `WebSocketRuntime`. Sources: WHATWG WebSockets, the documentation of ws.

import {
  type DialTarget,
  InvalidArgumentError,
  type Transport,
  type TransportConnection,
  TransportError,
  type TransportPhase,
  type TransportSink,
} from "@myelin/contracts";
import { abortable, type MadeSocket, openWebSocket } from "./open-web-socket.js";
import { type Delay, systemDelay } from "./system-delay.js";
import type { ReadFile } from "./tls.js";
import {
  discard,
  type WebSocketConstructor,
  type WebSocketEvent,
  type WebSocketLike,
  type WsConstructor,
} from "./web-socket.js";
import { constructionError, openingError, unsupported, withoutQueries } from "./web-socket-errors.js";

/** Fields of the upgrade request. */
export type UpgradeHeaders = Readonly<Record<string, string>>;

/** Makes the socket of one dial; `signal` aborts when the dial is given up. */
export type WebSocketFactory = (
  url: string,
  signal: AbortSignal,
) => Promise<{ readonly socket: WebSocketLike; readonly encrypted: boolean }>;

/** How {@link webSocketTransport} dials; all have defaults. */
export interface WebSocketTransportOptions {
  /**
   * The constructor. Default: that of the `ws` package where it is installed on Node, else the runtime's global one. Given
   * that of `ws`, headers, agent and TLS options work in every runtime it runs in.
   */
  readonly webSocket?: WebSocketConstructor | undefined;
  /** Makes every socket, in place of a constructor; excludes `webSocket`, `headers` and `agent`. */
  readonly factory?: WebSocketFactory | undefined;
  /** Fields of the upgrade request, or a function asked for them at every dial. Needs `ws`. */
  readonly headers?: UpgradeHeaders | ((url: string) => UpgradeHeaders | Promise<UpgradeHeaders>) | undefined;
  /** An `http.Agent` to dial with, such as that of a proxy. Needs `ws`. */
  readonly agent?: object | undefined;
  /** Bytes one received message may have; more ends the link. Default 128 MiB. */
  readonly maxMessageSize?: number | undefined;
  /** Bytes kept while reading is paused and the socket cannot be; more ends the link. Default 64 MiB. */
  readonly maxHeldBytes?: number | undefined;
  /** Source of delays, for tests under virtual time. Default: the runtime's timers. */
  readonly clock?: Delay | undefined;
}

/**
 * Defaults of {@link webSocketTransport}, in bytes: what a server puts into one message at most (its `max_pending` of 64 MiB
 * and one message on top), and that `max_pending` again.
 */
export const defaults: Readonly<{ maxMessageSize: number; maxHeldBytes: number }> = Object.freeze({
  maxMessageSize: 128 * 1024 * 1024,
  maxHeldBytes: 64 * 1024 * 1024,
});

/** What a runtime has for a WebSocket. */
export interface WebSocketRuntime {
  /** The constructor when none is given; `undefined` = there is none. */
  find(): Promise<WebSocketConstructor | undefined>;
  /** Absent where there are no files. */
  readonly readFile?: ReadFile | undefined;
  /** Absent where `ws` cannot be. */
  readonly ws?: WsSupport | undefined;
}

/** How to get out of `ws` what a W3C WebSocket does not have. */
export interface WsSupport {
  /** The constructor as that of `ws`, if it is. */
  asWs(make: WebSocketConstructor): WsConstructor | undefined;
  /** Options of its request for the `tls` of a dial; rejects with what is wrong with them. */
  tlsOptionsOf(
    target: DialTarget,
    readFile: ReadFile | undefined,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Why a socket did not open. */
  openingError(address: string, event: WebSocketEvent): TransportError;
}

/** The transport of one runtime. Throws `InvalidArgumentError` for unusable options. */
export function transportOf(options: WebSocketTransportOptions, runtime: WebSocketRuntime): Transport {
  const { factory, webSocket, headers, agent } = options;
  if (factory !== undefined && (webSocket !== undefined || headers !== undefined || agent !== undefined)) {
    throw new InvalidArgumentError("factory", "excludes webSocket, headers and agent: it makes the whole socket");
  }
  for (const [name, value] of Object.entries({ factory, webSocket })) {
    if (value !== undefined && typeof value !== "function") throw new InvalidArgumentError(name, "must be a function");
  }
  return new WebSocketTransport(options, runtime, {
    maxMessageSize: bytes("maxMessageSize", options.maxMessageSize, defaults.maxMessageSize),
    maxHeldBytes: bytes("maxHeldBytes", options.maxHeldBytes, defaults.maxHeldBytes),
  });
}

/** A dial that lacks nothing but its socket; `unwanted` when it was given up in the meantime. */
interface Prepared {
  socket(): MadeSocket;
  unwanted(): void;
}

class WebSocketTransport implements Transport {
  readonly schemes: readonly string[] = ["ws", "wss"];
  readonly #options: WebSocketTransportOptions;
  readonly #runtime: WebSocketRuntime;
  readonly #limits: { readonly maxMessageSize: number; readonly maxHeldBytes: number };

  constructor(options: WebSocketTransportOptions, runtime: WebSocketRuntime, limits: typeof defaults) {
    this.#options = { ...options };
    this.#runtime = runtime;
    this.#limits = limits;
  }

  async connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<TransportConnection> {
    signal.throwIfAborted();
    const { scheme, hostname, port, path } = target;
    if (!this.schemes.includes(scheme) || hostname === "" || !(port > 0 && port < 65_536)) {
      throw unsupported("tcp", `${target.url} is not for a WebSocket: it takes ws:// or wss://, a host and a port`);
    }
    const host = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
    const url = `${scheme}://${host}${path.startsWith("?") ? `/${path}` : path}`;
    // A query may hold what nobody should read in a log.
    const address = `${scheme}://${host}${path.replace(/\?.*$/s, "")}`;
    const make = await abortable(this.#prepare(target, url, address, signal), signal, ({ unwanted }) => unwanted());
    const delay = this.#options.clock ?? systemDelay;
    const why = this.#runtime.ws?.openingError ?? openingError;
    return openWebSocket(make.socket(), { address, sink, delay, ...this.#limits }, why, signal);
  }

  // Everything that takes time happens here, so that a constructor is called in the turn that listens to its socket.
  async #prepare(target: DialTarget, url: string, address: string, signal: AbortSignal): Promise<Prepared> {
    const { factory, headers, agent } = this.#options;
    const encrypted = target.scheme === "wss";
    if (!encrypted && target.tls !== undefined) {
      throw unsupported("tls", `${address}: the tls option demands TLS, which ws:// does not have; use wss://`);
    }
    if (factory !== undefined) {
      const made = await this.#run(address, "factory", () => factory(url, signal));
      return { socket: () => made, unwanted: () => discard(made.socket) };
    }
    const Plain = this.#options.webSocket ?? (await this.#runtime.find());
    if (Plain === undefined) {
      const message = `${address}: this runtime has no WebSocket; install ws, or use Node 22 or newer, or give webSocket`;
      throw unsupported("tcp", message);
    }
    const { readFile, ws } = this.#runtime;
    const Ws = ws?.asWs(Plain);
    if (ws === undefined || Ws === undefined) {
      refuse(address, refusedTls(target), "tls");
      refuse(address, headers && "headers", "tcp");
      refuse(address, agent && "agent", "tcp");
      return constructed(address, encrypted, () => new Plain(url));
    }
    const tls = encrypted ? await ws.tlsOptionsOf(target, readFile, signal) : {};
    const fields = typeof headers === "function" ? await this.#run(address, "headers", () => headers(url)) : headers;
    const options = {
      ...tls,
      ...(fields === undefined ? {} : { headers: { ...fields } }),
      ...(agent === undefined ? {} : { agent }),
      // NATS gains nothing from compressed frames, and a server offers none by default.
      perMessageDeflate: false,
      maxPayload: this.#limits.maxMessageSize,
    };
    return constructed(address, encrypted, () => new Ws(url, [], options));
  }

  async #run<T>(address: string, name: string, call: () => T | Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      const message = `${address}: the function given as ${name} threw`;
      throw new TransportError("CONNECT_FAILED", "tcp", message, address, { cause: withoutQueries(cause) });
    }
  }
}

const MATERIAL = ["ca", "cert", "key", "caFile", "certFile", "keyFile", "passphrase", "servername"] as const;

// The first TLS option that would be lost on a plain WebSocket, such as "tls.ca"; a function is one as a whole.
function refusedTls({ tls }: DialTarget): string | undefined {
  if (typeof tls === "function") return "tls function";
  const name = MATERIAL.find((one) => tls?.[one] !== undefined);
  if (name !== undefined) return `tls.${name}`;
  return tls?.rejectUnauthorized === false ? "tls.rejectUnauthorized" : undefined;
}

// What this runtime's WebSocket would silently ignore.
function refuse(address: string, option: string | undefined, phase: TransportPhase): void {
  if (option === undefined) return;
  const what = `the WebSocket of this runtime takes no ${option}`;
  throw unsupported(phase, `${address}: ${what}; install ws and, but for Node, give its constructor as webSocket`);
}

function constructed(address: string, encrypted: boolean, make: () => WebSocketLike): Prepared {
  return {
    socket: () => {
      try {
        return { socket: make(), encrypted };
      } catch (cause) {
        throw constructionError(address, cause);
      }
    },
    unwanted: () => {},
  };
}

function bytes(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (!(Number.isInteger(value) && value > 0)) throw new InvalidArgumentError(name, "must be 1 byte or more");
  return value;
}
