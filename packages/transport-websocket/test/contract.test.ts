// The published transport contract, on each kind of WebSocket there is here.

import type { DialTarget } from "@myelin/contracts";
import {
  createTestAuthority,
  runTransportContract,
  type TransportContractOptions,
  type TransportContractSubject,
} from "@myelin/testing";
import { beforeAll, describe, it } from "vitest";
import { WebSocket as WsWebSocket } from "ws";
import { freePort, Listener, networkResources, targetOf } from "../../transport-node/test/subjects.js";
import type { WebSocketConstructor } from "../src/index.js";
import { webSocketTransport } from "../src/node.js";
import { globalWebSocket } from "../src/web-socket.js";
import { type BrokerListener, openBrokerListener } from "./broker-listener.js";
import { PlainWebSocket } from "./plain-web-socket.js";
import { WebSocketListener } from "./web-socket-server.js";

const authority = await createTestAuthority();
const certificate = await authority.issue({ commonName: "localhost", dnsNames: ["localhost"] });

let refusedPort: number;
beforeAll(async () => {
  refusedPort = await freePort();
});

function listen(encrypted: boolean): Promise<WebSocketListener> {
  return WebSocketListener.open(encrypted ? { cert: certificate.certPem, key: certificate.keyPem } : undefined);
}

async function subject(
  webSocket: WebSocketConstructor,
  encrypted: boolean,
  open: () => Promise<BrokerListener> = () => listen(encrypted),
): Promise<TransportContractSubject> {
  const listener = await open();
  const silent = await Listener.open();
  const scheme = encrypted ? "wss" : "ws";
  const hostname = encrypted ? "localhost" : "127.0.0.1";
  const target = (port: number): DialTarget =>
    targetOf({
      url: `${scheme}://${hostname}:${port}`,
      scheme,
      hostname,
      port,
      tls: encrypted ? { ca: authority.caPem } : undefined,
    });
  return {
    transport: webSocketTransport({ webSocket }),
    target: () => target(listener.port),
    accept: () => listener.accept(),
    get peers() {
      return [...listener.peers, ...silent.peers];
    },
    refused: () => target(refusedPort),
    // Accepts TCP and never answers: neither the handshake of TLS nor the upgrade.
    stalled: () => target(silent.port),
    resources: networkResources,
    async teardown() {
      await Promise.all([listener.stop(), silent.stop()]);
    },
  };
}

const RUNS: TransportContractOptions[] = [
  { name: "ws", setup: () => subject(WsWebSocket, false) },
  { name: "ws with TLS", setup: () => subject(WsWebSocket, true), encrypted: true },
  { name: "a W3C WebSocket", setup: () => subject(PlainWebSocket, false) },
  { name: "ws, to a broker", setup: () => subject(WsWebSocket, false, openBrokerListener) },
  { name: "a W3C WebSocket, to a broker", setup: () => subject(PlainWebSocket, false, openBrokerListener) },
];
// Node has one of its own from 22 on. Some of its versions keep the socket of a dial that was called off for seconds, in a pool that nobody
// sees: what is left open is no matter of ours there.
const own = globalWebSocket();
if (own !== undefined) {
  const setup = async (): Promise<TransportContractSubject> =>
    Object.assign(await subject(own, false), { resources: () => [] });
  RUNS.push({ name: "the WebSocket of this runtime", setup });
}

for (const options of RUNS) {
  describe(`the transport contract over ${options.name}`, () => {
    for (const { name, leftOut, run } of runTransportContract(options)) it.skipIf(leftOut !== undefined)(name, run);
  });
}
