// One seed is enough: the cluster tells of its other servers, and they are there when the seed goes away.

import { connect } from "myelin";

const seed = (process.env["NATS_URLS"] ?? "127.0.0.1:4222").split(",")[0] ?? "";
const nc = await connect({ servers: seed });
for (const { origin, url } of nc.getServers()) console.log(`${origin} ${url.href}`);
await nc.close();
