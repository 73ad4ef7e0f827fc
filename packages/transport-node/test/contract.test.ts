// The published transport contract, on each way this package opens a stream.

import type { DialTarget, TlsOptions } from "@myelin/contracts";
import {
  createTestAuthority,
  runTransportContract,
  type TransportContractOptions,
  type TransportContractSubject,
} from "@myelin/testing";
import { afterAll, beforeAll, describe, it } from "vitest";
import { tcpTransport, unixTransport } from "../src/index.js";
import { type BlackHole, openBlackHole } from "./black-hole.js";
import { freePort, Listener, networkResources, targetOf } from "./subjects.js";

const authority = await createTestAuthority();
const certificate = await authority.issue({
  commonName: "localhost",
  dnsNames: ["localhost"],
  ipAddresses: ["127.0.0.1"],
});
const server = { cert: certificate.certPem, key: certificate.keyPem };
const trust: TlsOptions = { ca: authority.caPem };

let blackHole: BlackHole;
let refusedPort: number;
beforeAll(async () => {
  blackHole = await openBlackHole();
  refusedPort = await freePort();
});
afterAll(async () => {
  await blackHole.stop();
});

async function tcpSubject(kind: "plain" | "first" | "upgrade"): Promise<TransportContractSubject> {
  const listener = await Listener.open({ tls: kind === "plain" ? undefined : server });
  const silent = await Listener.open();
  const parts: Partial<DialTarget> = {
    hostname: kind === "plain" ? "127.0.0.1" : "localhost",
    tls: kind === "plain" ? undefined : trust,
    handshakeFirst: kind === "first",
  };
  return {
    transport: tcpTransport(),
    target: () => targetOf({ ...parts, port: listener.port }),
    accept: () => listener.accept(),
    get peers() {
      return [...listener.peers, ...silent.peers];
    },
    refused: () => targetOf({ ...parts, port: refusedPort }),
    // TLS first stalls in the handshake, the others before TCP is established.
    stalled: () => targetOf({ ...parts, port: kind === "first" ? silent.port : blackHole.port }),
    resources: networkResources,
    async teardown() {
      await Promise.all([listener.stop(), silent.stop()]);
    },
  };
}

async function unixSubject(): Promise<TransportContractSubject> {
  const listener = await Listener.open({ unix: true });
  const silent = await Listener.open({ unix: true });
  const target = (path: string): DialTarget =>
    targetOf({ url: `unix://${path}`, scheme: "unix", hostname: "", serverName: "", path });
  return {
    transport: unixTransport(),
    target: () => target(listener.path),
    accept: () => listener.accept(),
    get peers() {
      return [...listener.peers, ...silent.peers];
    },
    refused: () => target(`${listener.path}.nobody`),
    // A unix socket accepts or refuses at once; what can take long on it is a handshake.
    stalled: () => ({ ...target(silent.path), handshakeFirst: true, serverName: "localhost" }),
    resources: networkResources,
    async teardown() {
      await Promise.all([listener.stop(), silent.stop()]);
    },
  };
}

const RUNS: readonly TransportContractOptions[] = [
  { name: "TCP", setup: () => tcpSubject("plain") },
  { name: "TLS first", setup: () => tcpSubject("first"), encrypted: true },
  { name: "TLS upgrade", setup: () => tcpSubject("upgrade"), encrypted: true, upgrade: true },
  { name: "unix socket", setup: unixSubject },
];

for (const options of RUNS) {
  describe(`the transport contract over ${options.name}`, () => {
    for (const { name, leftOut, run } of runTransportContract(options)) it.skipIf(leftOut !== undefined)(name, run);
  });
}
