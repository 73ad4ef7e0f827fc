// Publishing faster than the network: publish() returns false when more waits than is good, and writable() says when to go on.

import { connect } from "myelin";

const nc = await connect({ servers: process.env["NATS_URLS"] ?? "127.0.0.1:4222" });
const payload = new Uint8Array(64 * 1024);
let waits = 0;
for (let i = 0; i < 2_000; i++) {
  if (nc.publish("bulk", payload)) continue;
  waits++;
  await nc.writable();
}
await nc.drain();
console.log(`published 2000 messages, waited ${waits > 0 ? "for the socket" : "never"}`);
