import type { DialTarget, TransportError } from "@myelin/contracts";
import { describe, expect, it } from "vitest";
import type { MemoryPeer } from "./memory-connection.js";
import { type MemoryNetwork, memoryNetwork } from "./memory-network.js";
import { MemoryPipe } from "./memory-pipe.js";
import { type ContractPeer, runTransportContract, type TransportContractSubject } from "./transport-contract.js";
import { VirtualClock } from "./virtual-clock.js";

const HOST = "server.test";

function target(port: number): DialTarget {
  return {
    url: `nats://${HOST}:${port}`,
    scheme: "nats",
    hostname: HOST,
    port,
    path: "",
    serverName: HOST,
    tls: undefined,
    handshakeFirst: false,
    shuffleAddresses: false,
  };
}

function contractSubject(chunkSize: number): TransportContractSubject {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, chunkSize });
  const peers: ContractPeer[] = [];
  const waiting: ((peer: ContractPeer) => void)[] = [];
  let accepted = 0;
  network.listen(HOST, 1, (peer) => {
    const chunks: Uint8Array[] = [];
    const contractPeer: ContractPeer = {
      received: () => Buffer.concat(chunks),
      get receivedBytes() {
        return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
      },
      send: (bytes) => void peer.send(bytes),
      end: () => peer.end(),
      reset: () => peer.reset(),
      stopReading: () => peer.pause(),
      startReading: () => peer.resume(),
      get isClosed() {
        return peer.isClosed;
      },
    };
    peers.push(contractPeer);
    waiting.shift()?.(contractPeer);
    return { data: (chunk) => void chunks.push(chunk), closed: () => {} };
  });
  network.blackHole(HOST, 3);
  return {
    transport: network.transport,
    target: () => target(1),
    refused: () => target(2),
    stalled: () => target(3),
    peers,
    accept() {
      const peer = peers[accepted++];
      return peer === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(peer);
    },
    resources: () => [`${clock.pendingTimers} timers`],
    settle: () => clock.settle(),
    teardown: async () => {},
  };
}

describe("the memory transport", () => {
  for (const chunkSize of [65_536, 1_000]) {
    const name = `memory, ${chunkSize} bytes at once`;
    for (const each of runTransportContract({ name, setup: async () => contractSubject(chunkSize) })) {
      it(each.name, each.run);
    }
  }
  const upgrade = {
    name: "memory, upgraded",
    upgrade: true,
    encrypted: true,
    setup: async () => contractSubject(65_536),
  };
  for (const each of runTransportContract(upgrade)) it(each.name, each.run);
});

interface Opened {
  clock: VirtualClock;
  network: MemoryNetwork;
  peers: MemoryPeer[];
  heard: string[];
  closings: (TransportError | undefined)[];
  dial(port?: number): ReturnType<MemoryNetwork["transport"]["connect"]>;
}

function open(options: { dialTime?: number } = {}): Opened {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock, ...options });
  const peers: MemoryPeer[] = [];
  const heard: string[] = [];
  const closings: (TransportError | undefined)[] = [];
  network.listen(HOST, 1, (peer) => {
    peers.push(peer);
    peer.send(Buffer.from("hello"));
    return {
      data: (chunk) => void heard.push(`peer ${chunk.length}`),
      closed: (how) => void heard.push(`peer ${how}`),
    };
  });
  const dial = (port = 1): ReturnType<MemoryNetwork["transport"]["connect"]> => {
    const sink = {
      data: (chunk: Uint8Array) => void heard.push(`sink ${chunk.length}`),
      drain: () => {},
      closed: (error: TransportError | undefined) => void closings.push(error),
    };
    return network.transport.connect(target(port), sink, new AbortController().signal);
  };
  return { clock, network, peers, heard, closings, dial };
}

describe("MemoryPipe", () => {
  it("tells a writer to go on once for each time it told it to wait, and never else", async () => {
    const clock = new VirtualClock();
    let drains = 0;
    const pipe = new MemoryPipe(clock, 65_536, () => drains++);
    pipe.read({ data: () => {}, ended: () => {} });
    expect(pipe.write(new Uint8Array(10))).toBe(true);
    await clock.settle();
    expect(drains).toBe(0);
    expect([pipe.write(new Uint8Array(65_536)), pipe.write(new Uint8Array(1))]).toEqual([false, false]);
    await clock.settle();
    expect(drains).toBe(1);
    expect(pipe.write(new Uint8Array(1))).toBe(true);
    await clock.settle();
    expect([drains, pipe.bufferedBytes]).toEqual([1, 0]);
  });
});

describe("memoryNetwork", () => {
  it("refuses where nobody listens or where it is told to, and does not resolve what it is told not to", async () => {
    const { network, dial } = open();
    await expect(dial(2)).rejects.toMatchObject({ code: "CONNECTION_REFUSED", phase: "tcp", address: `${HOST}:2` });
    network.refuse(HOST, 1);
    await expect(dial()).rejects.toMatchObject({ code: "CONNECTION_REFUSED" });
    network.unresolvable(HOST);
    await expect(dial()).rejects.toMatchObject({ code: "DNS_FAILED", phase: "dns" });
    network.heal(HOST, 1);
    expect((await dial()).remoteAddress).toBe(`${HOST}:1`);
    expect(network.dials.map(({ port }) => port)).toEqual([2, 1, 1, 1]);
  });

  it("delivers nothing on open streams into a black hole, and catches up when healed", async () => {
    const { clock, network, peers, heard, dial } = open();
    const connection = await dial();
    await clock.settle();
    heard.length = 0;
    network.blackHole(HOST, 1);
    connection.write(new Uint8Array(3));
    peers[0]?.send(new Uint8Array(4));
    await clock.advance(60_000);
    expect(heard).toEqual([]);
    network.heal(HOST, 1);
    await clock.settle();
    expect(heard.sort()).toEqual(["peer 3", "sink 4"]);
  });

  it("tells a peer of a stream destroyed in a black hole only when healed", async () => {
    const { clock, network, heard, closings, dial } = open();
    const connection = await dial();
    network.blackHole(HOST, 1);
    connection.destroy();
    await clock.settle();
    expect([closings, heard.filter((what) => what.startsWith("peer"))]).toEqual([[undefined], []]);
    network.heal(HOST, 1);
    await clock.settle();
    expect(heard).toContain("peer reset");
  });

  it("breaks every stream of an address on both sides when dropped", async () => {
    const { clock, network, heard, closings, dial } = open();
    await Promise.all([dial(), dial()]);
    network.drop(HOST, 1);
    await clock.settle();
    expect(closings.map((error) => error?.code)).toEqual(["CONNECTION_RESET", "CONNECTION_RESET"]);
    expect(heard.filter((what) => what === "peer reset")).toHaveLength(2);
  });

  it("fails TLS where told to, and destroys the stream", async () => {
    const { clock, network, closings, dial } = open();
    network.failTls(HOST, 1);
    const connection = await dial();
    await clock.settle(); // the greeting is read before the upgrade, as an INFO is
    await expect(connection.startTls?.()).rejects.toMatchObject({ code: "TLS_FAILED", phase: "tls" });
    await clock.settle();
    expect(closings.map((error) => error?.code)).toEqual(["TLS_FAILED"]);
  });

  it("takes the time it is told to for a dial", async () => {
    const { clock, heard, dial } = open({ dialTime: 30 });
    const dialling = dial();
    await clock.advance(29);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual(["sink 5"]);
    await dialling;
  });
});
