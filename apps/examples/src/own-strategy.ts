// A strategy of one's own: clients that share a key meet on the same server. strategies/home-server.ts has it, and beside it
// its tests, without a socket.

import { connect } from "myelin";
import { homeServer } from "./strategies/home-server.js";

const servers = process.env["NATS_URLS"] ?? "127.0.0.1:4222";
const [one, other] = await Promise.all([
  connect({ servers, strategy: homeServer("tenant-7"), reconnectJitter: 0 }),
  connect({ servers, strategy: homeServer("tenant-7"), reconnectJitter: 0 }),
]);
console.log(`both on the same server: ${one.getServer() === other.getServer()}`);
for (const { url, state, reason } of one.getServers()) console.log(`${url.href} ${state}: ${reason}`);
await Promise.all([one.close(), other.close()]);
