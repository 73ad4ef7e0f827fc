// A door to a fake server that is dialled in another way: over WebSocket or over TLS. It can be killed and opened again at the
// same port, cuts idle connections if asked, and keeps what a client's frames looked like.

import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type Socket, type Server as TcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { type FakeServer, reservePorts, type TestCertificate } from "@myelin/testing";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";

export interface WebSocketGatewayOptions {
  /** Cuts what the server sends into messages. Default: as it comes. */
  readonly cut?: (bytes: Buffer) => readonly Buffer[];
  /** Cuts a connection in which nothing came at so many looks in a row, as proxies do. Looks, so that a slow machine cuts nobody. */
  readonly idleLooks?: number;
}

/** What a gateway does with its listener and its sockets. */
export class Gateway {
  readonly port: number;
  /** Everything clients sent, as frames: the upgrade requests left out. */
  readonly frames: { readonly opcode: number; readonly masked: boolean }[] = [];
  /** Request lines and fields of the upgrades. */
  readonly requests: { readonly url: string; readonly headers: NodeJS.Dict<string | string[]> }[] = [];
  readonly sockets: Set<Socket> = new Set();
  readonly #make: (gateway: Gateway) => TcpServer;
  #listener: TcpServer | undefined;

  constructor(port: number, make: (gateway: Gateway) => TcpServer) {
    this.port = port;
    this.#make = make;
  }

  async open(): Promise<void> {
    const listener = this.#make(this);
    this.#listener = listener;
    listener.on("connection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.sockets.delete(socket));
    });
    listener.listen(this.port, "127.0.0.1");
    await once(listener, "listening");
  }

  /** Ends the listener and every connection, without a word. */
  async kill(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    const closed = once(listener, "close");
    listener.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

/** `ws://127.0.0.1:port` in front of `server`. */
export async function webSocketGateway(server: FakeServer, options: WebSocketGatewayOptions = {}): Promise<Gateway> {
  const { cut = (bytes: Buffer) => [bytes], idleLooks } = options;
  return opened((gateway) => {
    const http = createServer();
    new WebSocketServer({ server: http }).on("connection", (socket, { url = "", headers, socket: raw }) => {
      gateway.requests.push({ url, headers });
      raw.on("data", frameReader(gateway.frames));
      if (idleLooks !== undefined) cutWhenIdle(raw, idleLooks);
      passOn(socket, connect(server.port, server.host), cut);
    });
    return http;
  });
}

/** TLS before the first byte, in front of `server`. */
export function tlsGateway(server: FakeServer, certificate: TestCertificate): Promise<Gateway> {
  return opened(() => {
    const tls = { cert: certificate.certPem, key: certificate.keyPem };
    return createTlsServer(tls, (outside) => {
      const inside = connect(server.port, server.host);
      for (const [from, to] of [
        [outside, inside],
        [inside, outside],
      ] as const) {
        from.on("data", (bytes: Buffer) => to.write(bytes));
        from.on("error", () => {});
        from.on("close", () => to.destroy());
      }
    });
  });
}

async function opened(make: (gateway: Gateway) => TcpServer): Promise<Gateway> {
  const { ports, release } = await reservePorts(1);
  const gateway = new Gateway(ports[0] ?? 0, make);
  await gateway.open();
  onTestFinished(async () => {
    await gateway.kill();
    release();
  });
  return gateway;
}

function passOn(outside: WebSocket, inside: Socket, cut: (bytes: Buffer) => readonly Buffer[]): void {
  outside.on("message", (bytes: Buffer) => inside.write(bytes));
  outside.on("error", () => {});
  outside.on("close", () => inside.destroy());
  inside.on("data", (bytes: Buffer) => {
    for (const message of cut(bytes)) outside.send(message);
  });
  inside.on("error", () => {});
  inside.on("close", () => outside.terminate());
}

function cutWhenIdle(socket: Socket, looks: number): void {
  let quiet = 0;
  const timer = setInterval(() => {
    if (++quiet > looks) socket.destroy();
  }, 25);
  socket.on("data", () => {
    quiet = 0;
  });
  socket.on("close", () => clearInterval(timer));
}

// RFC 6455 §5.2, as far as opcode, mask and length.
function frameReader(frames: { readonly opcode: number; readonly masked: boolean }[]): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const [first = 0, second = 0] = rest;
      const masked = (second & 0x80) !== 0;
      const short = second & 0x7f;
      const head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0);
      if (rest.length < Math.max(2, head)) return;
      const length = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short;
      if (rest.length < head + length) return;
      frames.push({ opcode: first & 0x0f, masked });
      rest = rest.subarray(head + length);
    }
  };
}
