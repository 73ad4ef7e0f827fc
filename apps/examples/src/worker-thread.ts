// A client in a worker thread, over sockets the main thread holds: what a message costs is paid in the worker, and the main
// thread carries bytes. message-port/ has the transport, test/message-port.test.ts the proof that it keeps the contract.

import { isMainThread, MessageChannel, type MessagePort, Worker, workerData } from "node:worker_threads";
import { tcpTransport } from "@myelin/transport-node";
import { connect } from "myelin";
import { portTransport } from "./message-port/port-transport.js";
import { serveTransport } from "./message-port/serve-transport.js";

if (isMainThread) {
  const { port1, port2 } = new MessageChannel();
  serveTransport(port1, tcpTransport());
  // This file again. Compiled to JavaScript it is `new Worker(new URL(import.meta.url), …)`; tsx has to be asked for in every thread.
  const worker = `import("tsx/esm/api").then(({ register }) => register() && import("${import.meta.url}"))`;
  new Worker(worker, { eval: true, workerData: { port: port2 }, transferList: [port2] });
} else {
  const { port } = workerData as { readonly port: MessagePort };
  const nc = await connect({
    servers: process.env["NATS_URLS"] ?? "127.0.0.1:4222",
    transports: [portTransport(port)],
  });
  nc.subscribe("greet", { callback: (_error, msg) => void msg.respond(`hello ${msg.string()}`) });
  console.log((await nc.request("greet", "from a worker")).string());
  await nc.drain();
}
