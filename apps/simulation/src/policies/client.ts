// What the real client is told to do by each of our policies: the options of `connect()`, and nothing else of them.

import type { ConnectionOptions } from "@myelin/client";
import { type Strategy, zones } from "@myelin/server-pool";
import { zoneOf } from "../stage.js";

/** Options of the client with this number. */
export type OptionsOf = (client: number) => ConnectionOptions;

/** Policies there are for the real client, by their names. */
export const clientPolicies = ["myelin", "myelin-rebalance", "myelin-zones"] as const;
export type ClientPolicy = (typeof clientPolicies)[number];

/** The policy of this name; `undefined` when the real client has none such. */
export function clientPolicy(name: string): ClientPolicy | undefined {
  return clientPolicies.find((policy) => policy === name);
}

/** @param numberOf the number of the server with this host name */
export function clientOptions(
  policy: ClientPolicy,
  reconnectJitter: number,
  numberOf: (hostname: string) => number,
): OptionsOf {
  const name = (zone: number): string => `zone-${zone}`;
  const strategies = new Map<number, Strategy>();
  // One for all clients of a zone, as in a process that has many connections.
  const strategyOf = (zone: number): Strategy => {
    const known =
      strategies.get(zone) ?? zones({ prefer: [name(zone)], zone: ({ url }) => name(zoneOf(numberOf(url.hostname))) });
    strategies.set(zone, known);
    return known;
  };
  if (policy === "myelin") return () => ({ reconnectJitter });
  if (policy === "myelin-rebalance") return () => ({ reconnectJitter, rebalance: true });
  return (client) => ({ reconnectJitter, rebalance: true, strategy: strategyOf(zoneOf(client)) });
}
