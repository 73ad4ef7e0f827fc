// A WebSocket with the W3C interface and nothing else, as browsers have it: `ws` underneath, its extras hidden.

import { WebSocket } from "ws";
import type { WebSocketEvent, WebSocketEventType, WebSocketLike } from "../src/index.js";

export class PlainWebSocket implements WebSocketLike {
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false });
    // Errors nobody listens to are nothing to a browser.
    this.#socket.on("error", () => {});
  }

  get binaryType(): string {
    return this.#socket.binaryType;
  }
  set binaryType(type: string) {
    if (type === "arraybuffer") this.#socket.binaryType = type;
  }
  get readyState(): number {
    return this.#socket.readyState;
  }
  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }
  send(data: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }
  close(code?: number): void {
    this.#socket.close(code);
  }
  addEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void {
    this.#socket.addEventListener(type as "message", listener as (event: WebSocketEvent) => void);
  }
  removeEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void {
    this.#socket.removeEventListener(type as "message", listener as (event: WebSocketEvent) => void);
  }
}
