// The peer: nats.js on Node, as an application gets it.

import { wsconnect } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { Contestant, Target } from "../job.js";
import { clientContestant } from "./client-contestant.js";
import { dialOptions } from "./dialling.js";

export async function open(target: Target): Promise<Contestant> {
  if (target.link !== "websocket") return clientContestant(() => connect(dialOptions(target)));
  // Node 20 has no WebSocket of its own.
  const { WebSocket } = await import("ws");
  Object.assign(globalThis, { WebSocket });
  return clientContestant(() => wsconnect(dialOptions(target)));
}
