// The one connection of the page: opened, watched and closed here, and nowhere else. Knows nothing of the document.

import {
  type ConnectionOptions,
  connect,
  type NatsConnection,
  type Stats,
  type StatusEvent,
  type StatusType,
} from "myelin";
import { Meter } from "./meter.js";

const EVENTS: readonly StatusType[] = [
  "connect",
  "disconnect",
  "reconnecting",
  "attemptFailed",
  "reconnect",
  "handover",
  "update",
  "ldm",
  "error",
  "staleConnection",
  "forceReconnect",
  "slowConsumer",
  "dropped",
  "close",
];

/** How often the round trip is measured. */
const RTT_MS = 2_000;

export interface Watcher {
  /** A connection was begun: subscriptions may be made on it, whether a server has answered yet or not. */
  began(nc: NatsConnection): void;
  happened(event: StatusEvent): void;
}

export class Cluster {
  /** Messages, in and out. */
  readonly meter: Meter = new Meter();
  readonly #watcher: Watcher;
  #nc: NatsConnection | undefined;
  #counted = 0;
  #lost = "";
  #arrival = "";
  #measuredAt = Number.NEGATIVE_INFINITY;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  /** The connection, unless there is none or it has been closed. */
  get connection(): NatsConnection | undefined {
    return this.#nc;
  }

  /** How the server that serves us came to do so, in words. */
  get arrival(): string {
    return this.#arrival;
  }

  /**
   * Begins one, in place of the one before, and keeps trying until it is closed, or refused before it was connected. Rejects with
   * InvalidArgumentError when the options cannot be used; then nothing has changed.
   */
  async open(options: ConnectionOptions): Promise<void> {
    const nc = await connect({ ...options, firstConnect: "background" });
    await this.close();
    this.#nc = nc;
    this.#counted = 0;
    this.#arrival = "";
    for (const type of EVENTS) nc.on(type, (event) => this.#told(nc, event));
    // What it may reject with is told by the events as well.
    nc.ready.catch(() => {});
    this.#watcher.began(nc);
  }

  async close(): Promise<void> {
    await this.#nc?.close();
  }

  /** Feeds the meter; called several times a second. */
  measure(now: number): Stats | undefined {
    const stats = this.#nc?.stats();
    if (stats === undefined) return undefined;
    const total = stats.inMsgs + stats.outMsgs;
    this.meter.add(now, Math.max(0, total - this.#counted));
    this.#counted = total;
    this.#ask(now);
    return stats;
  }

  // The pool keeps what comes of it, and getServers() shows it.
  #ask(now: number): void {
    if (this.#nc?.state !== "connected" || now - this.#measuredAt < RTT_MS) return;
    this.#measuredAt = now;
    this.#nc.rtt({ timeout: RTT_MS }).catch(() => {});
  }

  #told(nc: NatsConnection, event: StatusEvent): void {
    if (this.#nc !== nc) return;
    // A new link, or none: what was measured of the last one is no answer.
    if (/^(connect|reconnect|handover)$/.test(event.type)) this.#measuredAt = Number.NEGATIVE_INFINITY;
    switch (event.type) {
      case "connect":
        this.#arrival = "the first that answered";
        break;
      case "disconnect":
        this.#lost = event.server;
        this.#arrival = "";
        break;
      case "reconnect":
        this.#arrival =
          event.server === this.#lost ? "back after it was lost" : `took over when ${this.#lost} was lost`;
        break;
      case "handover":
        this.#arrival = `moved to from ${event.from}`;
        break;
      case "close":
        this.#nc = undefined;
        break;
      default:
    }
    this.#watcher.happened(event);
  }
}
