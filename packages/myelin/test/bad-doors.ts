// What may stand at the address of a websocket listener and is none, or is one that has gone wrong: each as what it does with a
// connection, in raw bytes.

import { createHash } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";

/** Does its worst with one client, whose upgrade request has been read. */
export type Misdeed = (socket: Socket, accept: string) => void;

/** A listener that does this to every client. */
export function misbehaving(misdeed: Misdeed): Server {
  return createServer((socket) => {
    let request = "";
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      if (request.includes("\r\n\r\n")) return;
      request += bytes.toString("latin1");
      if (request.includes("\r\n\r\n")) misdeed(socket, acceptOf(request));
    });
  });
}

/** Answers by HTTP, as a web server or a proxy does. */
export function status(line: string, body = "", ...fields: string[]): Misdeed {
  const head = [`HTTP/1.1 ${line}`, `Content-Length: ${Buffer.byteLength(body)}`, "Connection: close", ...fields];
  return (socket) => void socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Answers the upgrade as it should be answered, and goes on with these bytes. */
export function upgraded(...frames: Uint8Array[]): Misdeed {
  return (socket, accept) => {
    socket.write(switching(accept));
    for (const frame of frames) socket.write(frame);
  };
}

/** The head of an upgrade, with this key. */
export function switching(accept: string): string {
  const fields = ["Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`];
  return `HTTP/1.1 101 Switching Protocols\r\n${fields.join("\r\n")}\r\n\r\n`;
}

/** One frame from a server. RFC 6455 §5.2. */
export function frame(firstByte: number, payload: string | Uint8Array, claimed?: bigint): Uint8Array {
  const body = Buffer.from(payload);
  if (claimed === undefined) return Buffer.concat([Buffer.from([firstByte, body.length]), body]);
  const head = Buffer.alloc(10);
  head.writeUInt8(firstByte, 0);
  head.writeUInt8(127, 1);
  head.writeBigUInt64BE(claimed, 2);
  return Buffer.concat([head, body]);
}

// RFC 6455 §4.2.2.
function acceptOf(request: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? "";
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
