// The parent that real-server.test.ts kills: starts a server, says where it is, and waits for ever.

import { RealServer } from "../src/index.js";

const server = await RealServer.start();
process.stdout.write(`${JSON.stringify({ pid: server.pid, directory: server.directory })}\n`);
setInterval(() => {}, 60_000);
