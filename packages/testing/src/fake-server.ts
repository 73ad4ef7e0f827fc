// A scripted NATS server inside the test process, over TCP on loopback or over a memory network: a plain single node
// until its script says otherwise. Its clients are in fake-connection.ts. For behaviour that matters, test against a real
// server as well; test/fake-and-real.test.ts holds this one to what a real one does.

import type { Clock } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import { MessageRouter } from "./broker/message-router.js";
import { FakeConnection, type FakeSubscription } from "./fake-connection.js";
import type { FakeScript } from "./fake-script.js";
import type { MemoryNetwork } from "./memory-network.js";
import { reservePorts } from "./port-reservation.js";
import { realClock } from "./real-clock.js";
import { seededRandom } from "./seeded-random.js";
import { type ListeningAddress, memoryAddress, type ServerStream, tcpAddress } from "./server-stream.js";

/** Where it listens, its clock and its script. */
export interface FakeServerOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** For `pingInterval`. Default: real time, on a memory network the network's clock. */
  readonly clock?: Clock;
}

/** A fake server. Disposing it stops it. */
export class FakeServer {
  /** What it listens on. */
  readonly host: string;
  /** The port it listens on. */
  readonly port: number;
  /** Every connection ever accepted, in order. */
  readonly connections: readonly FakeConnection[];
  /** What it does differently; may be replaced at any time. */
  script: FakeScript;
  readonly #connections: FakeConnection[] = [];
  readonly #waiting: ((connection: FakeConnection) => void)[] = [];
  readonly #router = new MessageRouter<FakeConnection>(seededRandom(1));
  readonly #clock: Clock;
  #handedOut = 0;
  readonly #address: ListeningAddress;
  #release: () => void = () => {};

  private constructor(script: FakeScript, address: ListeningAddress, clock: Clock) {
    this.script = script;
    this.#address = address;
    this.host = address.host;
    this.port = address.port;
    this.#clock = clock;
    this.connections = this.#connections;
  }

  /** Listens on TCP. */
  static async listen(script: FakeScript = {}, options: FakeServerOptions = {}): Promise<FakeServer> {
    const reservation = options.port === undefined ? await reservePorts(1) : undefined;
    const address = tcpAddress(options.host ?? "127.0.0.1", options.port ?? reservation?.ports[0] ?? 0);
    const server = new FakeServer(script, address, options.clock ?? realClock);
    await server.#open();
    server.#release = () => reservation?.release();
    return server;
  }

  /** Listens on a memory network; the host is any name. */
  static onMemory(
    network: MemoryNetwork,
    address: { readonly host: string; readonly port: number },
    script: FakeScript = {},
  ): FakeServer {
    const server = new FakeServer(script, memoryAddress(network, address.host, address.port), network.clock);
    void server.#open();
    return server;
  }

  /** `nats://host:port`. */
  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** Connections accepted so far. */
  get dials(): number {
    return this.#connections.length;
  }

  /** Every open subscription of every client. */
  get subscriptions(): readonly FakeSubscription[] {
    return [...this.#router];
  }

  /** The first connection not yet returned by an earlier call, accepted already or still to come. */
  nextConnection(): Promise<FakeConnection> {
    const next = this.#connections[this.#handedOut];
    this.#handedOut++;
    return next === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(next);
  }

  /** Sends INFO with these fields to every open connection, as a server does when its cluster changes. */
  sendInfo(overrides: Partial<ServerInfo>): void {
    for (const connection of this.#connections) if (connection.isOpen) connection.sendInfo(overrides);
  }

  /** Stops listening and breaks every connection. May be called again. */
  async stop(): Promise<void> {
    const closed = this.#address.close();
    for (const connection of this.#connections) if (connection.isOpen) connection.reset();
    await closed;
    this.#release();
    this.#release = () => {};
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #open(): Promise<void> {
    return this.#address.open((stream) => {
      // The stream exists before the connection that hears of it.
      const connection = this.#accept(stream);
      return { data: (chunk) => connection.push(chunk), closed: () => connection.over() };
    });
  }

  #accept(stream: ServerStream): FakeConnection {
    const connection = new FakeConnection({
      index: this.#connections.length,
      stream,
      router: this.#router,
      clock: this.#clock,
      base: this.#baseInfo(),
      script: () => this.script,
    });
    this.#connections.push(connection);
    this.#waiting.shift()?.(connection);
    return connection;
  }

  #baseInfo(): ServerInfo {
    return {
      server_id: `FAKE-${this.host}-${this.port}`,
      server_name: `fake-${this.port}`,
      version: "2.15.1",
      go: "none",
      host: this.host,
      port: this.port,
      headers: true,
      max_payload: 1_048_576,
      proto: 1,
    };
  }
}
