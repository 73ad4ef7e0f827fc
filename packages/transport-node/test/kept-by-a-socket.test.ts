// What an open connection still holds of the dial it came from.

import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DialTarget, TransportConnection } from "@myelin/contracts";
import { expect, it } from "vitest";
import { tcpTransport } from "../src/index.js";

it("an open connection keeps nothing of its dial: neither its signal nor its target", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const peers: Socket[] = [];
  const server = createServer((peer) => peers.push(peer)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  const { connection, signal, target } = await dialled(port);
  try {
    for (let i = 0; i < 10 && (signal.deref() ?? target.deref()) !== undefined; i++) {
      await turn();
      collect();
    }
    expect([signal.deref(), target.deref()]).toEqual([undefined, undefined]);
    expect(connection.write(new Uint8Array(1))).toBe(true);
  } finally {
    connection.destroy();
    for (const peer of peers) peer.destroy();
    server.close();
  }
});

// In a function of its own, so that nothing of it is left on the stack.
async function dialled(port: number): Promise<{
  readonly connection: TransportConnection;
  readonly signal: WeakRef<AbortSignal>;
  readonly target: WeakRef<DialTarget>;
}> {
  const { signal } = new AbortController();
  const target: DialTarget = {
    url: `nats://127.0.0.1:${port}`,
    scheme: "nats",
    hostname: "127.0.0.1",
    port,
    path: "",
    serverName: "127.0.0.1",
    tls: undefined,
    handshakeFirst: false,
    shuffleAddresses: true,
  };
  const sink = { data: () => {}, drain: () => {}, closed: () => {} };
  const connection = await tcpTransport().connect(target, sink, signal);
  return { connection, signal: new WeakRef(signal), target: new WeakRef(target) };
}
