// A scripted NATS server inside the test process, over TCP on loopback or over a memory network: a plain single node
// until its script says otherwise. Its clients are in fake-connection.ts. For behaviour that matters, test against a real
// server as well; test/fake-and-real.test.ts holds this one to what a real one does.

import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Clock } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
import { FakeBroker, type FakeSubscription } from "./fake-broker.js";
import { FakeConnection, type FakeStream } from "./fake-connection.js";
import type { FakeScript } from "./fake-script.js";
import type { MemoryNetwork } from "./memory-network.js";
import { reservePorts } from "./port-reservation.js";
import { realClock } from "./real-clock.js";

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
  readonly host: string;
  readonly port: number;
  /** Every connection ever accepted, in order. */
  readonly connections: readonly FakeConnection[];
  /** What it does differently; may be replaced at any time. */
  script: FakeScript;
  readonly #connections: FakeConnection[] = [];
  readonly #waiting: ((connection: FakeConnection) => void)[] = [];
  readonly #broker = new FakeBroker();
  readonly #clock: Clock;
  #handedOut = 0;
  #stop: () => Promise<void> = async () => {};

  private constructor(script: FakeScript, host: string, port: number, clock: Clock) {
    this.script = script;
    this.host = host;
    this.port = port;
    this.#clock = clock;
    this.connections = this.#connections;
  }

  /** Listens on TCP. */
  static async listen(script: FakeScript = {}, options: FakeServerOptions = {}): Promise<FakeServer> {
    const reservation = options.port === undefined ? await reservePorts(1) : undefined;
    const listener = createServer({ noDelay: true });
    listener.listen(options.port ?? reservation?.ports[0] ?? 0, options.host ?? "127.0.0.1");
    await once(listener, "listening");
    const { address, port } = listener.address() as AddressInfo;
    const server = new FakeServer(script, address, port, options.clock ?? realClock);
    const sockets = new Set<Socket>();
    listener.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      server.#acceptSocket(socket);
    });
    server.#stop = async () => {
      await closeListener(listener, sockets);
      reservation?.release();
    };
    return server;
  }

  /** Listens on a memory network; the host is any name. */
  static onMemory(
    network: MemoryNetwork,
    address: { readonly host: string; readonly port: number },
    script: FakeScript = {},
  ): FakeServer {
    const server = new FakeServer(script, address.host, address.port, network.clock);
    const listener = network.listen(address.host, address.port, (peer) => {
      // The stream exists before the connection that hears of it.
      const connection = server.#accept({
        send: (bytes) => void peer.send(bytes),
        end: () => peer.end(),
        reset: () => peer.reset(),
        pause: () => peer.pause(),
        resume: () => peer.resume(),
      });
      return { data: (chunk) => connection.push(chunk), closed: () => connection.over() };
    });
    server.#stop = async () => {
      listener.close();
      for (const connection of server.#connections) if (connection.isOpen) connection.reset();
    };
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
    return this.#broker.subscriptions;
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
  stop(): Promise<void> {
    const stop = this.#stop;
    this.#stop = async () => {};
    return stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #accept(stream: FakeStream): FakeConnection {
    const connection = new FakeConnection({
      index: this.#connections.length,
      stream,
      broker: this.#broker,
      clock: this.#clock,
      base: this.#baseInfo(),
      script: () => this.script,
    });
    this.#connections.push(connection);
    this.#waiting.shift()?.(connection);
    return connection;
  }

  #acceptSocket(socket: Socket): void {
    const connection = this.#accept({
      send: (bytes) => void socket.write(bytes),
      end: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    });
    socket.on("data", (chunk: Buffer) => connection.push(chunk));
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => connection.over());
  }

  #baseInfo(): ServerInfo {
    return {
      server_id: `FAKE${this.port}`,
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

async function closeListener(listener: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const closed = once(listener, "close");
  listener.close();
  for (const socket of [...sockets]) socket.resetAndDestroy();
  await closed;
}
