// Our client, as an application gets it. The bound on what waits for a consumer is above what a run can bring: the source has
// no mercy, and a run that drops is void.

import { connect } from "myelin";
import type { Contestant, Target } from "../job.js";
import { clientContestant } from "./client-contestant.js";
import { dialOptions } from "./dialling.js";

const PENDING = { messages: 100_000_000, bytes: 2 ** 40 };

export function open(target: Target): Promise<Contestant> {
  return clientContestant(() => connect({ ...dialOptions(target), pending: PENDING }));
}
