// Dialling names with several addresses, over real loopback sockets.

import type { Socket } from "node:net";
import { InvalidArgumentError, TransportError } from "@myelin/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { dial } from "../src/dial.js";
import { type Lookup, type ResolvedAddress, tcpTransport, unixTransport } from "../src/index.js";
import { type BlackHole, openBlackHole } from "./black-hole.js";
import { freePort, Listener, TestSink, targetOf, transportErrorOf } from "./subjects.js";

let blackHole: BlackHole;
beforeAll(async () => {
  blackHole = await openBlackHole();
});
afterAll(() => blackHole.stop());

const listeners: Listener[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.stop();
});

async function listen(host: string, port = 0): Promise<Listener> {
  const listener = await Listener.open({ host, port });
  listeners.push(listener);
  return listener;
}

// The family is only what the order of dialling goes by: loopback has addresses enough of one.
const answering =
  (...addresses: readonly string[]): Lookup =>
  async () =>
    addresses.map((address): ResolvedAddress => ({ address, family: 4 }));
const never = (): AbortSignal => new AbortController().signal;

describe("a name with several addresses", () => {
  it("P32: a dead first address costs its 250 ms and no more", async () => {
    const listener = await listen("127.0.0.2", blackHole.port);
    const transport = tcpTransport({ lookup: answering("127.0.0.1", "127.0.0.2") });
    const sink = new TestSink();
    const target = targetOf({ hostname: "two.example", port: blackHole.port, shuffleAddresses: false });
    const connection = await transport.connect(target, sink, AbortSignal.timeout(2_000));
    expect(connection.remoteAddress).toBe(`127.0.0.2:${blackHole.port}`);
    await listener.accept();
    connection.destroy();
  });

  it("ADR40-14, SEED-14: is dialled until one works, the next at once when one refuses", async () => {
    const listener = await listen("127.0.0.3");
    const clock = { after: () => () => {} };
    const transport = tcpTransport({ lookup: answering("127.0.0.1", "127.0.0.2", "127.0.0.3"), clock });
    const target = targetOf({ hostname: "three.example", port: listener.port, shuffleAddresses: false });
    const connection = await transport.connect(target, new TestSink(), never());
    expect(connection.remoteAddress).toBe(`127.0.0.3:${listener.port}`);
    connection.destroy();
  });

  it("leaves one stream at the server when several addresses answer", async () => {
    const first = await listen("127.0.0.1");
    const second = await listen("127.0.0.2", first.port);
    // Both attempts start in the same turn.
    const clock = {
      after: (_: number, run: () => void) => {
        queueMicrotask(run);
        return () => {};
      },
    };
    const transport = tcpTransport({ lookup: answering("127.0.0.1", "127.0.0.2"), clock });
    const target = targetOf({ hostname: "two.example", port: first.port });
    const connection = await transport.connect(target, new TestSink(), never());
    await vi.waitFor(() => expect(first.openSockets + second.openSockets).toBe(1));
    connection.destroy();
    await vi.waitFor(() => expect(first.openSockets + second.openSockets).toBe(0));
  });

  it("ADR40-14, SEED-14: is dialled in a shuffled order when asked, and in the resolver's otherwise", async () => {
    const listener = await listen("127.0.0.1");
    await listen("127.0.0.2", listener.port);
    const transport = tcpTransport({ lookup: answering("127.0.0.1", "127.0.0.2"), random: () => 0 });
    const dialled: string[] = [];
    for (const shuffleAddresses of [true, false]) {
      const target = targetOf({ hostname: "two.example", port: listener.port, shuffleAddresses });
      const connection = await transport.connect(target, new TestSink(), never());
      dialled.push(connection.remoteAddress);
      connection.destroy();
    }
    expect(dialled).toEqual([`127.0.0.2:${listener.port}`, `127.0.0.1:${listener.port}`]);
  });

  it("reports every address when none works", async () => {
    const port = await freePort();
    const transport = tcpTransport({ lookup: answering("127.0.0.1", "127.0.0.2") });
    const target = targetOf({ hostname: "two.example", port, shuffleAddresses: false });
    const error = await transportErrorOf(transport.connect(target, new TestSink(), never()));
    expect(error).toMatchObject({ code: "CONNECTION_REFUSED", phase: "tcp" });
    expect(error.message).toContain(`two.example:${port}`);
    const { errors } = error.cause as AggregateError;
    expect(errors.map((each: TransportError) => each.address)).toEqual([`127.0.0.1:${port}`, `127.0.0.2:${port}`]);
    for (const each of errors) expect(each).toBeInstanceOf(TransportError);
  });

  it("CONN-DEFAULT-3: localhost works when it resolves to ::1 first and the server is on 127.0.0.1", async () => {
    const listener = await listen("127.0.0.1");
    const lookup: Lookup = async () => [
      { address: "::1", family: 6 },
      { address: "127.0.0.1", family: 4 },
    ];
    const transport = tcpTransport({ lookup });
    const connection = await transport.connect(targetOf({ port: listener.port }), new TestSink(), never());
    expect(connection.remoteAddress).toBe(`127.0.0.1:${listener.port}`);
    connection.destroy();
  });

  it("P32: is resolved by the operating system by default, hosts file and all", async () => {
    const listener = await listen("127.0.0.1");
    const connection = await tcpTransport().connect(targetOf({ port: listener.port }), new TestSink(), never());
    connection.destroy();
  });

  it("P32: is left to Node when the target says so, and fails in the same words", async () => {
    const listener = await listen("127.0.0.1");
    const lookup: Lookup = () => Promise.reject(new Error("it is not asked"));
    const transport = tcpTransport({ lookup });
    const target = targetOf({ port: listener.port, resolveName: false });
    const connection = await transport.connect(target, new TestSink(), never());
    expect(connection.remoteAddress).toBe(`localhost:${listener.port}`);
    connection.destroy();
    const unknown = targetOf({ hostname: "no-such-name.invalid", port: 4222, resolveName: false });
    const error = await transportErrorOf(transport.connect(unknown, new TestSink(), never()));
    expect(error).toMatchObject({ code: "DNS_FAILED", phase: "dns" });
    expect(error.message).toContain("no-such-name.invalid");
  });

  it("P32: fails with DNS_FAILED and the name in the message when it does not exist", async () => {
    const target = targetOf({ hostname: "no-such-name.invalid", port: 4222 });
    const error = await transportErrorOf(tcpTransport().connect(target, new TestSink(), never()));
    expect(error).toMatchObject({ code: "DNS_FAILED", phase: "dns", address: "no-such-name.invalid" });
    expect(error.message).toContain("no-such-name.invalid");
  });

  it("P24: an abort while the resolver hangs rejects at once with the reason", async () => {
    const controller = new AbortController();
    const reason = new Error("took too long");
    const lookup: Lookup = () => {
      queueMicrotask(() => controller.abort(reason));
      return new Promise(() => {});
    };
    const dialling = tcpTransport({ lookup }).connect(targetOf({ port: 4222 }), new TestSink(), controller.signal);
    await expect(dialling).rejects.toBe(reason);
  });
});

describe("the steps of a dial", () => {
  it("P10: are told as they begin: the name, the connection, and the handshake where it comes first", async () => {
    const listener = await listen("127.0.0.1");
    for (const handshakeFirst of [false, true]) {
      const steps: string[] = [];
      const transport = tcpTransport({
        lookup: async () => {
          steps.push("asked the resolver");
          return [{ address: "127.0.0.1", family: 4 }];
        },
      });
      const target = targetOf({
        hostname: "one.example",
        port: listener.port,
        handshakeFirst,
        reached: (phase) => steps.push(phase),
      });
      // The listener speaks no TLS and says nothing.
      const dialling = transport.connect(target, new TestSink(), AbortSignal.timeout(300));
      if (handshakeFirst) await expect(dialling).rejects.toThrow();
      else (await dialling).destroy();
      expect(steps).toEqual(["dns", "asked the resolver", "tcp", ...(handshakeFirst ? ["tls"] : [])]);
    }
  });
});

describe("misuse", () => {
  it.each([{ connectionAttemptDelay: -1 }, { connectionAttemptDelay: Number.NaN }, { keepAlive: -5 }])(
    "tcpTransport throws for %j at once",
    (options) => {
      expect(() => tcpTransport(options)).toThrow(InvalidArgumentError);
    },
  );

  it.each([{ port: 0 }, { port: 65_536 }, { hostname: "", port: 4222 }, { scheme: "ws", port: 4222 }])(
    "a TCP target with %j is UNSUPPORTED_TARGET",
    async (parts) => {
      const error = await transportErrorOf(tcpTransport().connect(targetOf(parts), new TestSink(), never()));
      expect(error.code).toBe("UNSUPPORTED_TARGET");
    },
  );

  it("a unix target without a path is UNSUPPORTED_TARGET", async () => {
    const target = targetOf({ scheme: "unix", url: "unix://" });
    const error = await transportErrorOf(unixTransport().connect(target, new TestSink(), never()));
    expect(error.code).toBe("UNSUPPORTED_TARGET");
  });
});

describe("a socket that reads to where its sink says", () => {
  it("reads nothing there while something that lies there waits to be delivered", async () => {
    const listener = await listen("127.0.0.1");
    const room = new Uint8Array(1_000);
    const socket = await new Promise<Socket>((resolve, reject) => {
      const settings = { noDelay: true, keepAlive: false } as const;
      dial({ host: "127.0.0.1", port: listener.port }, "a", settings, { room: () => room }, resolve, reject);
    });
    const peer = await listener.accept();
    // Nobody listens for data yet.
    for (const letter of ["a", "b", "c"]) {
      const { readableLength } = socket;
      peer.send(new Uint8Array(100).fill(letter.charCodeAt(0)));
      await vi.waitFor(() => expect(socket.readableLength).toBe(readableLength + 100));
    }
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await vi.waitFor(() => expect(chunks.map(({ length }) => length)).toEqual([100, 100, 100]));
    expect(chunks.map(String)).toEqual(["a", "b", "c"].map((letter) => letter.repeat(100)));
    expect(chunks.map(({ buffer }) => buffer === room.buffer)).toEqual([true, false, false]);
    socket.destroy();
  });
});
