// A publisher at the other side of a real server: sends what a message on a blast subject asks for, from PUBs encoded
// beforehand, so that a subscriber can be measured through a server and the publisher is never what is slow.

import { once } from "node:events";
import { connect } from "node:net";
import { parseBlast, pubFrame } from "../frames.js";
import { blast } from "./blast.js";

/** Connects and resolves when the server knows that it listens. */
export async function openFeeder(port: number): Promise<void> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.on("error", () => socket.destroy());
  await once(socket, "connect");
  let text = "";
  const ready = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      const lines = (text + chunk.toString("latin1")).split("\r\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        const [verb, subject = ""] = line.split(" ");
        if (verb === "PONG") resolve();
        if (verb === "PING") socket.write("PONG\r\n");
        const wanted = verb === "MSG" ? parseBlast(subject) : undefined;
        if (wanted !== undefined) void blast(socket, [pubFrame(wanted.size)], wanted.messages);
      }
    });
  });
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\nSUB blast.> 1\r\nPING\r\n');
  await ready;
}
