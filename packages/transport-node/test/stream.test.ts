// How an open stream ends, where the contract suite cannot look: which errors count, and what a peer that keeps its half open
// can hold. Delays fire by hand.

import type { TransportConnection } from "@myelin/contracts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { tcpTransport } from "../src/index.js";
import { Listener, type Peer, TestSink, targetOf } from "./subjects.js";

interface Stream {
  readonly connection: TransportConnection;
  readonly sink: TestSink;
  readonly peer: Peer;
  readonly timers: Map<() => void, number>;
}

const listeners: Listener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

/** A stream to a peer that ends its half only when told to. */
async function open(): Promise<Stream> {
  const timers = new Map<() => void, number>();
  const clock = {
    after: (ms: number, run: () => void) => {
      timers.set(run, ms);
      return () => void timers.delete(run);
    },
  };
  const listener = await Listener.open({ allowHalfOpen: true });
  listeners.push(listener);
  const sink = new TestSink();
  const target = targetOf({ hostname: "127.0.0.1", port: listener.port });
  const connection = await tcpTransport({ clock }).connect(target, sink, new AbortController().signal);
  const peer = await listener.accept();
  expect(timers.size).toBe(0);
  return { connection, sink, peer, timers };
}

/** More than the kernel and the peer take without reading. */
function writeTooMuch({ connection, peer }: Stream): void {
  peer.stopReading();
  for (let i = 0; i < 256; i++) connection.write(new Uint8Array(64 * 1024));
  expect(connection.bufferedBytes).toBeGreaterThan(0);
}

describe("close", () => {
  it("ends when a peer keeps its half open, after one second", async () => {
    const { connection, sink, timers } = await open();
    const closing = connection.close();
    await vi.waitFor(() => expect([...timers.values()]).toEqual([1_000]));
    expect(sink.closings).toEqual([]);
    for (const run of timers.keys()) run();
    await closing;
    expect(sink.closings).toEqual([undefined]);
    expect(timers.size).toBe(0);
  });

  it("needs no delay, and leaves none, when the peer ends its half", async () => {
    const { connection, sink, peer, timers } = await open();
    const closing = connection.close();
    await vi.waitFor(() => expect(timers.size).toBe(1));
    peer.end();
    await closing;
    expect(sink.closings).toEqual([undefined]);
    expect(timers.size).toBe(0);
  });

  it("sees the end of the peer although it was paused, and drops what still arrives", async () => {
    const { connection, sink, peer } = await open();
    connection.pause();
    const closing = connection.close();
    peer.send(new Uint8Array(500_000));
    peer.end();
    await closing;
    expect(sink.chunks).toEqual([]);
    expect(sink.closings).toEqual([undefined]);
  });

  it("reports a stream that breaks before everything is flushed", async () => {
    const stream = await open();
    writeTooMuch(stream);
    const closing = stream.connection.close();
    stream.peer.reset();
    await closing;
    expect(stream.sink.closings).toMatchObject([{ code: "CONNECTION_RESET", phase: "stream" }]);
  });

  it("does not report one that breaks afterwards", async () => {
    const { connection, sink, peer, timers } = await open();
    const closing = connection.close();
    await vi.waitFor(() => expect(timers.size).toBe(1));
    peer.reset();
    await closing;
    expect(sink.closings).toEqual([undefined]);
  });
});

describe("a peer that ends", () => {
  it("is an orderly end, also when what we still had to write then meets a reset", async () => {
    const stream = await open();
    const { peer, sink, timers } = stream;
    writeTooMuch(stream);
    peer.end();
    await vi.waitFor(() => expect([...timers.values()]).toEqual([1_000]));
    expect(stream.connection.write(new Uint8Array(1))).toBe(false);
    peer.reset();
    await vi.waitFor(() => expect(sink.closings).toEqual([undefined]));
  });

  it("cannot hold the socket by not reading what we still had to write", async () => {
    const stream = await open();
    const { peer, sink, timers } = stream;
    writeTooMuch(stream);
    peer.end();
    await vi.waitFor(() => expect(timers.size).toBe(1));
    for (const run of timers.keys()) run();
    await vi.waitFor(() => expect(sink.closings).toEqual([undefined]));
    expect(timers.size).toBe(0);
  });
});
