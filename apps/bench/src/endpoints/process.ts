// An endpoint in a process of its own, so that its CPU time is nobody's. Told its kind as an argument; says its port, answers
// "received" with the bytes received since the last question, and ends with its parent.

import { openSink } from "./sink.js";
import { openSource } from "./source.js";

const endpoint = await (process.argv[2] === "source" ? openSource() : openSink());
process.on("disconnect", () => process.exit(0));
process.on("message", () => process.send?.({ received: endpoint.takeReceived() }));
process.send?.({ port: endpoint.port });
