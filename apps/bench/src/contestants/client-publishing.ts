// Publishing in turns of the event loop.

import { setImmediate as turn } from "node:timers/promises";
import { payloadOf, SUBJECT, subjectOf } from "../frames.js";
import type { PublishWork } from "../job.js";
import { PER_TURN, perFlush } from "./amounts.js";
import type { NatsClient } from "./client-contestant.js";

/** The same loop for everybody, held back by flushes, or by the client's own word where it has one. */
export async function publish(client: NatsClient, { size, messages, pace, subjects = 1 }: PublishWork): Promise<void> {
  const payload = payloadOf(size);
  if (pace === "signal") return atPleasure(client, payload, messages);
  const names = Array.from({ length: subjects }, (_, index) => (subjects === 1 ? SUBJECT : subjectOf(index)));
  const between = perFlush(size);
  const perTurn = Math.min(PER_TURN, between);
  for (let sent = 0; sent < messages; ) {
    const end = Math.min(messages, sent + perTurn);
    if (subjects === 1) for (; sent < end; sent++) client.publish(SUBJECT, payload);
    else for (; sent < end; sent++) client.publish(names[sent % subjects] ?? SUBJECT, payload);
    if (sent % between === 0) await client.flush();
    else await turn();
  }
  await client.flush();
}

// As much as `publish` takes: with a client that says nothing, everything.
async function atPleasure(client: NatsClient, payload: Uint8Array, messages: number): Promise<void> {
  for (let sent = 0; sent < messages; sent++) {
    if (client.publish(SUBJECT, payload) === false) await client.writable?.();
  }
  await client.flush();
}
