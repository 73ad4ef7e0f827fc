// nats.js' second way to connect, for programs written for it: WebSocket only. Wiring and the reading of its URLs.

import { type ClientRuntime, type ConnectionOptions, connect, type NatsConnection } from "@myelin/client";
import { type WebSocketLike, webSocketTransport } from "@myelin/transport-websocket";

/** Makes the socket of one attempt, and says whether it is encrypted. */
export type WsSocketFactory = {
  make(url: string, options: ConnectionOptions): Promise<{ socket: WebSocketLike; encrypted: boolean }>;
}["make"];

/** Options of `wsconnect()`. */
export interface WsConnectionOptions extends ConnectionOptions {
  /** Makes every socket, in place of the runtime's WebSocket. */
  readonly wsFactory?: WsSocketFactory | undefined;
}

/** `wsconnect()`, with what the runtime offers beside a WebSocket. */
export function overWebSocket(
  { wsFactory, ...options }: WsConnectionOptions,
  runtime: Pick<ClientRuntime, "diagnostics" | "wake">,
): Promise<NatsConnection> {
  const transport =
    wsFactory === undefined
      ? webSocketTransport()
      : webSocketTransport({ factory: (url) => wsFactory(url, { ...options }) });
  const { servers } = options;
  // Nothing else of what is not a string is judged here: connect() says what is wrong with it.
  const read = typeof servers === "string" ? inWebSocketWords(servers) : servers?.map?.(inWebSocketWords);
  return connect(read === undefined ? options : { ...options, servers: read }, { ...runtime, transports: [transport] });
}

function inWebSocketWords(list: string): string {
  if (typeof list !== "string") return list;
  return list.replace(/(^|,)(\s*)(nats|http|tls|https):\/\//gi, (_, start: string, space: string, scheme: string) => {
    return `${start}${space}${/^(nats|http)$/i.test(scheme) ? "ws" : "wss"}://`;
  });
}
