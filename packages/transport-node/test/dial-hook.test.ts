// `dial`: streams that somebody else makes, whatever they are like.

import { once } from "node:events";
import { connect } from "node:net";
import { Duplex, PassThrough } from "node:stream";
import { InvalidArgumentError, TransportError } from "@myelin/contracts";
import { createTestAuthority } from "@myelin/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Dial, type DialDestination, tcpTransport } from "../src/index.js";
import { Listener, TestSink, targetOf, transportErrorOf } from "./subjects.js";

const authority = await createTestAuthority();
const own = await authority.issue({ commonName: "server", dnsNames: ["inside.test"] });
const material = { cert: own.certPem, key: own.keyPem };

async function listen(options: Parameters<typeof Listener.open>[0]): Promise<Listener> {
  const listener = await Listener.open(options);
  onTestFinished(() => listener.stop());
  return listener;
}

const never = new AbortController().signal;
const through = (dial: Dial, parts: object = {}, signal = never, sink = new TestSink()) =>
  tcpTransport({ dial }).connect(
    targetOf({ hostname: "inside.test", serverName: "inside.test", port: 4222, ...parts }),
    sink,
    signal,
  );

describe("P50: a stream of the caller's", () => {
  it.each(["connected", "still connecting"])(
    "carries bytes both ways, and TLS on top, when it is handed over %s",
    async (when) => {
      const listener = await listen({ tls: material, greeting: "INFO {}\r\n" });
      const asked: DialDestination[] = [];
      const dial: Dial = async (destination) => {
        asked.push(destination);
        const socket = connect(listener.port, "127.0.0.1");
        if (when === "connected") await once(socket, "connect");
        return socket;
      };
      const sink = new TestSink();
      const connection = await through(dial, { tls: { ca: authority.caPem } }, never, sink);
      await vi.waitFor(() => expect(sink.text()).toBe("INFO {}\r\n"));
      expect([connection.encrypted, connection.remoteAddress]).toEqual([false, "inside.test:4222"]);
      await connection.startTls?.();
      expect(connection.encrypted).toBe(true);
      connection.write(Buffer.from("hello"));
      const peer = await listener.accept();
      await vi.waitFor(() => expect(Buffer.from(peer.received()).toString()).toBe("hello"));
      expect(asked).toEqual([{ url: "nats://inside.test:4222", hostname: "inside.test", port: 4222 }]);
      await connection.close();
      expect(sink.closings).toEqual([undefined]);
    },
  );

  it("may keep the very chunks it has taken: none of them is called released, as those of a socket are", async () => {
    const kept: Uint8Array[] = [];
    const stream: Duplex = new Duplex({
      read: () => {},
      write: (chunk: Uint8Array, _encoding, done) => {
        kept.push(chunk);
        done();
      },
      final: (done) => {
        stream.push(null);
        done();
      },
    });
    const connection = await through(async () => stream);
    connection.write(Buffer.from("hello"));
    expect(kept).toHaveLength(1);
    expect(connection.released).toBe(false);
    await connection.close();
    const listener = await listen({});
    const other = await through(async () => connect(listener.port, "127.0.0.1"));
    other.write(Buffer.from("hello"));
    expect(other.released).toBe(true);
    await other.close();
  });

  it("may be any Duplex, paused or not, with bytes that wait in it", async () => {
    for (const paused of [true, false]) {
      const [near, far] = pair();
      far.write("early ");
      if (paused) near.pause();
      const sink = new TestSink();
      const connection = await through(() => near, {}, never, sink);
      far.write("late");
      await vi.waitFor(() => expect(sink.text()).toBe("early late"));
      connection.write(Buffer.from("back"));
      expect(String((await once(far, "data"))[0])).toBe("back");
      const closed = connection.close();
      far.end();
      await closed;
      expect([sink.closings, near.destroyed]).toEqual([[undefined], true]);
    }
  });

  it("that breaks ends with a typed error, once", async () => {
    const [near] = pair();
    const sink = new TestSink();
    await through(() => near, {}, never, sink);
    near.destroy(new Error("the tunnel collapsed"));
    await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
    expect(sink.closings[0]).toMatchObject({ code: "STREAM_FAILED", phase: "stream", address: "inside.test:4222" });
    expect(sink.closings[0]?.message).toContain("the tunnel collapsed");
  });
});

it("P50: a stream that breaks in the midst of a TLS upgrade fails the upgrade, and nothing is left of it", async () => {
  const [near, far] = pair();
  const sink = new TestSink();
  const connection = await through(() => near, {}, never, sink);
  const upgrading = transportErrorOf(connection.startTls?.() ?? Promise.resolve());
  // The first bytes of the handshake.
  await once(far, "data");
  near.destroy(new Error("the tunnel collapsed"));
  expect(await upgrading).toMatchObject({ phase: "tls", address: "inside.test:4222" });
  await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
  expect(near.destroyed).toBe(true);
});

describe("P50: a dial function that fails", () => {
  const dead = (): Duplex => new PassThrough().destroy();
  const ended = (): Duplex => {
    const stream = new PassThrough();
    stream.end();
    return stream;
  };
  it.each<[string, Dial, string]>([
    [
      "throws",
      () => {
        throw new Error("no way");
      },
      "failed (no way)",
    ],
    ["rejects", () => Promise.reject(new Error("no way")), "failed (no way)"],
    ["rejects with what cannot be printed", () => Promise.reject(Object.create(null)), "cannot be printed"],
    ["answers nothing", () => undefined as never, "no Duplex stream"],
    ["answers something else", () => ({ write() {} }) as never, "no Duplex stream"],
    ["answers a dead stream", dead, "destroyed already"],
    ["answers one that has ended", ended, "ended already"],
    ["answers objects", () => new PassThrough({ objectMode: true }), "carries objects"],
    ["answers text", () => new PassThrough().setEncoding("utf8"), "carries text"],
  ])("%s: the attempt fails with CONNECT_FAILED", async (_, dial, words) => {
    const error = await transportErrorOf(through(dial));
    expect(error).toMatchObject({ code: "CONNECT_FAILED", phase: "tcp", address: "inside.test:4222" });
    expect(error.message).toContain("inside.test:4222 could not be dialled: the dial function");
    expect(error.message).toContain(words);
  });

  it("with a TransportError: that is the error", async () => {
    const mine = new TransportError("PROXY_REFUSED", "tcp", "no", "x:1");
    expect(await transportErrorOf(through(() => Promise.reject(mine)))).toBe(mine);
  });

  it("hands over a socket that never connects: the socket's own error", async () => {
    const listener = await listen({});
    const { port } = listener;
    await listener.stop();
    const error = await transportErrorOf(through(() => connect(port, "127.0.0.1")));
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED", address: "inside.test:4222" });
  });

  it("hangs: the signal ends it at once, the function is told, and a stream that comes later is destroyed", async () => {
    const controller = new AbortController();
    let told: AbortSignal | undefined;
    let answer: (stream: Duplex) => void = () => {};
    const dial: Dial = (_, signal) => {
      told = signal;
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const reason = new Error("too late");
    const pending = through(dial, {}, controller.signal);
    await vi.waitFor(() => expect(told).toBeDefined());
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(told?.aborted).toBe(true);
    const [near] = pair();
    answer(near);
    await vi.waitFor(() => expect(near.destroyed).toBe(true));
  });

  it("is none, or stands beside what it excludes: refused at once", () => {
    const dial: Dial = () => new PassThrough();
    expect(() => tcpTransport({ dial: "proxy" as never })).toThrow(InvalidArgumentError);
    expect(() => tcpTransport({ dial, lookup: async () => [] })).toThrow("lookup: excludes dial");
    expect(() => tcpTransport({ dial, connectionAttemptDelay: 1 })).toThrow(InvalidArgumentError);
  });
});

class End extends Duplex {
  other: End | undefined;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.other?.push(chunk);
    done();
  }

  override _final(done: () => void): void {
    this.other?.push(null);
    done();
  }
}

/** Two ends of one stream in memory. */
function pair(): [End, End] {
  const [near, far] = [new End(), new End()];
  near.other = far;
  far.other = near;
  return [near, far];
}
