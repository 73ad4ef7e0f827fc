// The peer: nats.js on Node, as an application gets it.

import { connect } from "@nats-io/transport-node";
import type { Contestant } from "../job.js";
import { clientContestant } from "./nats-client.js";

export async function open(port: number): Promise<Contestant> {
  return clientContestant(await connect({ servers: `127.0.0.1:${port}` }));
}
