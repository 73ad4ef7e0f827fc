// A transport of one's own: everything the client needs of a byte stream, here plain TCP that counts what passes. Given to
// connect() it takes the place of the built-in one for its schemes. @myelin/testing has the contract every transport must
// keep, as cases for any test runner.

import { createConnection } from "node:net";
import { connect, type Transport, TransportError } from "myelin";

interface Counted {
  readonly transport: Transport;
  readonly bytes: { in: number; out: number };
}

function countingTransport(): Counted {
  const bytes = { in: 0, out: 0 };
  const transport: Transport = {
    schemes: ["nats"],
    connect: ({ hostname, port }, sink, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const address = `${hostname}:${port}`;
        const socket = createConnection({ host: hostname, port, noDelay: true });
        const abort = () => socket.destroy(signal.reason);
        let failure: TransportError | undefined;
        signal.addEventListener("abort", abort, { once: true });
        socket.on("error", (cause) => {
          failure = new TransportError("STREAM_FAILED", "stream", `${address}: ${cause.message}`, address, { cause });
        });
        socket.once("close", () => reject(signal.aborted ? signal.reason : failure));
        socket.once("connect", () => {
          signal.removeEventListener("abort", abort);
          socket.removeAllListeners("close");
          socket.on("data", (chunk) => {
            bytes.in += chunk.length;
            sink.data(chunk);
          });
          socket.on("drain", () => sink.drain());
          socket.once("close", () => sink.closed(failure));
          resolve({
            encrypted: false,
            remoteAddress: address,
            get bufferedBytes() {
              return socket.writableLength;
            },
            write(chunk) {
              bytes.out += chunk.length;
              return socket.writable && socket.write(chunk);
            },
            pause: () => void socket.pause(),
            resume: () => void socket.resume(),
            close: () => new Promise((ended) => (socket.closed ? ended() : socket.once("close", ended).destroySoon())),
            destroy(error) {
              failure = error;
              socket.destroy();
            },
          });
        });
      }),
  };
  return { transport, bytes };
}

const { transport, bytes } = countingTransport();
const nc = await connect({ servers: process.env["NATS_URLS"] ?? "127.0.0.1:4222", transports: [transport] });
nc.subscribe("greet", { callback: (_error, msg) => void msg.respond(`hello ${msg.string()}`) });
console.log((await nc.request("greet", "transport")).string());
await nc.drain();
console.log(`bytes in: ${bytes.in > 0}, bytes out: ${bytes.out > 0}`);
