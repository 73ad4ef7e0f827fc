// The cluster the acts are played on: real servers, or where none can be had brokers inside this process, and then it says so
// everywhere. The acts do not know which.

import { BrokerCluster, findServer, RealCluster, type ServerBinary, ServerNotFoundError } from "@myelin/testing";
import { InvalidArgumentError } from "myelin";
import type { Narrator } from "./narrator.js";
import type { DemoOptions } from "./options.js";

/** One node, real or not. */
export interface DemoServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly running: boolean;
  kill(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  lameDuck(): void;
}

/** Three of them. */
export interface DemoCluster {
  readonly servers: readonly DemoServer[];
  readonly urls: string[];
  server(index: number): DemoServer;
  waitForMesh(): Promise<void>;
  stop(): Promise<void>;
}

/** A cluster that runs, and what to call it. */
export interface StartedCluster {
  readonly cluster: DemoCluster;
  /** How many connections of clients a node has, as it says itself. */
  clientsOn(index: number): Promise<number>;
  /** For headlines: `nats-server 2.15.1`, or that it is a stand-in. */
  readonly label: string;
  /** What must be said at the end; `undefined` with real servers. */
  readonly caveat: string | undefined;
}

const NAME = "demo";
/** Seconds a node that leaves waits before it closes its first client: the server's own default. */
const LAME_DUCK_GRACE_S = 10;
const STAND_IN: Pick<StartedCluster, "label" | "caveat"> = {
  label: "STAND-IN brokers, no nats-server",
  caveat:
    "Played on stand-ins: brokers of @myelin/testing inside this process, over TCP on loopback. They behave as nats-server " +
    "does, but no real server took part, so this run says nothing about one.",
};

/** Starts real servers, or the stand-in; `undefined` when neither may be had, which has been said to `complain` then. */
export async function startCluster(
  options: Pick<DemoOptions, "real" | "server" | "standIn">,
  narrator: Pick<Narrator, "preparing">,
  complain: (text: string) => void,
): Promise<StartedCluster | undefined> {
  if (options.standIn) return standIn(narrator);
  let binary: ServerBinary;
  try {
    binary = await realServer(options.server, narrator);
  } catch (error) {
    if (!(error instanceof ServerNotFoundError || error instanceof InvalidArgumentError)) throw error;
    if (options.real || options.server !== undefined) {
      complain(`The demo was to run on a real nats-server, and none could be had.\n${error.message}\n`);
      return undefined;
    }
    narrator.preparing(`no real nats-server could be had: ${error.message}`);
    return standIn(narrator);
  }
  narrator.preparing(`starting three nodes of nats-server ${binary.version} (${binary.path})`);
  const cluster = await RealCluster.start({ binary, name: NAME, lameDuckGracePeriod: LAME_DUCK_GRACE_S });
  return {
    cluster,
    clientsOn: async (index) => (await cluster.server(index).varz()).connections,
    label: `nats-server ${binary.version}`,
    caveat: undefined,
  };
}

async function standIn(narrator: Pick<Narrator, "preparing">): Promise<StartedCluster> {
  narrator.preparing("starting three STAND-IN brokers inside this process: no real server takes part");
  const cluster = await BrokerCluster.listen({ name: NAME, lameDuckGracePeriod: LAME_DUCK_GRACE_S });
  return { cluster, clientsOn: async (index) => cluster.server(index).connections.length, ...STAND_IN };
}

async function realServer(path: string | undefined, narrator: Pick<Narrator, "preparing">): Promise<ServerBinary> {
  if (path === undefined) return findServer({ say: (line) => narrator.preparing(line) });
  Object.assign(process.env, { NATS_SERVER: path });
  return findServer({ sources: ["env"] });
}
