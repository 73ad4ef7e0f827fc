// What a connection tells about itself, here around a reconnect that is asked for.

import { connect } from "myelin";

const nc = await connect({ servers: process.env["NATS_URLS"] ?? "127.0.0.1:4222" });
const heard = (async () => {
  for await (const status of nc.status()) {
    console.log(status.type, "server" in status ? status.server : "");
    if (status.type === "reconnect") break;
  }
})();
await nc.reconnect();
await heard;
await nc.drain();
