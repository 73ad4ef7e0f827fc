// An endpoint in a process of its own, so that its CPU time is nobody's. Told what to be in the first message; says its port,
// answers every other message with the bytes received since the last one, and ends with its parent.

import { openFeeder } from "./feeder.js";
import type { Endpoint } from "./listen.js";
import type { Door } from "./open.js";
import { openSink } from "./sink.js";
import { openSource } from "./source.js";

/** What an endpoint's process is to be. */
export type EndpointOrder =
  | { readonly kind: "source" | "sink"; readonly door: Door }
  | { readonly kind: "feeder"; readonly port: number };

let endpoint: Endpoint | undefined;

async function open(order: EndpointOrder): Promise<number> {
  if (order.kind === "feeder") {
    await openFeeder(order.port);
    return order.port;
  }
  endpoint = await (order.kind === "source" ? openSource(order.door) : openSink(order.door));
  return endpoint.port;
}

process.on("disconnect", () => process.exit(0));
process.once("message", (order: EndpointOrder) => {
  open(order).then(
    (port) => {
      process.on("message", () => process.send?.({ received: endpoint?.takeReceived() ?? 0 }));
      process.send?.({ port });
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.send?.({ ready: true });
