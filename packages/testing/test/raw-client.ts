// A client that speaks raw bytes, over TCP or in the messages of a WebSocket, and writes down what it hears, to compare servers by.

import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Step } from "./sessions.js";

/** What bytes go over. */
export type Wire = "tcp" | "websocket";

/** What each client of the session heard. */
export async function play(port: number, steps: readonly Step[], wire?: Wire): Promise<Record<string, string>> {
  const clients = new Map<string, RawClient>();
  for (const [name, text] of steps) {
    const client = clients.get(name) ?? new RawClient(port, wire);
    clients.set(name, client);
    await client.say(typeof text === "string" ? text : text((await client.info()).nonce ?? ""));
  }
  return Object.fromEntries([...clients].map(([name, client]) => [name, client.summary()]));
}

type Info = { readonly nonce?: string; readonly connect_urls?: readonly string[]; readonly [field: string]: unknown };

/** The end of a wire. */
interface Line {
  write(bytes: Uint8Array): void;
  destroy(): void;
}

export class RawClient {
  heard = "";
  isClosed = false;
  /** Over WebSocket, once it is closed. */
  closeCode: number | undefined;
  readonly #line: Line;
  #info: Info | undefined;

  constructor(port: number, wire: Wire = "tcp") {
    this.#line = wire === "tcp" ? this.#overTcp(port) : this.#overWebSocket(port);
  }

  /** The first INFO. */
  async info(): Promise<Info> {
    if (this.#info === undefined) {
      await this.until(() => this.isClosed || /^INFO .*\r\n/.test(this.heard));
      this.#info = JSON.parse(/^INFO (.*)\r\n/.exec(this.heard)?.[1] ?? "{}") as Info;
    }
    return this.#info;
  }

  /** The INFO it heard last. */
  latestInfo(): Info {
    const all = [...this.heard.matchAll(/^INFO (\{.*\})/gm)];
    return JSON.parse(all.at(-1)?.[1] ?? "{}") as Info;
  }

  /** Sends, and waits until the server has dealt with it: it has answered a PING behind it, or closed. */
  async say(text: string): Promise<void> {
    await this.info();
    const pongs = this.#pongs() + 1 + text.split("PING\r\n").length - 1;
    this.write(`${text}PING\r\n`);
    await this.until(() => this.isClosed || this.#pongs() >= pongs);
  }

  /** Sends only; over WebSocket as one message. */
  write(text: string, encoding: BufferEncoding = "utf8"): void {
    this.#line.write(Buffer.from(text, encoding));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(1);
  }

  /** What it heard: INFO by name only, because it differs, and without the server's own PINGs, which come when they like. */
  summary(): string {
    this.#line.destroy();
    const heard = this.heard.replace(/INFO \{.*\} ?\r\n/g, "INFO\r\n").replaceAll("\r\nPING\r\n", "\r\n");
    return `${heard}${this.isClosed ? `closed${this.closeCode ?? ""}` : "open"}`;
  }

  #overTcp(port: number): Line {
    const socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (chunk: Buffer) => {
      this.heard += chunk.toString("latin1");
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => {
      this.isClosed = true;
    });
    return { write: (bytes) => void socket.write(bytes), destroy: () => void socket.destroy() };
  }

  #overWebSocket(port: number): Line {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      this.heard += isBinary ? data.toString("latin1") : "a text message";
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", (code) => {
      this.closeCode = code;
      this.isClosed = true;
    });
    return { write: (bytes) => socket.send(bytes), destroy: () => socket.terminate() };
  }

  #pongs(): number {
    return this.heard.split("PONG\r\n").length - 1;
  }
}
