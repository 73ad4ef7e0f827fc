// A client that speaks raw bytes and writes down what it hears, to compare servers by.

import { createConnection, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Step } from "./sessions.js";

/** What each client of the session heard. */
export async function play(port: number, steps: readonly Step[]): Promise<Record<string, string>> {
  const clients = new Map<string, RawClient>();
  for (const [name, text] of steps) {
    const client = clients.get(name) ?? new RawClient(port);
    clients.set(name, client);
    await client.say(typeof text === "string" ? text : text((await client.info()).nonce ?? ""));
  }
  return Object.fromEntries([...clients].map(([name, client]) => [name, client.summary()]));
}

type Info = { readonly nonce?: string };

export class RawClient {
  heard = "";
  isClosed = false;
  readonly #socket: Socket;
  #info: Info | undefined;

  constructor(port: number) {
    this.#socket = createConnection({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => {
      this.heard += chunk.toString("latin1");
    });
    this.#socket.on("error", () => {}); // "close" follows
    this.#socket.on("close", () => {
      this.isClosed = true;
    });
  }

  /** The first INFO. */
  async info(): Promise<Info> {
    if (this.#info === undefined) {
      await this.until(() => this.isClosed || /^INFO .*\r\n/.test(this.heard));
      this.#info = JSON.parse(/^INFO (.*)\r\n/.exec(this.heard)?.[1] ?? "{}") as Info;
    }
    return this.#info;
  }

  /** Sends, and waits until the server has dealt with it: it has answered a PING behind it, or closed. */
  async say(text: string): Promise<void> {
    await this.info();
    const pongs = this.#pongs() + 1 + text.split("PING\r\n").length - 1;
    this.#socket.write(`${text}PING\r\n`);
    await this.until(() => this.isClosed || this.#pongs() >= pongs);
  }

  /** Sends only. */
  write(text: string): void {
    this.#socket.write(text);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await sleep(1);
  }

  /** What it heard: INFO by name only, because it differs, and without the server's own PINGs, which come when they like. */
  summary(): string {
    this.#socket.destroy();
    const heard = this.heard.replace(/INFO \{.*\} ?\r\n/g, "INFO\r\n").replaceAll("\r\nPING\r\n", "\r\n");
    return `${heard}${this.isClosed ? "closed" : "open"}`;
  }

  #pongs(): number {
    return this.heard.split("PONG\r\n").length - 1;
  }
}
