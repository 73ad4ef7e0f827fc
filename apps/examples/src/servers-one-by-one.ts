// The list built one by one, and tried in its order: noRandomize turns the shuffling off.

import { type ConnectionOptions, connect } from "myelin";

const servers: string[] = [];
for (const url of (process.env["NATS_URLS"] ?? "127.0.0.1:4222").split(",")) servers.push(url);

const options: ConnectionOptions = { servers, noRandomize: true };
const nc = await connect(options);
console.log(`connected to ${nc.getServer()}, the first that works of ${servers.length}`);
await nc.close();
