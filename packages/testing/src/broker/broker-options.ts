// What a broker can be told to be, with defaults, checked. The words are those of nats-server's configuration and of
// RealServerOptions.

import { type Clock, InvalidArgumentError, type Random } from "@myelin/contracts";
import { type BrokerAuthorization, nonceRequired } from "./authentication.js";
import type { BrokerConnection } from "./broker-connection.js";

/** Bytes between a broker and one of its clients. */
export interface BrokerTraffic {
  /** `clock.now()`. */
  readonly at: number;
  /** The client it came from or goes to. */
  readonly connection: BrokerConnection;
  /** `in` = from the client. */
  readonly direction: "in" | "out";
  /** Valid during the call only. */
  readonly bytes: Uint8Array;
}

export interface BrokerOptions extends BrokerAuthorization {
  /** Server name. Default: `broker-<port>`. */
  readonly name?: string;
  /** The version it tells; also decides where servers of different age differ. Default `2.15.1`. */
  readonly version?: string;
  /** Default: real time; on a memory network the network's clock. */
  readonly clock?: Clock;
  /** Chance: nonces, ids, members of queue groups, the pace of a lame duck. Default: `seededRandom(1)`. */
  readonly random?: Random;
  /** Milliseconds a client has to send CONNECT when it must say who it is. Default 2000. */
  readonly authTimeout?: number;
  /** Bytes of headers and payload of a message. Default 1 MiB. */
  readonly maxPayload?: number;
  /** Bytes of a control line. Default 4096. */
  readonly maxControlLine?: number;
  /** Clients at once. Default 65 536. */
  readonly maxConnections?: number;
  /** Bytes that may wait for a client that reads slowly; past them it is cut. Default 64 MiB. */
  readonly maxPending?: number;
  /** Milliseconds between PINGs to a client. Default 120 000. */
  readonly pingInterval?: number;
  /** Unanswered PINGs after which a client is stale. Default 2. */
  readonly pingMax?: number;
  /** Seconds a lame duck takes to close its clients, as with RealServer, but also less than 30. Default 30. */
  readonly lameDuckDuration?: number;
  /** Seconds a lame duck waits before it closes the first client. Default 1. */
  readonly lameDuckGracePeriod?: number;
  /** `host:port` told to clients by the nodes of its cluster instead of its own address. */
  readonly advertise?: string;
  /** Sees everything that goes over its client connections. */
  readonly tap?: (traffic: BrokerTraffic) => void;
}

export interface ResolvedBrokerOptions extends Required<Omit<BrokerOptions, keyof BrokerAuthorization | Optional>> {
  readonly authorization: BrokerAuthorization;
  readonly advertise: string | undefined;
  readonly tap: ((traffic: BrokerTraffic) => void) | undefined;
}
type Optional = "advertise" | "tap";

const COUNTS = [
  "authTimeout",
  "maxPayload",
  "maxControlLine",
  "maxConnections",
  "maxPending",
  "pingInterval",
  "pingMax",
  "lameDuckDuration",
  "lameDuckGracePeriod",
] as const;

/** Throws `InvalidArgumentError`. */
export function resolveBrokerOptions(
  options: BrokerOptions,
  runtime: { readonly clock: Clock; readonly random: Random; readonly name: string },
): ResolvedBrokerOptions {
  for (const name of COUNTS) {
    const value = options[name];
    if (value !== undefined && !(value >= 0)) throw new InvalidArgumentError(name, "is not a number of at least 0");
  }
  const { users, token, accounts } = options;
  const authorization = { users, token, accounts };
  for (const one of users ?? []) {
    if ((one.user === undefined) === (one.nkey === undefined)) {
      throw new InvalidArgumentError("users", "each needs either user, with pass, or nkey");
    }
  }
  if (nonceRequired(authorization) && users?.some(({ nkey }) => nkey !== undefined && !/^U[A-Z2-7]{55}$/.test(nkey))) {
    throw new InvalidArgumentError("users", "an nkey is not the public key of a user (U…)");
  }
  return {
    name: options.name ?? runtime.name,
    version: options.version ?? "2.15.1",
    clock: options.clock ?? runtime.clock,
    random: options.random ?? runtime.random,
    authTimeout: options.authTimeout ?? 2_000,
    maxPayload: options.maxPayload ?? 1_048_576,
    maxControlLine: options.maxControlLine ?? 4_096,
    maxConnections: options.maxConnections ?? 65_536,
    maxPending: options.maxPending ?? 67_108_864,
    pingInterval: options.pingInterval ?? 120_000,
    pingMax: options.pingMax ?? 2,
    lameDuckDuration: options.lameDuckDuration ?? 30,
    lameDuckGracePeriod: options.lameDuckGracePeriod ?? 1,
    advertise: options.advertise,
    tap: options.tap,
    authorization,
  };
}
