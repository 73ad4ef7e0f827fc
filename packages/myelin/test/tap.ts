// A wire between a client and a server that remembers what went over it, byte for byte and in order. Changes nothing.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** One connection that was made through a tap. */
export interface TappedLink {
  /** Who sent in turn, and all they sent in it. */
  readonly turns: readonly { readonly from: "client" | "server"; readonly bytes: Buffer }[];
  /** All the client sent. */
  sent(): Buffer;
}

export interface Tap {
  readonly port: number;
  readonly links: readonly TappedLink[];
}

/** Listens on loopback for as long as the test, and passes everything on to a port of 127.0.0.1. */
export async function openTap(to: number): Promise<Tap> {
  const links: TappedLink[] = [];
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const server = connect(to, "127.0.0.1");
    const turns: { from: "client" | "server"; bytes: Buffer }[] = [];
    const sent = (): Buffer => Buffer.concat(turns.filter(({ from }) => from === "client").map(({ bytes }) => bytes));
    links.push({ turns, sent });
    const pass = (from: "client" | "server", source: Socket, sink: Socket): void => {
      sockets.add(source);
      source.on("data", (chunk: Buffer) => {
        const turn = turns.at(-1);
        if (turn?.from === from) turn.bytes = Buffer.concat([turn.bytes, chunk]);
        else turns.push({ from, bytes: chunk });
        sink.write(chunk);
      });
      source.on("error", () => {});
      source.on("close", () => {
        sockets.delete(source);
        sink.destroySoon();
      });
    };
    pass("client", client, server);
    pass("server", server, client);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => listener.close(resolve));
  });
  return { port: (listener.address() as AddressInfo).port, links };
}
