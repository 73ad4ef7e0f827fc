// A transport of one's own: everything the client needs of a byte stream, here plain TCP that counts what passes. Given to
// connect() it takes the place of the built-in one for its schemes. duplex/ has the transport, test/duplex.test.ts the proof that it
// keeps the contract.

import { connect } from "myelin";
import { duplexTransport } from "./duplex/duplex-transport.js";
import { openTcp } from "./duplex/open-tcp.js";

const bytes = { in: 0, out: 0 };
const transport = duplexTransport(async ({ hostname, port }, signal) => {
  const socket = await openTcp(hostname, port, signal);
  socket.on("close", () => {
    bytes.in += socket.bytesRead;
    bytes.out += socket.bytesWritten;
  });
  return socket;
});

const nc = await connect({ servers: process.env["NATS_URLS"] ?? "127.0.0.1:4222", transports: [transport] });
nc.subscribe("greet", { callback: (_error, msg) => void msg.respond(`hello ${msg.string()}`) });
console.log((await nc.request("greet", "transport")).string());
await nc.drain();
console.log(`bytes in: ${bytes.in > 0}, bytes out: ${bytes.out > 0}`);
