// Our client, as an application gets it.

import { connect } from "myelin";
import type { Contestant } from "../job.js";
import { clientContestant } from "./nats-client.js";

export async function open(port: number): Promise<Contestant> {
  return clientContestant(await connect({ servers: `nats://127.0.0.1:${port}` }));
}
