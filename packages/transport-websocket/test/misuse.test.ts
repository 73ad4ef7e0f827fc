// What can go wrong with a WebSocket that is open, and with options and targets, and what each says. Real sockets on loopback.

import { InvalidArgumentError, type TlsMaterialError, type TlsOptions } from "@myelin/contracts";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { Listener, TestSink, transportErrorOf } from "../../transport-node/test/subjects.js";
import { type WebSocketTransportOptions, webSocketTransport as w3cTransport } from "../src/index.js";
import { webSocketTransport } from "../src/node.js";
import { transportOf } from "../src/web-socket-transport.js";
import { at, listen, never } from "./dials.js";
import { PlainWebSocket } from "./plain-web-socket.js";

describe("an open WebSocket", () => {
  it.each([
    ["ws", WebSocket],
    ["a W3C WebSocket", PlainWebSocket],
  ])("over %s ends at a text message, with a sentence", async (_name, webSocket) => {
    const listener = await listen();
    const sink = new TestSink();
    await webSocketTransport({ webSocket }).connect(at(listener.port), sink, never());
    const peer = await listener.accept();
    peer.socket.send("INFO {}\r\n");
    await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
    expect(sink.closings[0]).toMatchObject({ code: "STREAM_FAILED", phase: "stream" });
    expect(sink.closings[0]?.message).toMatch(/sent a text message; NATS is binary/);
    expect(sink.chunks).toEqual([]);
    await vi.waitFor(() => expect(peer.isClosed).toBe(true));
  });

  it.each([
    ["ws", WebSocket, /Max payload size exceeded/],
    ["a W3C WebSocket", PlainWebSocket, /sent a message of 1001 bytes; maxMessageSize is 1000/],
  ])("over %s ends at a message larger than maxMessageSize", async (_name, webSocket, sentence) => {
    const listener = await listen();
    const sink = new TestSink();
    const transport = webSocketTransport({ webSocket, maxMessageSize: 1_000 });
    await transport.connect(at(listener.port), sink, never());
    const peer = await listener.accept();
    peer.send(new Uint8Array(1_000));
    peer.send(new Uint8Array(1_001));
    await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
    expect(sink.closings[0]).toMatchObject({ code: "STREAM_FAILED", phase: "stream" });
    expect(sink.closings[0]?.message).toMatch(sentence);
    expect(sink.chunks).toHaveLength(1);
  });

  it.each([
    [1000, "", undefined],
    [1001, "", undefined],
    [1008, "", /closed the WebSocket with code 1008 \(policy violation\)/],
    [1011, "out of memory", /with code 1011 \(out of memory\)/],
    [4000, "", /with code 4000 \(no reason given\)/],
  ])("closed with code %i %j tells so", async (code, reason, sentence) => {
    const listener = await listen();
    const sink = new TestSink();
    await webSocketTransport().connect(at(listener.port), sink, never());
    (await listener.accept()).socket.close(code, reason);
    await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
    if (sentence === undefined) expect(sink.closings).toEqual([undefined]);
    else expect(sink.closings[0]?.message).toMatch(sentence);
  });

  it("that cannot be paused keeps what comes, in order, and ends past maxHeldBytes", async () => {
    const listener = await listen();
    const sink = new TestSink();
    const transport = webSocketTransport({ webSocket: PlainWebSocket, maxHeldBytes: 3_000 });
    const connection = await transport.connect(at(listener.port), sink, never());
    const peer = await listener.accept();
    connection.pause();
    for (let i = 0; i < 3; i++) peer.send(new Uint8Array(1_000).fill(i));
    peer.socket.ping();
    await new Promise((resolve) => peer.socket.once("pong", resolve));
    expect(sink.chunks).toEqual([]);
    connection.resume();
    await vi.waitFor(() => expect(sink.chunks.map(([first]) => first)).toEqual([0, 1, 2]));
    connection.pause();
    for (let i = 0; i < 4; i++) peer.send(new Uint8Array(1_000));
    await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
    expect(sink.closings[0]?.message).toMatch(/more than maxHeldBytes \(3000\) while reading was paused/);
    expect(sink.chunks).toHaveLength(3);
  });

  it("that closes in order while paused still delivers what came before", async () => {
    const listener = await listen();
    const sink = new TestSink();
    const connection = await webSocketTransport({ webSocket: PlainWebSocket }).connect(
      at(listener.port),
      sink,
      never(),
    );
    const peer = await listener.accept();
    connection.pause();
    peer.send(new Uint8Array(10));
    peer.end();
    await vi.waitFor(() => expect(peer.isClosed).toBe(true));
    expect([sink.chunks.length, sink.closings.length]).toEqual([0, 0]);
    connection.resume();
    await vi.waitFor(() => expect(sink.closings).toEqual([undefined]));
    expect(sink.chunks).toHaveLength(1);
  });

  it("looks at its backlog by the clock it is given, less and less often, and also when something arrives", async () => {
    const listener = await listen();
    const looks: { ms: number; run: () => void }[] = [];
    const clock = {
      after: (ms: number, run: () => void) => {
        looks.push({ ms, run });
        return () => {};
      },
    };
    let bufferedAmount = 0;
    class Full extends PlainWebSocket {
      override get bufferedAmount(): number {
        return bufferedAmount;
      }
    }
    const sink = new TestSink();
    const transport = webSocketTransport({ webSocket: Full, clock });
    const connection = await transport.connect(at(listener.port), sink, never());
    const peer = await listener.accept();
    expect(connection.write(new Uint8Array(1))).toBe(true);
    bufferedAmount = 300 * 1024;
    expect([connection.write(new Uint8Array(1)), connection.write(new Uint8Array(1))]).toEqual([false, false]);
    for (let i = 0; i < 8; i++) looks.at(-1)?.run();
    expect(looks.map(({ ms }) => ms)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
    expect(sink.drains).toBe(0);
    bufferedAmount = 1_000;
    peer.send(new Uint8Array(1));
    await vi.waitFor(() => expect(sink.drains).toBe(1));
    expect(connection.write(new Uint8Array(1))).toBe(true);
    connection.destroy();
  });
});

describe("what a runtime's WebSocket cannot do is refused before anything is dialled", () => {
  class Undialled {
    constructor() {
      throw new Error("it dialled");
    }
  }
  const webSocket = Undialled as unknown as NonNullable<WebSocketTransportOptions["webSocket"]>;
  const refusal = async (options: WebSocketTransportOptions, tls?: TlsOptions, scheme = "wss") =>
    transportErrorOf(
      w3cTransport({ webSocket, ...options }).connect(at(443, { tls, scheme }), new TestSink(), never()),
    );

  it.each<[name: string, tls: TlsOptions]>([
    ["ca", { ca: "x" }],
    ["cert", { cert: "x", key: "x" }],
    ["caFile", { caFile: "/x" }],
    ["servername", { servername: "x" }],
    ["rejectUnauthorized", { rejectUnauthorized: false }],
  ])("P48: tls.%s", async (name, tls) => {
    const error = await refusal({}, tls);
    expect([error.code, error.phase]).toEqual(["UNSUPPORTED_TARGET", "tls"]);
    expect(error.message).toContain(`takes no tls.${name}; install ws`);
  });

  it.each<[string, WebSocketTransportOptions]>([
    ["headers", { headers: { authorization: "x" } }],
    ["agent", { agent: {} }],
  ])("%s", async (name, options) => {
    const error = await refusal(options, undefined, "ws");
    expect([error.code, error.phase]).toEqual(["UNSUPPORTED_TARGET", "tcp"]);
    expect(error.message).toContain(`takes no ${name}`);
  });

  it("P48: of a WebSocket that can be terminated and sends pings, as that of Bun, but is not that of ws", async () => {
    class LikeBun extends Undialled {
      ping(): void {}
      terminate(): void {}
    }
    const own = LikeBun as unknown as typeof webSocket;
    expect((await refusal({ webSocket: own }, { ca: "x" })).message).toContain("takes no tls.ca");
    const headers = { authorization: "x" };
    expect((await refusal({ webSocket: own, headers }, undefined, "ws")).message).toContain("takes no headers");
  });

  it("TLS on ws://", async () => {
    expect((await refusal({}, {}, "ws")).message).toContain("use wss://");
  });

  it("a constructor that throws, as on a page that may open wss:// only", async () => {
    const error = await refusal({}, undefined, "ws");
    expect(error.code).toBe("UNSUPPORTED_TARGET");
    expect(error.message).toMatch(/it dialled.*a page loaded over https:\/\/ may open wss:\/\/ only/);
  });

  it("no WebSocket at all, with what to install", async () => {
    const transport = transportOf({}, { find: async () => undefined });
    const error = await transportErrorOf(transport.connect(at(80), new TestSink(), never()));
    expect(error.code).toBe("UNSUPPORTED_TARGET");
    expect(error.message).toMatch(/no WebSocket; install ws, or use Node 22 or newer, or give webSocket/);
  });
});

describe("misuse", () => {
  it.each<[string, object]>([
    ["maxMessageSize", { maxMessageSize: 0 }],
    ["maxHeldBytes", { maxHeldBytes: 1.5 }],
    ["webSocket", { webSocket: "ws" }],
    ["factory", { factory: 1 }],
    ["factory", { factory: async () => {}, headers: {} }],
  ])("%s of %j throws at once", (argument, options) => {
    expect(() => webSocketTransport(options)).toThrow(InvalidArgumentError);
    expect(() => webSocketTransport(options)).toThrow(argument);
  });

  it.each<[string, TlsOptions | (() => TlsOptions), string]>([
    ["a file that is not there", { caFile: "/nowhere/ca.pem" }, "tls.caFile"],
    ["a function that throws", { cert: () => Promise.reject(new Error("vault is sealed")), key: "k" }, "tls.cert"],
    [
      "a function for all that throws",
      () => {
        throw new Error("no");
      },
      "tls",
    ],
    ["a broken PEM", { cert: "nonsense", key: "nonsense" }, "tls"],
  ])("%s of tls is a TlsMaterialError that names the option", async (_what, tls, source) => {
    const listener = await listen();
    const target = at(listener.port, { scheme: "wss", tls });
    const error = await transportErrorOf(webSocketTransport().connect(target, new TestSink(), never()));
    expect([error.code, error.phase]).toEqual(["TLS_MATERIAL_UNUSABLE", "tls"]);
    expect((error as TlsMaterialError).sources).toEqual([source]);
  });

  it("a factory or a headers function that throws fails its own dial only", async () => {
    const listener = await listen();
    let calls = 0;
    const transport = webSocketTransport({
      headers: () => {
        if (++calls === 1) throw new Error("no token yet");
        return { "x-call": String(calls) };
      },
    });
    const error = await transportErrorOf(transport.connect(at(listener.port), new TestSink(), never()));
    expect([error.code, (error.cause as Error).message]).toEqual(["CONNECT_FAILED", "no token yet"]);
    const connection = await transport.connect(at(listener.port), new TestSink(), never());
    expect((await listener.accept()).request.headers["x-call"]).toBe("2");
    connection.destroy();
  });

  it("P24: an abort rejects with its reason also where close() itself reports an error", async () => {
    const silent = await Listener.open();
    onTestFinished(() => silent.stop());
    class Hasty extends PlainWebSocket {
      readonly #listeners = new Set<(event: { type: string }) => void>();
      override addEventListener(...[type, listener]: Parameters<PlainWebSocket["addEventListener"]>): void {
        super.addEventListener(type, listener);
        if (type === "error") this.#listeners.add(listener);
      }
      override close(code?: number): void {
        for (const listener of this.#listeners) listener({ type: "error" });
        super.close(code);
      }
    }
    const controller = new AbortController();
    const transport = webSocketTransport({ webSocket: Hasty });
    const dialling = transport.connect(at(silent.port), new TestSink(), controller.signal);
    setImmediate(() => controller.abort(new Error("given up")));
    await expect(dialling).rejects.toThrow("given up");
  });

  it("P24: a factory that answers after the dial was given up leaves no socket", async () => {
    const listener = await listen();
    const controller = new AbortController();
    let answer = (): void => {};
    const made: WebSocket[] = [];
    const transport = webSocketTransport({
      factory: (url) =>
        new Promise((resolve) => {
          answer = () => {
            const socket = new WebSocket(url);
            made.push(socket);
            resolve({ socket, encrypted: false });
          };
        }),
    });
    const reason = new Error("given up");
    const dialling = transport.connect(at(listener.port), new TestSink(), controller.signal);
    controller.abort(reason);
    await expect(dialling).rejects.toBe(reason);
    answer();
    await vi.waitFor(() => expect(made.map(({ readyState }) => readyState)).toEqual([WebSocket.CLOSED]));
    await vi.waitFor(() => expect(listener.openSockets).toBe(0));
  });
});
