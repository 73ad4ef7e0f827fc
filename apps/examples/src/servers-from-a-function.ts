// Which servers there are is answered by a function, asked again whenever none of those known can be reached: here a variable of the
// environment, elsewhere a registry, a file, or DNS by srvServers("_nats._tcp.example.com").

import { connect } from "myelin";

const nc = await connect({
  resolveServers: () => process.env["NATS_URLS"] ?? "127.0.0.1:4222",
  timeout: 2_000,
});
console.log(`connected to ${nc.getServer()}, one of ${nc.getServers().length}`);
await nc.close();
