// The WebSocket of the page, or of whatever runtime has a global one, as a transport without any option. That of
// @myelin/transport-websocket does the same with headers, agents, limits and back-pressure, and weighs four times as much: give
// it as `transports` where that is wanted. Source: WHATWG WebSockets, RFC 6455 §7.4 (close codes).

import {
  type Clock,
  type DialTarget,
  type Transport,
  type TransportConnection,
  TransportError,
  type TransportErrorCode,
  type TransportSink,
} from "@myelin/contracts";
import { deferred } from "./deferred.js";

/** What a link uses of a transport: nothing here is ever paused. */
export interface Dialling extends Pick<Transport, "schemes"> {
  connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<ByteStream>;
}

/** What a link uses of an open stream. */
export type ByteStream = Pick<TransportConnection, "encrypted" | "remoteAddress" | "write" | "close" | "destroy">;

/** Queued bytes from which `write` answers `false`, and at which it is told to go on. */
const HIGH_WATER = 256 * 1024;
const LOW_WATER = HIGH_WATER / 4;

/** Ms between two looks at a backlog, for no event tells when it is gone. */
const LOOK = 16;

export function pageSocket(clock: Clock): Dialling {
  return { schemes: ["ws", "wss"], connect: (target, sink, signal) => open(clock, target, sink, signal) };
}

function open(clock: Clock, target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const { hostname, path, port, scheme } = target;
    const origin = `${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
    // A query may hold what nobody should read in a log.
    const address = origin + path.replace(/\?.*/s, "");
    const failure = (code: TransportErrorCode, what: string): TransportError =>
      new TransportError(code, phase === "dialing" ? "tcp" : "stream", `${address} ${what}`, address);
    // over: it has ended, or is destroyed and the sink told in a moment.
    let phase: "dialing" | "open" | "over" = "dialing";
    let stopLooking: (() => void) | undefined;
    const closed = deferred();
    let socket: WebSocket;
    try {
      signal.throwIfAborted();
      socket = new WebSocket(origin + path);
    } catch (cause) {
      const why = "could not be opened; no WebSocket, or ws:// from https://";
      return reject(signal.aborted ? cause : failure("UNSUPPORTED_TARGET", why));
    }

    const leave = (): void => {
      phase = "over";
      socket.onmessage = socket.onclose = null;
      stopLooking?.();
    };
    const finish = (why?: TransportError): void => {
      leave();
      sink.closed(why);
      closed.resolve();
    };
    const destroy = (why?: TransportError): void => {
      if (phase !== "open") return;
      leave();
      socket.close();
      // A WebSocket has no "now": it waits for the peer. Nobody here waits with it.
      queueMicrotask(() => finish(why));
    };
    const drained = (): void => {
      stopLooking?.();
      stopLooking = undefined;
      if (phase === "open") sink.drain();
    };
    const look = (): void => {
      stopLooking = clock.after(LOOK, () => (socket.bufferedAmount > LOW_WATER ? look() : drained()));
    };
    const abort = (): void => {
      socket.onopen = socket.onclose = null;
      reject(signal.reason);
      socket.close();
    };

    socket.binaryType = "arraybuffer";
    const refused = (): void => {
      signal.removeEventListener("abort", abort);
      reject(failure("CONNECT_FAILED", "could not be opened; check host, port, path and certificate"));
    };
    // That of Node 22 has no close when it never opened. Of one that is open the close follows, and says all there is.
    socket.onerror = () => phase === "dialing" && refused();
    signal.addEventListener("abort", abort, { once: true });
    socket.onopen = () => {
      phase = "open";
      signal.removeEventListener("abort", abort);
      resolve({
        encrypted: scheme === "wss",
        remoteAddress: address,
        write(chunk) {
          // Once it closes, a WebSocket takes everything and keeps nothing.
          if (phase !== "open" || socket.readyState !== 1) return false;
          socket.send(chunk as Uint8Array<ArrayBuffer>);
          if (stopLooking === undefined) {
            if (socket.bufferedAmount < HIGH_WATER) return true;
            look();
          }
          return false;
        },
        close() {
          socket.onmessage = null;
          socket.close(1000);
          return closed.promise;
        },
        destroy,
      });
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) sink.data(new Uint8Array(data));
      else destroy(failure("STREAM_FAILED", "sent text; is it a websocket port of NATS?"));
      // Browsers slow the timers of a page nobody looks at; what arrives is a good moment too.
      if (stopLooking !== undefined && socket.bufferedAmount <= LOW_WATER) drained();
    };
    socket.onclose = ({ code, reason }) => {
      if (phase === "dialing") refused();
      // Not by wasClean, which Firefox denies of every close frame with the end of TCP right behind it.
      else if (/^100[015]$/.test(String(code))) finish();
      else if (code !== 1006) finish(failure("STREAM_FAILED", `closed the WebSocket with code ${code} ${reason}`));
      else finish(failure("CONNECTION_RESET", "ended without a close frame"));
    };
  });
}
