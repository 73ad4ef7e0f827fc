// The part of a WebSocket this package uses, and how one with the extras of `ws` is told from a plain one. No behaviour.
// Source: WHATWG WebSockets (the interface), the documentation of ws (its extras).

/** What the listeners of a {@link WebSocketLike} are called with. */
export interface WebSocketEvent {
  /** Which event it is. */
  readonly type: string;
  /** Of a message: an ArrayBuffer or a view of one; text as a string. */
  readonly data?: unknown;
  /** Of a close. */
  readonly code?: number;
  /** Of a close: what the peer says of it. */
  readonly reason?: string;
  /** Of a close: whether both sides said goodbye. */
  readonly wasClean?: boolean;
  /** Of an error, where the runtime tells. */
  readonly error?: unknown;
  /** Of an error, where the runtime tells: what happened. */
  readonly message?: string;
}

/** Bytes that are not shared memory, written so that every version of TypeScript reads it. */
export type OwnBytes = ReturnType<Uint8Array["slice"]>;

/** The W3C WebSocket as far as it is used: the global one and that of `ws` fit. */
export interface WebSocketLike {
  /** Set to `arraybuffer`. */
  binaryType: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedAmount: number;
  /** Sends one binary message. */
  send(data: OwnBytes): void;
  /** Begins to say goodbye. */
  close(code?: number): void;
  /** Calls the listener for each event of the type. */
  addEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void;
  /** Calls it no more. */
  removeEventListener(type: WebSocketEventType, listener: (event: WebSocketEvent) => void): void;
  /** Extras of `ws`, used where they are there: end without a handshake, and stop reading from the socket. */
  terminate?(): void;
  /** Of `ws`: stops reading from the socket. */
  pause?(): void;
  /** Of `ws`: reads on. */
  resume?(): void;
}

/** The events that are listened to. */
export type WebSocketEventType = "open" | "message" | "error" | "close";

/** Makes a socket that begins to connect. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;

/** The constructor of `ws`, which takes the options of an HTTP request. */
export type WsConstructor = new (
  url: string,
  protocols: readonly string[],
  options: Readonly<Record<string, unknown>>,
) => WebSocketLike;

/** The `readyState` in which bytes flow. */
export const OPEN = 1;

/** The constructor as that of `ws`, if it is: an emitter. Bun's own can be terminated and sends pings, but is not one. */
export function asWs(make: WebSocketConstructor): WsConstructor | undefined {
  const prototype: unknown = make.prototype;
  const extras = typeof prototype === "object" && prototype !== null && "terminate" in prototype && "on" in prototype;
  return extras ? (make as WsConstructor) : undefined;
}

/** The runtime's own WebSocket, if it has one. */
export function globalWebSocket(): WebSocketConstructor | undefined {
  const { WebSocket } = globalThis as { readonly WebSocket?: unknown };
  return typeof WebSocket === "function" ? (WebSocket as WebSocketConstructor) : undefined;
}

/** Ends a socket nobody wants, in whatever state; what it still says is not heard. */
export function discard(socket: WebSocketLike): void {
  // `ws` throws an error nobody listens to, and closing one that connects is an error to it.
  socket.addEventListener("error", () => {});
  if (socket.terminate !== undefined) socket.terminate();
  else socket.close();
}
