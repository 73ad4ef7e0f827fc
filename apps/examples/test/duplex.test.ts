// The transport over any duplex stream keeps the transport contract, here with sockets as the streams.

import { setTimeout as after } from "node:timers/promises";
import type { DialTarget } from "@myelin/contracts";
import { reservePorts, runTransportContract, type TransportContractSubject } from "@myelin/testing";
import { describe, it } from "vitest";
import { duplexTransport } from "../src/duplex/duplex-transport.js";
import { openTcp } from "../src/duplex/open-tcp.js";
import { TcpPeers } from "./tcp-peers.js";

const refusedPorts = await reservePorts(1);

async function setup(): Promise<TransportContractSubject> {
  const listener = await TcpPeers.listen();
  const transport = duplexTransport(async ({ hostname, port }, signal) => {
    if (hostname === "stalled.invalid") await after(3_600_000, undefined, { signal });
    return openTcp(hostname, port, signal);
  });
  const target = (hostname: string, port: number): DialTarget => ({
    url: `nats://${hostname}:${port}`,
    scheme: "nats",
    hostname,
    port,
    path: "",
    serverName: hostname,
    tls: undefined,
    handshakeFirst: false,
    shuffleAddresses: true,
  });
  return {
    transport,
    target: () => target("127.0.0.1", listener.port),
    accept: () => listener.accept(),
    peers: listener.peers,
    refused: () => target("127.0.0.1", refusedPorts.ports[0] ?? 0),
    stalled: () => target("stalled.invalid", 1),
    resources: () => process.getActiveResourcesInfo().filter((kind) => /TCP|Connect|Shutdown|Timeout/.test(kind)),
    teardown: () => listener.stop(),
  };
}

describe("the transport contract over a duplex stream", () => {
  for (const { name, leftOut, run } of runTransportContract({ name: "duplex", setup })) {
    it.skipIf(leftOut !== undefined)(name, run);
  }
});
