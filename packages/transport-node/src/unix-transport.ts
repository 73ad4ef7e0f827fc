// Unix domain sockets (named pipes on Windows): a path instead of an address. Must not know what flows over it. nats-server
// itself does not listen on one; a proxy or sidecar beside the client does. Source: node:net, unix(7).

import type { Socket } from "node:net";
import {
  type DialTarget,
  type Transport,
  type TransportConnection,
  TransportError,
  type TransportSink,
} from "@myelin/contracts";
import { dial } from "./dial.js";
import { abortable, openStream } from "./open-stream.js";
import { race } from "./race.js";
import { everyAddressFailed } from "./socket-errors.js";
import { type Delay, systemDelay } from "./system.js";
import { TlsMaterialLoader } from "./tls-material.js";

/** How {@link unixTransport} dials; all have defaults. */
export interface UnixTransportOptions {
  /** Source of delays, for tests under virtual time. Default: the runtime's timers. */
  readonly clock?: Delay | undefined;
}

/** A transport for `unix:///path`: dials `target.path`. TLS works over it when the target has a server name. */
export function unixTransport(options: UnixTransportOptions = {}): Transport {
  return new UnixTransport(options.clock ?? systemDelay);
}

class UnixTransport implements Transport {
  readonly schemes: readonly string[] = ["unix"];
  readonly #delay: Delay;
  readonly #tls = new TlsMaterialLoader();

  constructor(delay: Delay) {
    this.#delay = delay;
  }

  async connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<TransportConnection> {
    signal.throwIfAborted();
    const { path } = target;
    if (target.scheme !== "unix" || path === "") {
      const message = `${target.url} is not for a unix socket: it takes unix:// and a path`;
      throw new TransportError("UNSUPPORTED_TARGET", "tcp", message, undefined);
    }
    const loading = this.#tls.load(target, sink, signal);
    const tls = loading instanceof Promise ? await abortable(loading, signal) : loading;
    const socket = await this.#dial(path, sink, signal);
    const secure = target.handshakeFirst || tls.handshakeFirst;
    return openStream({ socket, label: path, tls, delay: this.#delay, sink, signal, secure });
  }

  // A race of one: the same clean-up on abort as TCP has.
  #dial(path: string, sink: TransportSink, signal: AbortSignal): Promise<Socket> {
    return race<string, Socket>(
      [path],
      (candidate, won, failed) =>
        dial({ path: candidate }, candidate, { noDelay: false, keepAlive: false }, sink, won, failed),
      { stagger: 0, delay: this.#delay, signal, allFailed: (errors) => everyAddressFailed(path, errors) },
    );
  }
}
