// A network inside a process: addresses to listen on and to dial, and the ways a network fails. Its Transport passes the
// same contract suite as the real ones. One direction of a stream is memory-pipe.ts; no NATS bytes here.

import { type Clock, type DialTarget, type Transport, TransportError, type TransportSink } from "@myelin/contracts";
import { MemoryConnection, type MemoryPeer } from "./memory-connection.js";

/** What a listener does with a stream that was dialled. */
export interface MemoryPeerHandler {
  /** The chunk belongs to the handler. */
  data(chunk: Uint8Array): void;
  /** Once, and last; `reset` when the other side broke the stream or this one did. */
  closed(how: "end" | "reset"): void;
}

/** Somebody who accepts streams at an address. */
export interface MemoryListener {
  /** Stops accepting; open streams stay. */
  close(): void;
}

/** One call of `transport.connect`. */
export interface MemoryDial {
  /** As dialled. */
  readonly hostname: string;
  /** As dialled. */
  readonly port: number;
  /** `clock.now()` at the call. */
  readonly at: number;
}

/** Time, and how streams are cut. */
export interface MemoryNetworkOptions {
  /** Whose time passes on it. */
  readonly clock: Clock;
  /** Most bytes delivered at once. Default 65536; small values cut operations in pieces. */
  readonly chunkSize?: number;
  /** Milliseconds a dial takes. Default 0: it is done at the end of the turn. */
  readonly dialTime?: number;
}

type Fault = "refuse" | "black-hole" | "unresolvable";

/** Addresses inside a process, and what can go wrong with them. */
export interface MemoryNetwork {
  /** Dials this network; schemes `nats` and `tls`. `startTls` encrypts in name only. */
  readonly transport: Transport;
  /** As given. */
  readonly clock: Clock;
  /** Every dial so far, in order. */
  readonly dials: readonly MemoryDial[];
  /** Accepts streams at an address; throws when someone does already. */
  listen(hostname: string, port: number, accept: (peer: MemoryPeer) => MemoryPeerHandler): MemoryListener;
  /** Dials are refused, as when nobody listens. */
  refuse(hostname: string, port: number): void;
  /** Dials are never answered, and on open streams nothing arrives in either direction, until `heal`. */
  blackHole(hostname: string, port: number): void;
  /** The name does not resolve. */
  unresolvable(hostname: string): void;
  /** TLS handshakes with the address fail. */
  failTls(hostname: string, port: number): void;
  /** Undoes every fault of the address and of its name. */
  heal(hostname: string, port: number): void;
  /** Breaks every open stream of the address, on both sides. */
  drop(hostname: string, port: number): void;
}

/** Makes an empty network: every dial is refused until someone listens. */
export function memoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const { clock, chunkSize = 65_536, dialTime = 0 } = options;
  const listeners = new Map<string, (peer: MemoryPeer) => MemoryPeerHandler>();
  const faults = new Map<string, Fault>();
  const badTls = new Set<string>();
  const open = new Map<string, Set<MemoryConnection>>();
  const dials: MemoryDial[] = [];
  const key = (hostname: string, port: number): string => `${hostname.toLowerCase()}:${port}`;
  const holdAll = (address: string, held: boolean): void => {
    for (const connection of open.get(address) ?? []) connection.hold(held);
  };

  function establish(address: string, target: DialTarget, sink: TransportSink): MemoryConnection {
    const fault = faults.get(target.hostname) ?? faults.get(address);
    const accept = listeners.get(address);
    if (fault === "unresolvable") throw failure("DNS_FAILED", target, "does not resolve", "ENOTFOUND");
    if (fault === "refuse" || accept === undefined) {
      throw failure("CONNECTION_REFUSED", target, "refused the connection", "ECONNREFUSED");
    }
    if (target.handshakeFirst && badTls.has(address)) throw tlsFailure(target);
    const streams = open.get(address) ?? new Set();
    open.set(address, streams);
    const connection = new MemoryConnection({
      clock,
      chunkSize,
      address,
      sink,
      encrypted: target.handshakeFirst,
      tls: () => (badTls.has(address) ? tlsFailure(target) : undefined),
      gone: () => streams.delete(connection),
    });
    streams.add(connection);
    connection.peer.handle(accept(connection.peer));
    return connection;
  }

  const transport: Transport = {
    schemes: ["nats", "tls"],
    connect(target, sink, signal) {
      return new Promise((resolve, reject) => {
        if (!transport.schemes.includes(target.scheme)) {
          const message = `${target.url}: the memory network has no scheme ${target.scheme}, only nats and tls`;
          throw new TransportError("UNSUPPORTED_TARGET", "tcp", message, target.url);
        }
        if (signal.aborted) throw signal.reason;
        const address = key(target.hostname, target.port);
        dials.push({ hostname: target.hostname, port: target.port, at: clock.now() });
        const answer = (): void => {
          if (signal.aborted) return;
          // A dial into a black hole stays open: only the signal ends it.
          if (faults.get(address) === "black-hole") return;
          signal.removeEventListener("abort", abort);
          try {
            resolve(establish(address, target, sink));
          } catch (error) {
            reject(error);
          }
        };
        const cancel = dialTime > 0 ? clock.after(dialTime, answer) : () => {};
        if (dialTime === 0) clock.endOfTurn(answer);
        const abort = (): void => {
          cancel();
          reject(signal.reason);
        };
        signal.addEventListener("abort", abort, { once: true });
      });
    },
  };

  return {
    transport,
    clock,
    dials,
    listen(hostname, port, accept) {
      const address = key(hostname, port);
      if (listeners.has(address)) throw new Error(`${address} is in use on this memory network`);
      listeners.set(address, accept);
      return {
        close: () => {
          if (listeners.get(address) === accept) listeners.delete(address);
        },
      };
    },
    refuse: (hostname, port) => void faults.set(key(hostname, port), "refuse"),
    blackHole(hostname, port) {
      faults.set(key(hostname, port), "black-hole");
      holdAll(key(hostname, port), true);
    },
    unresolvable: (hostname) => void faults.set(hostname.toLowerCase(), "unresolvable"),
    failTls: (hostname, port) => void badTls.add(key(hostname, port)),
    heal(hostname, port) {
      faults.delete(key(hostname, port));
      faults.delete(hostname.toLowerCase());
      badTls.delete(key(hostname, port));
      holdAll(key(hostname, port), false);
    },
    drop(hostname, port) {
      for (const connection of [...(open.get(key(hostname, port)) ?? [])]) connection.tear();
    },
  };
}

function failure(
  code: "DNS_FAILED" | "CONNECTION_REFUSED",
  { hostname, port }: DialTarget,
  what: string,
  errno: string,
): TransportError {
  const address = code === "DNS_FAILED" ? hostname : `${hostname}:${port}`;
  const cause = Object.assign(new Error(`${errno} ${address}`), { code: errno });
  return new TransportError(code, code === "DNS_FAILED" ? "dns" : "tcp", `${address} ${what}`, address, { cause });
}

function tlsFailure({ hostname, port }: DialTarget): TransportError {
  const address = `${hostname}:${port}`;
  return new TransportError("TLS_FAILED", "tls", `${address} failed the TLS handshake`, address);
}
