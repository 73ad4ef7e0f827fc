// Sends what a subscriber's subject asks for (`blast.<size>.<messages>`), from frames encoded beforehand, as fast as the
// subscriber's socket takes it.

import type { Socket } from "node:net";
import { msgFrame, parseBlast, repeated } from "../frames.js";
import { type Endpoint, listen } from "./listen.js";

/** Bytes of one write: large, so that the source is never what is measured. */
const BLOCK = 262_144;

export function openSource(): Promise<Endpoint> {
  const partial = new WeakMap<Socket, string>();
  return listen((socket, chunk) => {
    // Everything a subscriber sends is short and text.
    const lines = ((partial.get(socket) ?? "") + chunk.toString("latin1")).split("\r\n");
    partial.set(socket, lines.pop() ?? "");
    for (const line of lines) {
      const [verb, subject, sid] = line.split(" ");
      const wanted = verb === "SUB" && subject !== undefined ? parseBlast(subject) : undefined;
      if (wanted !== undefined && sid !== undefined) void blast(socket, sid, wanted.size, wanted.messages);
    }
  });
}

/** Never rejects: a subscriber that leaves ends its blast. */
async function blast(socket: Socket, sid: string, size: number, messages: number): Promise<void> {
  const frame = msgFrame(sid, size);
  const perBlock = Math.max(1, Math.floor(BLOCK / frame.length));
  const block = repeated(frame, perBlock);
  for (let left = messages; left > 0 && !socket.destroyed; left -= perBlock) {
    const piece = left >= perBlock ? block : block.subarray(0, left * frame.length);
    if (!socket.write(piece)) await drained(socket);
  }
}

/** Resolves when the socket takes more, or is gone; leaves no listener behind. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      socket.off("drain", settle);
      socket.off("close", settle);
      resolve();
    };
    socket.on("drain", settle);
    socket.on("close", settle);
  });
}
