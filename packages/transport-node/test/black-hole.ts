// A loopback port whose SYNs are answered by nobody: a listener on a blocked thread, with its backlog full. Linux drops what
// does not fit, as a firewall would. For tests of what hangs before TCP is established.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

export interface BlackHole {
  readonly port: number;
  stop(): Promise<void>;
}

const LISTEN_AND_BLOCK = `
  const { parentPort } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    // Never returns to the event loop: nothing is accepted any more.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

export async function openBlackHole(): Promise<BlackHole> {
  const worker = new Worker(LISTEN_AND_BLOCK, { eval: true });
  const [port] = (await once(worker, "message")) as [number];
  const fillers: Socket[] = [];
  // Fill the backlog until a connection stays unanswered.
  for (let i = 0; i < 32; i++) {
    const filler = connect({ host: "127.0.0.1", port });
    filler.on("error", () => {});
    fillers.push(filler);
    const answered = await Promise.race([
      once(filler, "connect").then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, 150, false)),
    ]);
    if (!answered) break;
  }
  return {
    port,
    async stop() {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}
