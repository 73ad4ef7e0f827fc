// The cluster that is started for the page: real servers, or where none can be had brokers inside this process, and then it says so.
// What is done to its nodes are the words of nodes.ts.

import {
  type Broker,
  BrokerCluster,
  findServer,
  RealCluster,
  type RealServer,
  type ServerBinary,
  ServerNotFoundError,
} from "@myelin/testing";
import type { Node } from "./nodes.js";

/** A cluster that runs. */
export interface StartedCluster {
  readonly servers: readonly (RealServer | Broker)[];
  stop(): Promise<void>;
}

// A node that leaves waits as long before it closes its first client as a server does by default.
const SHARED = { websocket: true, lameDuckGracePeriod: 10 } as const;

/** Starts three nodes and tells `say` what they are: real ones if there can be any, unless stand-ins are asked for. */
export async function startCluster(standIn: boolean, say: (line: string) => void): Promise<StartedCluster> {
  if (standIn) return standIns(say);
  let binary: ServerBinary;
  try {
    binary = await findServer({ say });
  } catch (error) {
    if (!(error instanceof ServerNotFoundError)) throw error;
    say(`No nats-server could be had.\n${error.message}`);
    return standIns(say);
  }
  say(`starting three nodes of nats-server ${binary.version}`);
  return RealCluster.start({ ...SHARED, binary, name: "console" });
}

/** A server as a node that is told what to do. */
export function nodeOf(server: RealServer | Broker): Node {
  return {
    name: server.name,
    get running() {
      return server.running;
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    lameDuck: () => server.lameDuck(),
    clients: async () => ("connz" in server ? (await server.connz()).num_connections : server.connections.length),
  };
}

function standIns(say: (line: string) => void): Promise<BrokerCluster> {
  say("starting three STAND-IN brokers of @myelin/testing inside this process: no nats-server takes part");
  return BrokerCluster.listen({ ...SHARED, name: "stand-in" });
}
