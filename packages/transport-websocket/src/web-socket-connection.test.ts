// How a WebSocket that was open ends, on a socket that is moved by hand.

import type { TransportError } from "@myelin/contracts";
import { expect, it } from "vitest";
import type { WebSocketEvent, WebSocketEventType, WebSocketLike } from "./web-socket.js";
import { WebSocketConnection } from "./web-socket-connection.js";

/** Open, and does nothing but what a test makes of it. */
class FakeSocket implements WebSocketLike {
  binaryType = "arraybuffer";
  readyState = 1;
  bufferedAmount = 0;
  readonly #listeners = new Map<WebSocketEventType, (event: WebSocketEvent) => void>();
  send(data: Uint8Array): void {
    this.bufferedAmount += data.length;
  }
  close(): void {}
  addEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void {
    this.#listeners.set(type, listener);
  }
  removeEventListener(type: WebSocketEventType): void {
    this.#listeners.delete(type);
  }
  tell(event: WebSocketEvent & { readonly type: WebSocketEventType }): void {
    this.#listeners.get(event.type)?.(event);
  }
}

interface Opened {
  readonly socket: FakeSocket;
  readonly connection: WebSocketConnection;
  readonly endings: (TransportError | undefined)[];
}

function open(): Opened {
  const socket = new FakeSocket();
  const endings: (TransportError | undefined)[] = [];
  const sink = { data() {}, drain() {}, closed: (error: TransportError | undefined) => void endings.push(error) };
  const delay = { after: () => () => {} };
  const limits = { maxMessageSize: 1_000, maxHeldBytes: 1_000 };
  const parts = { socket, address: "ws://a:80", encrypted: false, sink, delay, ...limits };
  return { socket, connection: new WebSocketConnection(parts), endings };
}

it.each<[code: number, reason: string, ending: object | undefined]>([
  [1000, "", undefined],
  [1001, "server shutdown", undefined],
  [1005, "", undefined],
  [1008, "", { code: "STREAM_FAILED", message: expect.stringMatching(/with code 1008 \(policy violation\)/) }],
  [1011, "boom", { code: "STREAM_FAILED", message: expect.stringMatching(/with code 1011 \(boom\)/) }],
  [1006, "", { code: "CONNECTION_RESET", message: expect.stringMatching(/without a close frame/) }],
])(
  "P25: a close frame with code %i ends it as that code says, also where the runtime calls no close clean with TCP ended behind it, as Firefox",
  (code, reason, ending) => {
    for (const wasClean of [true, false]) {
      const { socket, endings } = open();
      socket.tell({ type: "close", code, reason, wasClean });
      if (ending === undefined) expect(endings).toEqual([undefined]);
      else expect(endings).toEqual([expect.objectContaining(ending)]);
    }
  },
);

it("closed by us, it is told when the peer left before it had read what was written, with or without a close frame of its own", () => {
  for (const [code, wasClean, left, ending] of [
    [1000, true, 0, undefined],
    [1000, false, 0, undefined],
    [1001, false, 7, "CONNECTION_RESET"],
    [1006, false, 7, "CONNECTION_RESET"],
    [1006, false, 0, undefined],
    // It took part in the close, behind all that was written, whatever a runtime still counts.
    [1000, true, 7, undefined],
    [1011, false, 7, "STREAM_FAILED"],
  ] as const) {
    const { socket, connection, endings } = open();
    connection.write(new Uint8Array(left));
    void connection.close();
    socket.tell({ type: "close", code, reason: "", wasClean });
    expect(endings.map((error) => error?.code)).toEqual([ending]);
  }
});
