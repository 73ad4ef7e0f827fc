// What a connection needs of its broker, and nothing more.

import type { ConnectOptions } from "@myelin/protocol";
import type { Identity } from "./authentication.js";
import type { BrokerConnection } from "./broker-connection.js";
import type { ResolvedBrokerOptions } from "./broker-options.js";
import type { MessageRouter, RoutedMessage } from "./message-router.js";
import type { ServerOperations } from "./server-operations.js";
import type { OwnInfo } from "./told-info.js";

export interface BrokerCore {
  readonly options: ResolvedBrokerOptions;
  readonly operations: ServerOperations;
  readonly router: MessageRouter<BrokerConnection>;
  readonly authRequired: boolean;
  /** How often what INFO says about the cluster has changed. */
  readonly topology: number;
  /** INFO as it is now, for a client of this type. */
  infoBytes(type: BrokerConnection["type"], own: OwnInfo): Uint8Array;
  isOrNewer(version: string): boolean;
  /** Who sent this CONNECT; `undefined` = nobody we let in. */
  identify(sent: ConnectOptions, nonce: string | undefined): Identity | undefined;
  /** False when nobody was there to take it. */
  publish(from: BrokerConnection, message: RoutedMessage): boolean;
  /** A CONNECT was accepted. */
  connected(connection: BrokerConnection, identity: Identity): void;
  delivered(message: RoutedMessage): void;
  slowConsumer(): void;
  /** It takes part in nothing any more; its stream may still be flushing. */
  left(connection: BrokerConnection): void;
  /** Its stream has gone. */
  gone(connection: BrokerConnection): void;
}
