// Connecting to a cluster as its manual shows it: a list of servers, of which the first that works is used.

import { connect } from "myelin";

// will throw an exception if connection fails
const nc = await connect({
  servers: process.env["NATS_URLS"]?.split(",") ?? ["nats://demo.nats.io:4222", "nats://localhost:4222"],
});
// Do something with the connection
console.log(`connected to ${nc.getServer()}`);

// When done close it
await nc.close();
