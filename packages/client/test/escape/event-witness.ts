// Writes down every event of one connection, by listeners, by an iterator that is read and by one that is not, and tells in the
// end whether they were a word of the grammar, the same for all, with every gap counted.

import { isDeepStrictEqual } from "node:util";
import { eventViolation, type RecordedEvent } from "@myelin/testing";
import type { NatsConnection, Status } from "../../src/index.js";
import { everyEvent } from "../simulated.js";

export class EventWitness {
  readonly #heard: readonly Status[];
  readonly #read: Promise<Status[]>;
  readonly #unread: AsyncIterable<Status>;
  readonly #link: number;
  // Of a connection that had a link and has none just now, what came before is not known.
  readonly #before: readonly RecordedEvent[];

  constructor(nc: NatsConnection) {
    this.#link = nc.stats().connects;
    this.#before = this.#link > 0 && nc.getServer() === "" ? [{ type: "gap", dropped: 1 }] : [];
    this.#heard = everyEvent(nc);
    this.#read = collected(nc.status());
    this.#unread = nc.status();
  }

  /** To be asked when the connection is closed. */
  async problems(): Promise<readonly string[]> {
    const late = await collected(this.#unread);
    const problems: string[] = [];
    for (const events of [this.#heard, late]) {
      const violation = eventViolation([...this.#before, ...events], this.#link);
      if (violation !== undefined) problems.push(`events against the grammar: ${violation}`);
    }
    if (!isDeepStrictEqual(await this.#read, this.#heard))
      problems.push("an iterator was told other events than listeners");
    const [first] = late;
    const missing = first?.type === "gap" ? first.dropped : 0;
    const kept = late.filter(({ type }) => type !== "gap");
    if (kept.length > 128) problems.push(`an iterator nobody reads held ${kept.length} events`);
    if (!isDeepStrictEqual(kept, this.#heard.slice(missing))) problems.push("an iterator dropped events in silence");
    return problems;
  }
}

async function collected(events: AsyncIterable<Status>): Promise<Status[]> {
  const all: Status[] = [];
  for await (const event of events) all.push(event);
  return all;
}
