// Requests through a real server, answered by another connection of the same process.

import { payloadOf } from "../frames.js";
import { expectCount, type RequestWork } from "../job.js";
import type { Notes } from "../notes.js";
import type { Dial, NatsClient } from "./client-contestant.js";

const SERVICE = "bench.echo";
/** Longer than a run: no time-out is ever due, and each has its timer all the same. */
const TIMEOUT = 60_000;

export class Requesting {
  readonly #client: NatsClient;
  readonly #responder: NatsClient;

  private constructor(client: NatsClient, responder: NatsClient) {
    this.#client = client;
    this.#responder = responder;
  }

  static async open(client: NatsClient, dial: Dial): Promise<Requesting> {
    const responder = await dial();
    responder.subscribe(SERVICE, { callback: (_, msg) => void msg.respond(msg.data) });
    await responder.flush();
    return new Requesting(client, responder);
  }

  /** As many loops as requests are to be in flight, each with one request after the other. */
  async perform({ size, messages, inFlight }: RequestWork, notes: Notes): Promise<void> {
    const payload = payloadOf(size);
    let begun = 0;
    let bytes = 0;
    const loop = async (): Promise<void> => {
      while (begun < messages) {
        begun++;
        const at = performance.now();
        const answer = await this.#client.request(SERVICE, payload, { timeout: TIMEOUT });
        notes.took(performance.now() - at);
        bytes += answer.data.length;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
    expectCount("bytes answered", bytes, messages * size);
  }

  close(): Promise<void> {
    return this.#responder.close();
  }
}
