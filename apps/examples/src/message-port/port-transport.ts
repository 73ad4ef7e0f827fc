// A transport whose sockets are in another thread: everything goes through a MessagePort to `serveTransport`, which holds them.
// Knows no socket and no NATS bytes. The docstrings of @myelin/contracts are the specification.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { type DialTarget, type Transport, type TransportConnection, TransportError } from "@myelin/contracts";
import { type DialRequest, fromPlain, lost, type PlainTarget, type ToDialler } from "./messages.js";
import { PortConnection } from "./port-connection.js";

/** Dials through `port`, whose other end was given to `serveTransport`; for `nats://` and `tls://` unless told otherwise. */
export function portTransport(port: MessagePort, schemes: readonly string[] = ["nats", "tls"]): Transport {
  return {
    schemes,
    connect(target, sink, signal) {
      return new Promise<TransportConnection>((resolve, reject) => {
        signal.throwIfAborted();
        const plain = plainTarget(target, schemes);
        const { port1: stream, port2: theirs } = new MessageChannel();

        // Exactly one of these ends the dial; nothing is left on the signal or the port afterwards.
        const settle = (): void => {
          signal.removeEventListener("abort", abort);
          stream.off("message", listen);
          stream.off("close", gone);
        };
        const fail = (reason: unknown): void => {
          settle();
          // The other end sees it close, and gives up whatever it had begun.
          stream.close();
          reject(reason);
        };
        const abort = (): void => fail(signal.reason);
        const gone = (): void => fail(lost("CONNECT_FAILED", "tcp", target.url));
        const listen = (message: ToDialler): void => {
          if (message.kind === "reached") target.reached?.(message.phase);
          else if (message.kind === "warning") sink.warning?.(fromPlain(message.error));
          else if (message.kind === "failed") fail(fromPlain(message.error));
          else if (message.kind === "opened") {
            settle();
            resolve(new PortConnection(stream, sink, message.remoteAddress, message.encrypted));
          }
        };
        signal.addEventListener("abort", abort, { once: true });
        stream.on("message", listen);
        stream.on("close", gone);
        const request: DialRequest = { target: plain, port: theirs };
        port.postMessage(request, [theirs]);
      });
    },
  };
}

/** What is left of a target once everything that cannot be sent is gone; throws where that would change its meaning. */
function plainTarget({ tls, reached: _, ...rest }: DialTarget, schemes: readonly string[]): PlainTarget {
  const refuse = (problem: string): TransportError =>
    new TransportError("UNSUPPORTED_TARGET", "tcp", `${rest.url}: ${problem}`, undefined);
  if (!schemes.includes(rest.scheme)) throw refuse(`this transport takes ${schemes.join(", ")}`);
  if (typeof tls === "function" || Object.values(tls ?? {}).some((value) => typeof value === "function")) {
    throw refuse("a function of tls stays in its thread; give caFile, certFile and keyFile, which the other one reads");
  }
  return { ...rest, tls };
}
