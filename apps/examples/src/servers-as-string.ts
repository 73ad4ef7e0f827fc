// The list as one string with commas, as it comes from an environment variable. Spaces around a comma do no harm.

import { connect } from "myelin";

const servers = process.env["NATS_URLS"] ?? "nats://127.0.0.1:4222, nats://localhost:4222";
const nc = await connect({ servers });
console.log(`connected to ${nc.getServer()}, one of ${servers.split(",").length}`);
await nc.close();
