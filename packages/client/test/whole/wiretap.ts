// A transport that passes everything on and reads along: which messages a client handed to a socket, and which ones a socket
// brought it. It judges nothing.

import type { DialTarget, Transport, TransportConnection, TransportSink } from "@myelin/contracts";
import { Decoder, Op } from "@myelin/protocol";

/** One stream of a client. */
export interface Wire {
  /** `host:port` it was dialled at. */
  readonly address: string;
  /** False once the client was told that it ended. */
  isOpen: boolean;
}

/** Who listens in. */
export interface Listener {
  /** The client handed a whole PUB or HPUB to the socket. */
  sent(wire: Wire, subject: string, payload: string): void;
  /** The socket is about to hand a whole MSG or HMSG to the client. */
  arrived(wire: Wire, sid: number, subject: string, payload: string): void;
}

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

/** Listens to everything that is dialled over `inner`. */
export class Wiretap implements Transport {
  readonly schemes: readonly string[];
  readonly #inner: Transport;
  readonly #listener: Listener;
  readonly #wires = new Set<Wire>();

  constructor(inner: Transport, listener: Listener) {
    this.#inner = inner;
    this.#listener = listener;
    this.schemes = inner.schemes;
  }

  /** Streams the client was not told the end of. */
  get open(): readonly Wire[] {
    return [...this.#wires];
  }

  async connect(target: DialTarget, sink: TransportSink, signal: AbortSignal): Promise<TransportConnection> {
    const wire: Wire = { address: `${target.hostname}:${target.port}`, isOpen: true };
    const inbound = this.#reader("server", wire);
    const outbound = this.#reader("client", wire);
    this.#wires.add(wire);
    try {
      const connection = await this.#inner.connect(
        target,
        {
          data: (chunk) => {
            inbound(chunk);
            sink.data(chunk);
          },
          drain: () => sink.drain(),
          closed: (error) => {
            wire.isOpen = false;
            this.#wires.delete(wire);
            sink.closed(error);
          },
        },
        signal,
      );
      const write = connection.write.bind(connection);
      connection.write = (chunk) => {
        outbound(chunk);
        return write(chunk);
      };
      return connection;
    } catch (error) {
      this.#wires.delete(wire);
      throw error;
    }
  }

  // Reads until the first nonsense, as the client does.
  #reader(from: "client" | "server", wire: Wire): (chunk: Uint8Array) => void {
    const decoder = new Decoder({ from });
    let sane = true;
    return (chunk) => {
      if (!sane) return;
      try {
        decoder.push(chunk.slice());
        for (let op = decoder.next(); op !== Op.None; op = decoder.next()) this.#read(decoder, op, wire);
      } catch {
        sane = false;
      }
    };
  }

  #read(at: Decoder, op: Op, wire: Wire): void {
    const subject = latin(at.buffer.subarray(at.subjectStart, at.subjectEnd));
    const payload = latin(at.buffer.subarray(at.payloadStart, at.payloadEnd));
    if (op === Op.Pub || op === Op.HPub) this.#listener.sent(wire, subject, payload);
    else if (op === Op.Msg || op === Op.HMsg) this.#listener.arrived(wire, at.sid, subject, payload);
  }
}
