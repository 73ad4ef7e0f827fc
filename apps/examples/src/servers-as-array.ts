// The list as an array of URLs. Forms may be mixed: with and without scheme, IPv4, IPv6, and with no port, which is 4222.

import { connect } from "myelin";

const servers = process.env["NATS_URLS"]?.split(",") ?? ["nats://127.0.0.1:4222", "localhost", "[::1]:4222"];
const nc = await connect({ servers });
console.log(`connected to ${nc.getServer()}, one of ${servers.length}`);
await nc.close();
