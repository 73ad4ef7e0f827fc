// The transport over a MessagePort keeps the transport contract, plain and upgraded to TLS, with TCP at the other end of the port;
// and what it adds to that of TCP: it refuses what cannot be sent, ends when the other thread does, and bounds what is under way.

import { setTimeout as aWhile } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import type { Transport, TransportConnection, TransportSink } from "@myelin/contracts";
import {
  createTestAuthority,
  RealCluster,
  reservePorts,
  runTransportContract,
  type TransportContractOptions,
  type TransportContractSubject,
} from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { connect } from "myelin";
import { describe, expect, it } from "vitest";
import { portTransport } from "../src/message-port/port-transport.js";
import { serveTransport } from "../src/message-port/serve-transport.js";
import { TcpPeers, targetOf } from "./tcp-peers.js";

const authority = await createTestAuthority();
const { certPem, keyPem } = await authority.issue({ commonName: "localhost", dnsNames: ["localhost"] });
const refusedPorts = await reservePorts(1);

/** What a run could leave behind: sockets, timers, and ports that still listen. */
const resources = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((kind) => /TCP|TLS|Connect|Shutdown|Timeout|MessagePort/.test(kind));

async function subject(withTls: boolean): Promise<TransportContractSubject> {
  const listener = await TcpPeers.listen(withTls ? { cert: certPem, key: keyPem } : undefined);
  const silent = await TcpPeers.listen();
  const { port1, port2 } = new MessageChannel();
  serveTransport(port2, tcpTransport());
  const tls = withTls ? { ca: authority.caPem } : undefined;
  return {
    transport: portTransport(port1),
    target: () => targetOf({ port: listener.port, tls }),
    accept: () => listener.accept(),
    get peers() {
      return [...listener.peers, ...silent.peers];
    },
    refused: () => targetOf({ port: refusedPorts.ports[0] ?? 0 }),
    // It accepts, and then waits for ever for the first byte of a handshake.
    stalled: () => targetOf({ port: silent.port, handshakeFirst: true }),
    resources,
    async teardown() {
      port1.close();
      await Promise.all([listener.stop(), silent.stop()]);
    },
  };
}

const RUNS: readonly TransportContractOptions[] = [
  { name: "MessagePort", setup: () => subject(false) },
  { name: "MessagePort, TLS upgrade", setup: () => subject(true), encrypted: true, upgrade: true },
];

for (const options of RUNS) {
  describe(`the transport contract over a ${options.name}`, () => {
    for (const { name, leftOut, run } of runTransportContract(options)) it.skipIf(leftOut !== undefined)(name, run);
  });
}

describe("a transport over a MessagePort", () => {
  it("refuses a function of tls, which cannot be sent, before anything is dialled", async () => {
    const { port1, port2 } = new MessageChannel();
    const dials: unknown[] = [];
    serveTransport(port2, { schemes: ["nats"], connect: async (target) => Promise.reject(dials.push(target)) });
    const sink = { data: () => {}, drain: () => {}, closed: () => {} };
    for (const tls of [async () => ({}), { ca: () => "pem" }]) {
      const dial = portTransport(port1).connect(targetOf({ port: 1, tls }), sink, new AbortController().signal);
      await expect(dial).rejects.toMatchObject({
        code: "UNSUPPORTED_TARGET",
        message: expect.stringContaining("caFile"),
      });
    }
    expect(dials).toEqual([]);
    port1.close();
  });

  it("ends with an error when the thread that holds the socket goes without a word", async () => {
    const { port1, port2 } = new MessageChannel();
    // What a thread that is terminated does to its ports.
    port2.on("message", ({ port }) => {
      port.postMessage({ kind: "opened", remoteAddress: "127.0.0.1:1", encrypted: false });
      port.close();
    });
    const closed = await new Promise((resolve, reject) => {
      const sink = { data: () => {}, drain: () => {}, closed: resolve };
      portTransport(port1)
        .connect(targetOf({ port: 1 }), sink, new AbortController().signal)
        .catch(reject);
    });
    expect(closed).toMatchObject({ code: "STREAM_FAILED", message: expect.stringContaining("has gone") });
    port1.close();
  });

  it("refuses to upgrade once the other end has sent more than this one had read", async () => {
    const other = await overStub();
    // It is under way while the upgrade is asked for.
    other.sink.data(new TextEncoder().encode("+OK\r\n"));
    other.connection.startTls?.().catch(() => {});
    await expect.poll(() => other.calls).toEqual(["destroy: the server sent plaintext after the upgrade began"]);
    other.end();
  });

  it("hears of the end after everything that came before it, also when it was paused meanwhile", async () => {
    const other = await overStub();
    other.connection.pause();
    other.sink.data(new Uint8Array(10));
    other.sink.closed(undefined);
    // Time enough for both to come; were it not, the test would only see less.
    await aWhile(50);
    expect(other.heard).toEqual([]);
    other.connection.resume();
    await expect.poll(() => other.heard).toEqual(["10 bytes", "closed"]);
    other.end();
  });

  it("stops reading from the socket when nobody takes what comes, and goes on when somebody does", async () => {
    const other = await overStub();
    other.connection.pause();
    for (let i = 0; i < 4; i++) other.sink.data(new Uint8Array(512 * 1024));
    expect(other.calls).toEqual(["pause"]);
    other.connection.resume();
    await expect.poll(() => other.calls).toEqual(["pause", "resume"]);
    expect(other.heard).toEqual(Array(4).fill("524288 bytes"));
    other.end();
  });
});

it("a client over a MessagePort follows its cluster when its server dies, and answers again", async () => {
  await using cluster = await RealCluster.start({ size: 2 });
  const { port1, port2 } = new MessageChannel();
  serveTransport(port2, tcpTransport());
  const nc = await connect({ servers: cluster.urls, transports: [portTransport(port1)] });
  nc.subscribe("greet", { callback: (_error, msg) => void msg.respond(`hello ${msg.string()}`) });
  expect((await nc.request("greet", "before")).string()).toBe("hello before");
  const back = new Promise((resolve) => nc.on("reconnect", resolve));
  await cluster.servers.find(({ port }) => nc.getServer().endsWith(`:${port}`))?.kill();
  await back;
  expect((await nc.request("greet", "after")).string()).toBe("hello after");
  await nc.drain();
  port1.close();
});

/** A dialled connection over a port, with a socket at the other end that only takes notes. */
async function overStub(): Promise<{
  readonly connection: TransportConnection;
  readonly calls: readonly string[];
  readonly sink: TransportSink;
  /** What the connection's own sink was told. */
  readonly heard: readonly string[];
  end(): void;
}> {
  const { port1, port2 } = new MessageChannel();
  const calls: string[] = [];
  const sinks: TransportSink[] = [];
  const socket: TransportConnection = {
    encrypted: false,
    remoteAddress: "127.0.0.1:1",
    bufferedBytes: 0,
    write: () => true,
    pause: () => void calls.push("pause"),
    resume: () => void calls.push("resume"),
    startTls: async () => void calls.push("startTls"),
    close: async () => {},
    destroy: (error) => void calls.push(`destroy: ${error?.message}`),
  };
  const connectStub: Transport["connect"] = async (_, sink) => {
    sinks.push(sink);
    return socket;
  };
  serveTransport(port2, { schemes: ["nats"], connect: connectStub });
  const heard: string[] = [];
  const own: TransportSink = {
    data: (chunk) => void heard.push(`${chunk.length} bytes`),
    drain: () => void heard.push("drain"),
    closed: () => void heard.push("closed"),
  };
  const connection = await portTransport(port1).connect(targetOf({ port: 1 }), own, new AbortController().signal);
  const [sink] = sinks;
  if (sink === undefined) throw new Error("it did not dial");
  const end = (): void => {
    connection.destroy();
    port1.close();
  };
  return { connection, calls, sink, heard, end };
}
