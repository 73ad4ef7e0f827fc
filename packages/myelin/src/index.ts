// The batteries: the client with the transports of Node. Wiring only.

import { type ConnectionOptions, connect as connectWith, type NatsConnection } from "@myelin/client";
import { tcpTransport, unixTransport } from "@myelin/transport-node";

export * from "@myelin/client";
export {
  InvalidArgumentError,
  isNatsError,
  NatsError,
  type PemSource,
  type PerDial,
  TlsMaterialError,
  type TlsOptions,
  type TlsSource,
  type Transport,
  TransportError,
} from "@myelin/contracts";
export * from "@myelin/credentials";

/**
 * Connects to a NATS cluster over TCP, TLS or a unix socket.
 *
 * @example
 * const nc = await connect({ servers: ["nats://127.0.0.1:4222"] });
 */
export function connect(options: ConnectionOptions = {}): Promise<NatsConnection> {
  return connectWith(options, { transports: [tcpTransport(), unixTransport()] });
}
