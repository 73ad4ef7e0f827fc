// What a WebSocket that does not open says, by what answered its upgrade. Real sockets on loopback.

import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort, TestSink, transportErrorOf } from "../../transport-node/test/subjects.js";
import type { WebSocketTransportOptions } from "../src/index.js";
import { webSocketTransport } from "../src/node.js";
import { at, never } from "./dials.js";
import { PlainWebSocket } from "./plain-web-socket.js";

/** A port whose first answer is this; it answers HTTP by status, or with raw bytes, or by hanging up. */
async function answering(answer: number | string): Promise<number> {
  const sockets = new Set<Socket>();
  const server: HttpServer | ReturnType<typeof createServer> =
    typeof answer === "number"
      ? createHttpServer((_request, response) => void response.writeHead(answer, { location: "/other" }).end())
      : createServer((socket) => {
          socket.on("error", () => {});
          socket.once("data", () => socket.end(answer));
        });
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

describe("a bad answer to the upgrade", () => {
  it.each<[what: string, answer: number | string, code: string, sentence: RegExp]>([
    ["HTTP 404", 404, "UPGRADE_REFUSED", /with HTTP 404 instead of 101: check the path/],
    ["HTTP 403", 403, "UPGRADE_REFUSED", /HTTP 403.*allowed_origins/],
    ["HTTP 401", 401, "UPGRADE_REFUSED", /HTTP 401.*give them as headers/],
    ["HTTP 503", 503, "UPGRADE_REFUSED", /HTTP 503.*cannot reach it/],
    ["HTTP 200", 200, "UPGRADE_REFUSED", /HTTP 200.*is it a NATS server's websocket port/],
    ["a redirect", 301, "UPGRADE_REFUSED", /HTTP 301/],
    ["INFO of a client port", 'INFO {"server_id":"x"}\r\n', "UPGRADE_REFUSED", /dialled with nats:\/\/, not ws:\/\//],
    ["nothing", "", "CONNECTION_RESET", /ended the connection during the upgrade/],
    ["half an answer", "HTTP/1.1 101 Swit", "CONNECTION_RESET", /ended the connection during the upgrade/],
    [
      "a wrong key",
      `${ACCEPT}Sec-WebSocket-Accept: bm9wZQ==\r\n\r\n`,
      "UPGRADE_REFUSED",
      /answered the upgrade wrongly/,
    ],
    ["no upgrade", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n", "UPGRADE_REFUSED", /wrongly/],
  ])("%s is a TransportError that says so and leaves no socket", async (_what, answer, code, sentence) => {
    const port = await answering(answer);
    const sink = new TestSink();
    const error = await transportErrorOf(webSocketTransport().connect(at(port), sink, never()));
    expect([error.code, error.phase, error.address]).toEqual([code, "tcp", `ws://127.0.0.1:${port}`]);
    expect(error.message).toMatch(sentence);
    expect(error.cause).toBeInstanceOf(Error);
    expect(sink.closings).toEqual([]);
  });

  it("is CONNECT_FAILED with what to look at where the runtime does not say why", async () => {
    class Mute extends PlainWebSocket {
      override addEventListener(...[type, listener]: Parameters<PlainWebSocket["addEventListener"]>): void {
        super.addEventListener(type, ({ type: name }) => listener({ type: name }));
      }
    }
    const transport = webSocketTransport({ webSocket: Mute });
    const error = await transportErrorOf(transport.connect(at(await freePort()), new TestSink(), never()));
    expect([error.code, error.phase]).toEqual(["CONNECT_FAILED", "tcp"]);
    expect(error.message).toMatch(/does not say why; check host, port and path, and for wss:\/\/ the certificate/);
  });

  it("P32: a name that does not exist is DNS_FAILED", async () => {
    const target = at(443, { hostname: "no-such-name.invalid" });
    const error = await transportErrorOf(webSocketTransport().connect(target, new TestSink(), never()));
    expect([error.code, error.phase]).toEqual(["DNS_FAILED", "dns"]);
    expect(error.message).toContain("no-such-name.invalid");
  });

  it("never shows the query of a URL, which may hold a secret", async () => {
    const target = at(await answering(404), { path: "/nats?access_token=hunter2" });
    const error = await transportErrorOf(webSocketTransport().connect(target, new TestSink(), never()));
    expect(`${error.message} ${error.address}`).toMatch(/\/nats /);
    expect(`${error.message} ${error.address}`).not.toContain("hunter2");
  });

  it("never shows it either where the runtime itself names the URL", async () => {
    const telling = (url: string): Error => new SyntaxError(`WebSocket connection to '${url}' failed: told`);
    class Telling extends PlainWebSocket {
      readonly #url: string;
      constructor(url: string) {
        super(url);
        this.#url = url;
      }
      override addEventListener(...[type, listener]: Parameters<PlainWebSocket["addEventListener"]>): void {
        const error = telling(this.#url);
        super.addEventListener(type, () => listener({ type, error, message: error.message }));
      }
    }
    class Refusing {
      constructor(url: string) {
        throw telling(url);
      }
    }
    const target = at(await freePort(), { path: "/nats?a=1&access_token='hunter2'hunter2" });
    for (const options of [
      { webSocket: Telling },
      { webSocket: Refusing as unknown as NonNullable<WebSocketTransportOptions["webSocket"]> },
      { factory: async (url: string) => Promise.reject(telling(url)) },
    ]) {
      const error = await transportErrorOf(webSocketTransport(options).connect(target, new TestSink(), never()));
      const shown = inspect(error, { depth: 5, showHidden: true });
      expect(shown).toMatch(/\/nats\?\*\*\* failed: told/);
      expect(shown).not.toContain("hunter2");
      expect(error.cause).toMatchObject({ name: "SyntaxError" });
    }
  });
});
