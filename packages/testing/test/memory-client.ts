// A client of raw bytes over a memory network, for this package's own tests.

import type { TransportConnection } from "@myelin/contracts";
import type { MemoryNetwork } from "../src/index.js";

export class MemoryClient {
  heard = "";
  isClosed = false;
  #connection: TransportConnection | undefined;

  static async dial(network: MemoryNetwork, { host, port }: { host: string; port: number }): Promise<MemoryClient> {
    const client = new MemoryClient();
    const target = {
      url: `nats://${host}:${port}`,
      scheme: "nats",
      hostname: host,
      port,
      path: "",
      serverName: host,
      tls: undefined,
      handshakeFirst: false,
      shuffleAddresses: false,
    };
    const sink = {
      data: (chunk: Uint8Array) => {
        client.heard += Buffer.from(chunk).toString("latin1");
      },
      drain: () => {},
      closed: () => {
        client.isClosed = true;
      },
    };
    client.#connection = await network.transport.connect(target, sink, new AbortController().signal);
    return client;
  }

  send(text: string): void {
    this.#connection?.write(new TextEncoder().encode(text));
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  close(): void {
    void this.#connection?.close();
  }

  /** The last INFO. */
  info(): { readonly connect_urls?: readonly string[]; readonly [field: string]: unknown } {
    const all = [...this.heard.matchAll(/INFO (\{.*\})\r\n/g)];
    return JSON.parse(all.at(-1)?.[1] ?? "{}") as Record<string, unknown>;
  }

  /** Messages without headers, one line each. */
  messages(): string[] {
    return [...this.heard.matchAll(/^MSG (.*)\r\n(.*)\r\n/gm)].map(([, line, payload]) => `MSG ${line} ${payload}`);
  }
}
