// Sends what a subscriber's subject asks for (see blastSubject), from frames encoded beforehand, as fast as the subscriber
// takes it.

import type { Duplex } from "node:stream";
import { framesOf, parseBlast } from "../frames.js";
import { blast } from "./blast.js";
import { type Endpoint, listen } from "./listen.js";
import type { Door } from "./open.js";

export function openSource(door?: Door): Promise<Endpoint> {
  const partial = new WeakMap<Duplex, string>();
  return listen(door, (stream, chunk) => {
    // Everything a subscriber sends is text.
    const lines = ((partial.get(stream) ?? "") + chunk.toString("latin1")).split("\r\n");
    partial.set(stream, lines.pop() ?? "");
    for (const line of lines) {
      if (!line.startsWith("SUB blast.")) continue;
      const [, subject = "", sid = ""] = line.split(" ");
      const wanted = parseBlast(subject);
      if (wanted !== undefined) void blast(stream, framesOf(sid, wanted.size, wanted.shape), wanted.messages);
    }
  });
}
