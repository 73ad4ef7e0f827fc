// A transport over any stream of Node that reads and writes: an SSH channel, a socket behind a proxy, a child process. How it is opened is
// the caller's business; how it becomes what the client expects is done here. No TLS of its own: the stream is as safe as it is.

import type { Duplex } from "node:stream";
import { type DialTarget, type Transport, type TransportConnection, TransportError } from "@myelin/contracts";

/** Opens one stream, ready to be written to. Rejects, and leaves nothing behind, when the signal aborts. */
export type OpenStream = (target: DialTarget, signal: AbortSignal) => Promise<Duplex>;

export function duplexTransport(open: OpenStream): Transport {
  const schemes = ["nats"];
  return {
    schemes,
    async connect(target, sink, signal) {
      signal.throwIfAborted();
      const { url, hostname, port } = target;
      const address = `${hostname}:${port}`;
      if (!schemes.includes(target.scheme)) {
        throw new TransportError("UNSUPPORTED_TARGET", "tcp", `${url} is not for this transport`, undefined);
      }
      const stream = await open(target, signal).catch((cause: Error) => {
        if (signal.aborted) throw signal.reason;
        throw new TransportError("CONNECT_FAILED", "tcp", `${address}: ${cause.message}`, address, { cause });
      });

      // Who ends the stream first says how it ended; whatever comes later is only the way it goes.
      let phase: "open" | "ending" | "destroyed" | "closed" = "open";
      let failure: TransportError | undefined;
      let tellClosed = (): void => {};
      const closed = new Promise<void>((resolve) => {
        tellClosed = resolve;
      });
      stream.on("data", (chunk: Uint8Array) => phase === "open" && sink.data(chunk));
      stream.on("drain", () => phase === "open" && sink.drain());
      stream.on("end", () => stream.end());
      stream.on("error", (cause) => {
        if (phase === "destroyed") return;
        failure = new TransportError("STREAM_FAILED", "stream", `${address}: ${cause.message}`, address, { cause });
      });
      stream.on("close", () => {
        phase = "closed";
        sink.closed(failure);
        tellClosed();
      });

      const connection: TransportConnection = {
        encrypted: false,
        remoteAddress: address,
        get bufferedBytes() {
          return phase === "closed" ? 0 : stream.writableLength;
        },
        write: (chunk) => phase === "open" && stream.writable && stream.write(chunk),
        pause: () => void stream.pause(),
        resume: () => void stream.resume(),
        close() {
          if (phase === "open") {
            phase = "ending";
            // Read on, and drop: unread bytes would keep the end from being seen.
            stream.resume();
            stream.end();
          }
          return closed;
        },
        destroy(error) {
          if (phase === "destroyed" || phase === "closed") return;
          phase = "destroyed";
          failure = error;
          stream.destroy();
        },
      };
      return connection;
    },
  };
}
