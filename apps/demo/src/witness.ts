// A witness: a connection pinned to one node of the cluster. It answers requests, in a queue group with the others, and
// reports every message of the publish load, so that what arrives is known on every node.

import { connect, type NatsConnection, type Subscription } from "myelin";
import type { DemoServer } from "./cluster.js";
import { PING_INTERVAL_MS, subjects } from "./load.js";

export interface WitnessEvents {
  /** The numbered message arrived. */
  arrived(witness: number, message: number): void;
}

export class Witness {
  readonly #connection: NatsConnection;
  readonly #index: number;
  readonly #events: WitnessEvents;
  #responder: Subscription | undefined;
  #received = 0;

  private constructor(connection: NatsConnection, index: number, events: WitnessEvents) {
    this.#connection = connection;
    this.#index = index;
    this.#events = events;
    connection.subscribe(subjects.load, { callback: (_error, message) => this.#arrived(Number(message.string())) });
    this.#respond();
    // What a service should do when its server says goodbye: take no new work, finish what it has.
    connection.on("ldm", () => {
      this.#responder?.drain().catch(() => {});
      this.#responder = undefined;
    });
    connection.on("reconnect", () => this.#respond());
  }

  static async start(server: DemoServer, index: number, events: WitnessEvents): Promise<Witness> {
    const connection = await connect({
      servers: server.url,
      gossip: "ignore",
      name: `witness on ${server.name}`,
      reconnectTimeWait: 100,
      pingInterval: PING_INTERVAL_MS,
      timeout: 1_000,
    });
    const witness = new Witness(connection, index, events);
    await connection.flush({ timeout: 5_000 });
    return witness;
  }

  get connected(): boolean {
    return this.#connection.state === "connected";
  }

  /** Messages of the load it has seen. */
  get received(): number {
    return this.#received;
  }

  /** Publishes an empty message. */
  publish(subject: string): void {
    this.#connection.publish(subject);
  }

  async stop(): Promise<void> {
    await this.#connection.close();
  }

  #respond(): void {
    this.#responder ??= this.#connection.subscribe(subjects.request, {
      queue: "responders",
      callback: (_error, message) => void message.respond(message.data),
    });
  }

  #arrived(message: number): void {
    this.#received++;
    this.#events.arrived(this.#index, message);
  }
}
