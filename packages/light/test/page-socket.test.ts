// The page's WebSocket as a transport, with that of `ws` in its place.

import { createServer } from "node:net";
import { TransportError } from "@myelin/contracts";
import { Broker, realClock, VirtualClock } from "@myelin/testing";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { until } from "../../myelin/test/conditions.js";
import { connect, type LightConnection } from "../src/index.js";
import { type ByteStream, pageSocket } from "../src/page-socket.js";
import { recorded, rejection } from "./simulated.js";

afterEach(() => vi.unstubAllGlobals());

function stub(): void {
  vi.stubGlobal("WebSocket", WebSocket);
}

async function serving(welcome: (socket: WebSocket) => void): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await new Promise((resolve) => server.once("listening", resolve));
  server.on("connection", welcome);
  onTestFinished(() => {
    for (const one of server.clients) one.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as { port: number }).port}`, server };
}

const HELLO = 'INFO {"server_id":"x","headers":true,"max_payload":100}\r\n';

/** A WebSocket that keeps all it is given. */
class Stuck {
  static latest: Stuck | undefined;
  readonly readyState = 1;
  readonly bufferedAmount = 1_000_000;
  sent = 0;
  onopen?: () => void;
  onmessage?: ((event: { data: unknown }) => void) | null;
  onclose?: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null;
  constructor() {
    Stuck.latest = this;
  }
  send(): void {
    this.sent++;
  }
  close(): void {}
}

/** Greets, and then does this. */
async function greeted(then: (socket: WebSocket) => void): Promise<LightConnection> {
  const { url } = await serving((socket) => {
    socket.send(Buffer.from(HELLO));
    socket.on("message", (data) => {
      if (String(data).includes("PING")) socket.send(Buffer.from("PONG\r\n"));
    });
    setTimeout(() => then(socket), 100);
  });
  const nc = await connect({ servers: url, reconnect: false });
  onTestFinished(() => nc.close());
  return nc;
}

describe("the page's WebSocket", () => {
  it.each([
    ["a close frame of order", (socket: WebSocket) => socket.close(1000), "CONNECTION_ERROR"],
    ["a close frame with a reason", (socket: WebSocket) => socket.close(1011, "why"), "STREAM_FAILED"],
    ["no close frame", (socket: WebSocket) => socket.terminate(), "CONNECTION_RESET"],
    ["text", (socket: WebSocket) => socket.send("text"), "STREAM_FAILED"],
  ])("tells how it ended: by %s", async (_, then, code) => {
    stub();
    const nc = await greeted(then);
    expect(((await nc.closed()) as { code?: string }).code).toBe(code);
  });

  it("tells a port where nobody is, one that is no WebSocket, and a runtime without one", async () => {
    stub();
    expect((await rejection(connect("ws://127.0.0.1:1"))).code).toBe("CONNECT_FAILED");
    const tcp = createServer((socket) => socket.end("INFO {}\r\n")).listen(0, "127.0.0.1");
    onTestFinished(() => void tcp.close());
    await new Promise((resolve) => tcp.once("listening", resolve));
    const { port } = tcp.address() as { port: number };
    expect((await rejection(connect(`ws://127.0.0.1:${port}`))).code).toBe("CONNECT_FAILED");
    vi.stubGlobal("WebSocket", undefined);
    expect((await rejection(connect("ws://127.0.0.1:1"))).code).toBe("UNSUPPORTED_TARGET");
    expect((await rejection(connect("nats://127.0.0.1:1"))).code).toBe("INVALID_ARGUMENT");
  });

  it("shows no query, which may be a secret, and leaves no socket when it is called off", async () => {
    stub();
    const { server, url } = await serving(() => {});
    const error = await rejection(connect({ servers: `${url}/nats?token=geheim`, timeout: 100 }));
    expect([error.code, error.message]).toEqual(["TIMEOUT", expect.stringContaining("?token=***")]);
    expect(JSON.stringify(error)).not.toContain("geheim");
    await until("no socket", () => server.clients.size === 0);
  });

  it("ends a dial that is given up before the upgrade", async () => {
    stub();
    let open = 0;
    const silent = createServer((socket) => {
      open++;
      socket
        .resume()
        .on("close", () => open--)
        .on("error", () => {});
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void silent.close());
    await new Promise((resolve) => silent.once("listening", resolve));
    const { port } = silent.address() as { port: number };
    expect((await rejection(connect({ servers: `ws://127.0.0.1:${port}`, timeout: 200 }))).code).toBe("TIMEOUT");
    await until("no socket", () => open === 0);
  });

  it("has an abort as its end before it is open", async () => {
    stub();
    const sink = { data() {}, drain() {}, closed() {} };
    const target = { scheme: "ws", hostname: "127.0.0.1", port: 1, path: "" } as never;
    const early = AbortSignal.abort(new Error("early"));
    expect((await rejection(pageSocket(realClock).connect(target, sink, early))).message).toBe("early");
    const abort = new AbortController();
    const late = rejection(pageSocket(realClock).connect(target, sink, abort.signal));
    abort.abort(new Error("late"));
    expect((await late).message).toBe("late");
  });

  it("has an error as its end before it is open, also where no close follows, as in Node 22", async () => {
    class Refused {
      readonly readyState = 0;
      onerror?: () => void;
      constructor() {
        setTimeout(() => this.onerror?.(), 10);
      }
      close(): void {}
    }
    vi.stubGlobal("WebSocket", Refused);
    expect((await rejection(connect({ servers: "ws://127.0.0.1:1", timeout: 2_000 }))).code).toBe("CONNECT_FAILED");
  });

  it.each<[how: string, end: (stream: ByteStream, socket: Stuck) => void, code: string | undefined]>([
    ["the peer", (_, socket) => socket.onclose?.({ code: 1006, reason: "", wasClean: false }), "CONNECTION_RESET"],
    [
      "us, twice",
      (stream) => {
        stream.destroy(new TransportError("STREAM_FAILED", "stream", "first", undefined));
        stream.destroy();
      },
      "STREAM_FAILED",
    ],
  ])("ended by %s with a backlog, takes and tells nothing more, and leaves no timer", async (_, end, code) => {
    vi.stubGlobal("WebSocket", Stuck);
    const clock = new VirtualClock();
    const told: unknown[] = [];
    const sink = {
      data: () => told.push("data"),
      drain: () => told.push("drain"),
      closed: (error?: TransportError) => told.push(error?.code),
    };
    const target = { scheme: "ws", hostname: "h", port: 1, path: "" } as never;
    const opening = pageSocket(clock).connect(target, sink, new AbortController().signal);
    const socket = Stuck.latest as Stuck;
    socket.onopen?.();
    const stream = await opening;
    expect(stream.write(new Uint8Array(1))).toBe(false);
    expect(clock.pendingTimers).toBe(1);
    end(stream, socket);
    expect(stream.write(new Uint8Array(1))).toBe(false);
    await clock.settle();
    socket.onmessage?.({ data: new ArrayBuffer(1) });
    socket.onclose?.({ code: 1000, reason: "", wasClean: true });
    await clock.settle();
    expect(told).toEqual([code]);
    expect(socket.sent).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    [1001, undefined],
    [1008, "STREAM_FAILED"],
    [1006, "CONNECTION_RESET"],
  ])(
    "P25: goes by the code %i alone, as Firefox calls no close clean with TCP ended right behind it",
    async (code, ending) => {
      vi.stubGlobal("WebSocket", Stuck);
      const told: unknown[] = [];
      const sink = { data() {}, drain() {}, closed: (error?: TransportError) => told.push(error?.code) };
      const target = { scheme: "ws", hostname: "h", port: 1, path: "" } as never;
      const opening = pageSocket(new VirtualClock()).connect(target, sink, new AbortController().signal);
      Stuck.latest?.onopen?.();
      await opening;
      Stuck.latest?.onclose?.({ code, reason: "", wasClean: false });
      expect(told).toEqual([ending]);
    },
  );

  it("makes a publisher wait while the socket takes nothing, and lets it go on", async () => {
    stub();
    const broker = await Broker.listen({ websocket: true });
    onTestFinished(() => broker.stop());
    const nc = await connect(broker.websocketUrl);
    onTestFinished(() => nc.close());
    const events = recorded(nc, "disconnect");
    let held = 0;
    for (let i = 0; i < 3_000; i++) {
      if (nc.publish("s", new Uint8Array(100_000))) continue;
      held++;
      await nc.writable();
    }
    await nc.flush();
    expect(held).toBeGreaterThan(0);
    expect(events).toEqual([]);
  });
});
