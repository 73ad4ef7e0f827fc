// Runs the same tests against everything with websocket listeners: real servers of both lines, and brokers in this process.

import { Broker, BrokerCluster, RealCluster, RealServer } from "@myelin/testing";
import { describe, onTestFinished } from "vitest";
import { forEachServer } from "./every-server.js";

/** Where servers come from; what is started ends with the test. */
export interface WebSocketServers {
  one(): Promise<RealServer | Broker>;
  cluster(size: number): Promise<RealCluster | BrokerCluster>;
}

const brokers: WebSocketServers = {
  one: () => ended(Broker.listen({ websocket: true })),
  cluster: (size) => ended(BrokerCluster.listen({ size, websocket: true })),
};

/** Declares `tests` once for each. */
export function forEachWebSocketServer(tests: (servers: WebSocketServers) => void): void {
  forEachServer((binary) =>
    tests({
      one: () => ended(RealServer.start({ binary, websocket: true })),
      cluster: (size) => ended(RealCluster.start({ binary, size, websocket: true })),
    }),
  );
  describe("on a broker", () => tests(brokers));
}

/** What the clients of a server came by, as it says itself. */
export async function typesOn(server: RealServer | Broker): Promise<unknown[]> {
  const connections = server instanceof Broker ? server.connections : (await server.connz()).connections;
  return connections.map((one) => ("type" in one ? one.type : undefined));
}

async function ended<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  onTestFinished(() => started.stop());
  return started;
}
