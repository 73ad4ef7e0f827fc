// Where nodes listen on real sockets: each on TCP, and on WebSocket if it is to. Chooses ports and gives them back; what a node does
// with its addresses is broker-node.ts.

import { InvalidArgumentError } from "@myelin/contracts";
import { reservePorts } from "../port-reservation.js";
import { type ListeningAddress, tcpAddress } from "../server-stream.js";
import { webSocketAddress, webSocketLibrary } from "../web-socket-address.js";

/** A WebSocket listener of a broker; everything has a default. */
export interface BrokerWebSocket {
  /** Default: a free one. */
  readonly port?: number;
  /** `host:port` told to clients over WebSocket by the nodes of its cluster instead of its own address. */
  readonly advertise?: string;
}

/** Where one node listens. */
export interface NodeAddresses {
  readonly client: ListeningAddress;
  readonly webSocket?: { readonly address: ListeningAddress; readonly advertise: string | undefined };
}

/** What one node wants. */
export interface WantedSockets {
  readonly port?: number | undefined;
  readonly websocket?: boolean | BrokerWebSocket | undefined;
}

/** Addresses for as many nodes, not open yet. Rejects with InvalidArgumentError. */
export async function socketAddresses(
  host: string,
  nodes: readonly WantedSockets[],
): Promise<{ readonly nodes: readonly NodeAddresses[]; release(): void }> {
  const wanted = nodes.map(({ port, websocket }) => ({ port, webSocket: webSocketOf(websocket) }));
  const library = wanted.some(({ webSocket }) => webSocket !== undefined) ? await webSocketLibrary() : undefined;
  const chosen = wanted.flatMap(({ port, webSocket }) => (webSocket === undefined ? [port] : [port, webSocket.port]));
  const reservation = await reservePorts(chosen.filter((port) => port === undefined).length);
  const free = [...reservation.ports];
  const portOr = (given: number | undefined): number => given ?? free.shift() ?? 0;
  return {
    nodes: wanted.map(({ port, webSocket }) => ({
      client: tcpAddress(host, portOr(port)),
      ...(webSocket !== undefined &&
        library !== undefined && {
          webSocket: {
            address: webSocketAddress(host, portOr(webSocket.port), library),
            advertise: webSocket.advertise,
          },
        }),
    })),
    release: () => reservation.release(),
  };
}

/** For nodes that have no sockets. Throws InvalidArgumentError. */
export function refuseWebSocket(options: object): void {
  if (webSocketOf((options as WantedSockets).websocket) === undefined) return;
  throw new InvalidArgumentError("websocket", "needs sockets: use listen() in place of onMemory()");
}

function webSocketOf(websocket: WantedSockets["websocket"]): BrokerWebSocket | undefined {
  if (websocket === undefined || websocket === false) return undefined;
  if (websocket === true) return {};
  if (typeof websocket !== "object" || websocket === null) {
    throw new InvalidArgumentError("websocket", "is neither a boolean nor { port, advertise }");
  }
  const { port } = websocket;
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new InvalidArgumentError("websocket.port", "is not a port, 1 to 65535");
  }
  return websocket;
}
