// Publishers and subscribers with a connection each, through a real server: the sum of what is sent and of what is heard.

import { setImmediate as turn } from "node:timers/promises";
import { payloadOf, SUBJECT } from "../frames.js";
import type { FanWork } from "../job.js";
import type { Notes } from "../notes.js";
import { PER_FAN_FLUSH, PER_TURN, shares } from "./amounts.js";
import type { Dial, NatsClient } from "./client-contestant.js";

export async function fan(dial: Dial, work: FanWork, notes: Notes): Promise<void> {
  const { messages, size, publishers, subscribers } = work;
  const clients = await Promise.all(Array.from({ length: publishers + subscribers }, dial));
  try {
    const hearing = clients.slice(publishers).map((client) => hear(client, messages, size, notes));
    await Promise.all(clients.map((client) => client.flush()));
    const parts = shares(messages, publishers);
    const sending = parts.map((part, index) => {
      const client = clients[index];
      return client === undefined ? undefined : send(client, part, size, notes);
    });
    await Promise.all([...sending, ...hearing]);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

// Hears until everything came; one message too many ends the run, one too few leaves it hanging until the parent ends it.
function hear(client: NatsClient, messages: number, size: number, notes: Notes): Promise<void> {
  return new Promise((resolve, reject) => {
    let seen = 0;
    let first = 0;
    client.subscribe(SUBJECT, {
      callback: (error, msg) => {
        if (error !== null || msg.data.length !== size) reject(error ?? new Error("a message of another size"));
        if (seen === 0) first = performance.now();
        seen++;
        if (seen > messages) reject(new Error(`${seen} messages instead of ${messages}; the run is void`));
        if (seen !== messages) return;
        notes.sample({ role: "sub", messages, ms: performance.now() - first });
        // Whatever came twice is here before the PONG.
        client.flush().then(resolve, reject);
      },
    });
  });
}

async function send(client: NatsClient, messages: number, size: number, notes: Notes): Promise<void> {
  const payload = payloadOf(size);
  const first = performance.now();
  for (let sent = 0; sent < messages; ) {
    const end = Math.min(messages, sent + PER_TURN);
    for (; sent < end; sent++) client.publish(SUBJECT, payload);
    if (sent % PER_FAN_FLUSH === 0) await client.flush();
    else await turn();
  }
  await client.flush();
  notes.sample({ role: "pub", messages, ms: performance.now() - first });
}
