// The subscriptions of the connection that is watched, of every kind, and who of them gave a sign of life since last asked.

import type { NatsConnection } from "myelin";
import { subjects } from "./load.js";

export class OwnSubscriptions {
  // Subject to publish on, by what it shall wake.
  readonly #probes: readonly string[];
  readonly #alive = new Set<string>();

  /** Opens plain, wildcard and queue group subscriptions, with a callback and with an iterator. */
  constructor(connection: NatsConnection) {
    const own = (name: string): string => `${subjects.own}.${name}`;
    const plain = Array.from({ length: 6 }, (_, index) => own(`plain${index}`));
    for (const subject of plain) connection.subscribe(subject, { callback: () => void this.#alive.add(subject) });
    const star = own("star.a");
    connection.subscribe(own("star.*"), { callback: () => void this.#alive.add(star) });
    const rest = own("rest.a.b");
    connection.subscribe(own("rest.>"), { callback: () => void this.#alive.add(rest) });
    const queue = own("queue");
    connection.subscribe(queue, { queue: "own", callback: () => void this.#alive.add(queue) });
    const iterated = own("iterated");
    void this.#iterate(connection, iterated);
    this.#probes = [...plain, star, rest, queue, iterated];
  }

  get size(): number {
    return this.#probes.length;
  }

  /** How many gave a sign of life since {@link forget}. */
  get live(): number {
    return this.#alive.size;
  }

  /** Subjects to publish on to wake those that gave none. */
  silent(): string[] {
    return this.#probes.filter((subject) => !this.#alive.has(subject));
  }

  forget(): void {
    this.#alive.clear();
  }

  async #iterate(connection: NatsConnection, subject: string): Promise<void> {
    for await (const message of connection.subscribe(subject)) this.#alive.add(message.subject);
  }
}
