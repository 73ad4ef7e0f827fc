// A witness: a connection at home on one node of the cluster. It answers requests, in a queue group with the others, and
// reports every message of the publish load, so that what arrives is known on every node. It lives as any service does: when
// its node leaves it moves to another one by itself, and it comes home when asked to.

import { connect, type NatsConnection } from "myelin";
import type { DemoServer } from "./cluster.js";
import { PING_INTERVAL_MS, subjects } from "./load.js";

export interface WitnessEvents {
  /** The numbered message arrived. */
  arrived(witness: number, message: number): void;
}

export class Witness {
  readonly home: DemoServer;
  readonly connection: NatsConnection;
  #received = 0;

  private constructor(connection: NatsConnection, home: DemoServer, index: number, events: WitnessEvents) {
    this.connection = connection;
    this.home = home;
    connection.subscribe(subjects.load, {
      callback: (_error, message) => {
        this.#received++;
        events.arrived(index, Number(message.string()));
      },
    });
    connection.subscribe(subjects.request, {
      queue: "responders",
      callback: (_error, message) => void message.respond(message.data),
    });
  }

  static async start(home: DemoServer, index: number, events: WitnessEvents): Promise<Witness> {
    const connection = await connect({
      servers: home.url,
      name: `witness of ${home.name}`,
      pingInterval: PING_INTERVAL_MS,
      timeout: 1_000,
    });
    const witness = new Witness(connection, home, index, events);
    await connection.flush({ timeout: 5_000 });
    return witness;
  }

  get connected(): boolean {
    return this.connection.state === "connected";
  }

  isOn({ host, port }: DemoServer): boolean {
    return this.connection.getServer() === `${host}:${port}`;
  }

  /** Messages of the load it has seen. */
  get received(): number {
    return this.#received;
  }

  /** Publishes an empty message. */
  publish(subject: string): void {
    this.connection.publish(subject);
  }

  /** Moves to its own node, and is never without one meanwhile; false when that is not to be had now. */
  async goHome(now: number): Promise<boolean> {
    if (this.isOn(this.home)) return this.connected;
    const view = this.connection.getServers().find(({ url }) => url.port === this.home.port);
    // Until the cluster tells of it again, the pool takes a node that announced its leaving at its word.
    if (!this.connected || view === undefined || view.lameDuck || view.eligibleAt > now) return false;
    // The one server of the list is where it moves to; the others come back by gossip.
    this.connection.setServers(this.home.url);
    await this.connection.reconnect({ graceful: true }).catch(() => {});
    return this.isOn(this.home);
  }

  async stop(): Promise<void> {
    await this.connection.close();
  }
}
