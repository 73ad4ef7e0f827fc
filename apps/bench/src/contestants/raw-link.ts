// A socket that has shaken hands with an endpoint or a server, over TCP or TLS, for the floors. Nobody looks at its bytes but
// who asks for them.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Target } from "../job.js";

export const PONG = "PONG\r\n";

export class RawLink {
  readonly socket: Socket;
  #onChunk: (chunk: Buffer) => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#onChunk(chunk));
  }

  static async open({ port, link, ca }: Target): Promise<RawLink> {
    if (link === "websocket") throw new Error("there is no bare socket for WebSocket");
    const secure = link === "tls" ? connectTls({ host: "127.0.0.1", port, ca }) : undefined;
    const socket = (secure ?? connect({ host: "127.0.0.1", port })).setNoDelay(true);
    await once(socket, secure === undefined ? "connect" : "secureConnect");
    const raw = new RawLink(socket);
    // INFO, of any length, and PONG.
    await new Promise<void>((resolve) => {
      raw.onChunk(() => resolve());
    });
    await raw.roundTrip('CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n');
    return raw;
  }

  /** Who sees the chunks from now on. */
  onChunk(listener: (chunk: Buffer) => void): void {
    this.#onChunk = listener;
  }

  /**
   * Resolves when `bytes` have come; rejects when more came. A server's own PING, soon after the connection was made, may be
   * among them or behind them: what is told apart by length alone may be a PING or two too long.
   */
  expect(bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let seen = 0;
      this.onChunk((chunk) => {
        seen += chunk.length;
        const more = seen - bytes;
        if (more === 0 || more === PONG.length || more === 2 * PONG.length) resolve();
        else if (more > 0) reject(new Error(`${seen} bytes instead of ${bytes}; the run is void`));
      });
    });
  }

  /** Resolves with the PONG to a PING behind `bytes`. */
  async roundTrip(bytes = ""): Promise<void> {
    const pong = this.expect(PONG.length);
    this.socket.write(`${bytes}PING\r\n`);
    await pong;
  }

  /** Writes and resolves when the socket takes more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (!this.socket.write(bytes)) await once(this.socket, "drain");
  }
}
