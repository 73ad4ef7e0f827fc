// A real server as a node that is told what to do.

import type { RealServer } from "@myelin/testing";
import type { Node } from "./nodes.js";

export function nodeOf(server: RealServer): Node {
  return {
    name: server.name,
    get running() {
      return server.running;
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    pause: () => server.pause(),
    resume: () => server.resume(),
    lameDuck: () => server.lameDuck(),
    clients: async () => (await server.connz()).num_connections,
  };
}
