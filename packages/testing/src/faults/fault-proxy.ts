// A proxy on loopback in front of any server, which breaks what goes through it at a word. The words and what they do are in
// link-faults.ts; here are only sockets. It never reads what it carries.

import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { type Clock, InvalidArgumentError } from "@myelin/contracts";
import { breakOff } from "../break-off.js";
import { type PortReservation, reservePorts } from "../port-reservation.js";
import { realClock } from "../real-clock.js";
import { DoorFaults } from "./door-faults.js";
import type { FaultLine } from "./fault-line.js";
import { type Faults, LinkFaults } from "./link-faults.js";

/** What it stands before, and where it listens. */
export interface FaultProxyOptions {
  /** The server: `port`, and `host`, by default 127.0.0.1. A RealServer or a Broker will do. */
  readonly target: { readonly port: number; readonly host?: string };
  /** Port on 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** For delays. Default: real time. */
  readonly clock?: Clock;
}

/** One client of a proxy, and its own stream to the server. */
export interface ProxyLink {
  /** What can go wrong on this link alone. */
  readonly faults: Faults;
  /** False once either side has gone. */
  readonly isOpen: boolean;
  /** Bytes that have left the proxy. */
  readonly bytesToClient: number;
  /** Bytes handed on to the server. */
  readonly bytesToServer: number;
}

// More than this waiting in one direction holds the sender up.
const HIGH_WATER = 256 * 1024;

/** A proxy with faults. Disposing it stops it. */
export class FaultProxy {
  /** What it listens on. */
  readonly host = "127.0.0.1";
  /** The port it listens on. */
  readonly port: number;
  /** Faults of all links, those to come among them, and of dialling. */
  readonly faults: DoorFaults;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #clock: Clock;
  readonly #reservation: PortReservation | undefined;
  readonly #links = new Set<Link>();
  readonly #waiting: ((link: ProxyLink) => void)[] = [];
  #server: Server | undefined;
  #fresh: ProxyLink[] = [];

  private constructor(options: FaultProxyOptions, reservation: PortReservation | undefined) {
    const { host = "127.0.0.1", port } = options.target;
    this.#target = { host, port };
    this.#clock = options.clock ?? realClock;
    this.#reservation = reservation;
    this.port = options.port ?? reservation?.ports[0] ?? 0;
    this.faults = new DoorFaults({
      links: () => [...this.#links].map(({ faults }) => faults),
      refuse: (refused) => this.#refuse(refused),
      serveAll: () => {
        for (const link of this.#links) link.reach(this.#target);
      },
    });
  }

  /** Starts one; resolves when it listens. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    if (!(options?.target?.port > 0)) throw new InvalidArgumentError("target", "has no port");
    const proxy = new FaultProxy(options, options.port === undefined ? await reservePorts(1) : undefined);
    await proxy.#listen();
    return proxy;
  }

  /** `nats://127.0.0.1:port`. */
  get url(): string {
    return `nats://${this.host}:${this.port}`;
  }

  /** Its open links, oldest first. */
  get links(): readonly ProxyLink[] {
    return [...this.#links];
  }

  /** The first open link no earlier call has returned, or else the next one. */
  nextLink(): Promise<ProxyLink> {
    this.#fresh = this.#fresh.filter(({ isOpen }) => isOpen);
    const next = this.#fresh.shift();
    return next === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(next);
  }

  /** Breaks every link and stops listening. May be called again. */
  async stop(): Promise<void> {
    this.#server?.close();
    this.#server = undefined;
    for (const link of [...this.#links]) link.faults.reset();
    this.#reservation?.release();
  }

  /** Stops. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.on("connection", (socket: Socket) => this.#take(socket));
    this.#server = server;
    server.listen(this.port, this.host);
    await once(server, "listening");
  }

  #refuse(refused: boolean): void {
    if (refused) {
      this.#server?.close();
      this.#server = undefined;
    } else if (this.#server === undefined) {
      void this.#listen();
    }
  }

  #take(client: Socket): void {
    const link = new Link(client, this.#clock, () => this.#links.delete(link));
    this.#links.add(link);
    this.faults.greet(link.faults);
    if (!this.faults.mute) link.reach(this.#target);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#fresh = [...this.#fresh, link].filter(({ isOpen }) => isOpen);
    else waiting(link);
  }
}

class Link implements ProxyLink {
  readonly faults: LinkFaults;
  readonly #client: Socket;
  readonly #gone: () => void;
  #server: Socket | undefined;
  #state: "open" | "gone" = "open";
  #open = 1;

  constructor(client: Socket, clock: Clock, gone: () => void) {
    this.#client = client;
    this.#gone = gone;
    this.faults = new LinkFaults(clock, {
      client: {
        send: (bytes) => {
          client.write(bytes);
          this.#relieve();
        },
        end: () => void client.end(),
      },
      server: {
        send: (bytes) => {
          this.#server?.write(bytes);
          this.#relieve();
        },
        end: () => void this.#server?.end(),
      },
      reset: () => this.#reset(),
    });
    client.pause();
    client.on("error", () => {}); // "close" follows
    client.on("close", (failed) => this.#closed(failed));
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get bytesToClient(): number {
    return this.#client.bytesWritten;
  }

  get bytesToServer(): number {
    return this.#server?.bytesWritten ?? 0;
  }

  /** Dials the server, once; what the client sent waits until it answers. */
  reach({ host, port }: { readonly host: string; readonly port: number }): void {
    if (this.#server !== undefined || this.#state === "gone") return;
    const server = createConnection({ host, port, allowHalfOpen: true, noDelay: true });
    this.#server = server;
    this.#open++;
    server.on("error", () => {}); // "close" follows
    server.on("close", (failed) => this.#closed(failed));
    server.on("connect", () => {
      this.#carry(this.#client, this.faults.toServer, server);
      this.#carry(server, this.faults.toClient, this.#client);
      this.#client.resume();
    });
  }

  /** One side has gone: in order after it ended, which the other side was told; else the other side hears of a break. */
  #closed(failed: boolean): void {
    this.#open--;
    if (failed) this.#reset();
    if (this.#open > 0) return;
    this.#state = "gone";
    this.faults.destroy();
    this.#gone();
  }

  #reset(): void {
    this.faults.destroy();
    breakOff(this.#client);
    if (this.#server !== undefined) breakOff(this.#server);
  }

  /** What one socket says goes down the line to the other, which holds it up when too much waits. */
  #carry(from: Socket, line: FaultLine, to: Socket): void {
    from.on("data", (chunk: Buffer) => {
      line.push(chunk);
      if (line.bufferedBytes + to.writableLength > HIGH_WATER) from.pause();
    });
    to.on("drain", () => this.#relieve());
    from.on("end", () => line.end());
  }

  /** Reads on where little waits. */
  #relieve(): void {
    const client = this.#client;
    const server = this.#server;
    if (server === undefined) return;
    const { toClient, toServer } = this.faults;
    if (toServer.bufferedBytes + server.writableLength <= HIGH_WATER) client.resume();
    if (toClient.bufferedBytes + client.writableLength <= HIGH_WATER) server.resume();
  }
}
