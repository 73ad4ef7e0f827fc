// The end that holds the sockets: dials with any transport what `portTransport` asks for, and carries bytes between the two.

import type { MessagePort } from "node:worker_threads";
import { type Transport, type TransportConnection, TransportError, type TransportSink } from "@myelin/contracts";
import { type DialRequest, owned, type PlainTarget, type ToDialler, type ToHost, toPlain } from "./messages.js";

/** Bytes sent and not yet handed on above which reading from the socket stops; it goes on at half of it. */
const WINDOW = 1024 * 1024;

/** Serves every dial that comes through `port`, until that is closed. Alone it does not keep the process alive. */
export function serveTransport(port: MessagePort, transport: Transport): void {
  port.on("message", ({ target, port: stream }: DialRequest) => new HeldStream(stream).dial(transport, target));
  port.unref();
}

class HeldStream implements TransportSink {
  readonly #port: MessagePort;
  readonly #calledOff = new AbortController();
  /** What came before `opened` could be said. */
  #early: ToDialler[] | undefined = [];
  #connection: TransportConnection | undefined;
  #sent = 0;
  #unread = 0;
  #paused = false;
  #unwritten = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (message: ToHost) => this.#onMessage(message));
    port.on("close", () => {
      this.#calledOff.abort();
      this.#connection?.destroy();
    });
  }

  dial(transport: Transport, target: PlainTarget): void {
    const reached = (phase: "dns" | "tcp" | "tls"): void => this.#post({ kind: "reached", phase });
    transport.connect({ ...target, reached }, this, this.#calledOff.signal).then(
      (connection) => this.#opened(connection),
      (error: unknown) => {
        if (error instanceof TransportError) this.#post({ kind: "failed", error: toPlain(error) });
        this.#port.close();
      },
    );
  }

  // --- from the socket -----------------------------------------------------------------------------------------------

  data(chunk: Uint8Array): void {
    const copy = owned(chunk);
    this.#sent += copy.length;
    this.#unread += copy.length;
    this.#say({ kind: "data", chunk: copy }, [copy.buffer]);
    if (this.#unread <= WINDOW || this.#paused) return;
    this.#paused = true;
    this.#connection?.pause();
  }

  drain(): void {
    this.#written();
  }

  warning(error: TransportError): void {
    this.#post({ kind: "warning", error: toPlain(error) });
  }

  closed(error: TransportError | undefined): void {
    this.#say({ kind: "closed", error: error && toPlain(error) });
    if (this.#early === undefined) this.#port.close();
  }

  // --- from the other end --------------------------------------------------------------------------------------------

  #onMessage(message: ToHost): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    if (message.kind === "write") {
      this.#unwritten += message.chunk.length;
      if (connection.write(message.chunk)) this.#written();
    } else if (message.kind === "read") {
      this.#unread -= message.bytes;
      if (!this.#paused || this.#unread > WINDOW / 2) return;
      this.#paused = false;
      connection.resume();
    } else if (message.kind === "secure") {
      this.#secure(connection, message.received);
    } else {
      connection.close().catch(() => {});
    }
  }

  #secure(connection: TransportConnection, received: number): void {
    // Bytes that were on their way when the other end decided were plaintext, and it took them for none: never carry on.
    const crossed = received === this.#sent ? undefined : "the server sent plaintext after the upgrade began";
    const refused = connection.startTls === undefined ? "this transport has no upgrade" : crossed;
    if (refused !== undefined) {
      connection.destroy(new TransportError("TLS_FAILED", "tls", refused, connection.remoteAddress));
      return;
    }
    connection.startTls?.().then(
      () => this.#post({ kind: "secured" }),
      // The sink is told the same.
      () => {},
    );
  }

  #opened(connection: TransportConnection): void {
    this.#connection = connection;
    if (this.#calledOff.signal.aborted) {
      connection.destroy();
      return;
    }
    const { remoteAddress, encrypted } = connection;
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#post({ kind: "opened", remoteAddress, encrypted });
    for (const message of early) this.#post(message);
    if (this.#paused) connection.pause();
    if (early.at(-1)?.kind === "closed") this.#port.close();
  }

  #written(): void {
    this.#say({ kind: "written", bytes: this.#unwritten });
    this.#unwritten = 0;
  }

  /** In its turn: behind `opened`. */
  #say(message: ToDialler, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#early === undefined) this.#post(message, transfer);
    else this.#early.push(message);
  }

  #post(message: ToDialler, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}
