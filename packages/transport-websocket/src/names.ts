// What every entry of this package exports beside webSocketTransport(), which each of them makes of what its runtime has.

// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export type { Delay } from "./system-delay.js";
export type {
  OwnBytes,
  WebSocketConstructor,
  WebSocketEvent,
  WebSocketEventType,
  WebSocketLike,
} from "./web-socket.js";
export {
  defaults,
  type UpgradeHeaders,
  type WebSocketFactory,
  type WebSocketTransportOptions,
} from "./web-socket-transport.js";
