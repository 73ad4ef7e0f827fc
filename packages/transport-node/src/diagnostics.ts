// The channels of @myelin/contracts as those of Node: diagnostics are a service of the runtime, as its sockets are, and this is
// the package that may know the runtime. Source: node:diagnostics_channel.

import { channel } from "node:diagnostics_channel";
import type { Diagnostics } from "@myelin/contracts";

/**
 * Publishes on `node:diagnostics_channel`, to be heard with `diagnostics_channel.subscribe("myelin:connection:state", …)`. A
 * subscriber that throws is an uncaught exception of the process: that is Node's rule for all of its channels.
 */
export function nodeDiagnostics(): Diagnostics {
  return { channel: (name) => channel(name) };
}
