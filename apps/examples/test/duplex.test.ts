// The transport over any duplex stream keeps the transport contract, here with sockets as the streams.

import { setTimeout as after } from "node:timers/promises";
import { reservePorts, runTransportContract, type TransportContractSubject } from "@myelin/testing";
import { describe, it } from "vitest";
import { duplexTransport } from "../src/duplex/duplex-transport.js";
import { openTcp } from "../src/duplex/open-tcp.js";
import { TcpPeers, targetOf } from "./tcp-peers.js";

const refusedPorts = await reservePorts(1);

async function setup(): Promise<TransportContractSubject> {
  const listener = await TcpPeers.listen();
  const transport = duplexTransport(async ({ hostname, port }, signal) => {
    if (hostname === "stalled.invalid") await after(3_600_000, undefined, { signal });
    return openTcp(hostname, port, signal);
  });
  return {
    transport,
    target: () => targetOf({ port: listener.port }),
    accept: () => listener.accept(),
    peers: listener.peers,
    refused: () => targetOf({ port: refusedPorts.ports[0] ?? 0 }),
    stalled: () => targetOf({ hostname: "stalled.invalid", port: 1 }),
    resources: () => process.getActiveResourcesInfo().filter((kind) => /TCP|Connect|Shutdown|Timeout/.test(kind)),
    teardown: () => listener.stop(),
  };
}

describe("the transport contract over a duplex stream", () => {
  for (const { name, leftOut, run } of runTransportContract({ name: "duplex", setup })) {
    it.skipIf(leftOut !== undefined)(name, run);
  }
});
