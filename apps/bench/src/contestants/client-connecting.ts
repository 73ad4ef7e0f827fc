// Many connections at once, and many subscriptions made again by a reconnect.

import { expectCount, type ReplayWork, type StormWork } from "../job.js";
import type { Notes } from "../notes.js";
import { WriteWatch } from "../write-watch.js";
import type { Dial, NatsClient } from "./client-contestant.js";

/** Each connection's latency is from the call to its first round trip. */
export async function storm(dial: Dial, { messages }: StormWork, notes: Notes): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: messages }, async () => {
      const at = performance.now();
      const client = await dial();
      await client.flush();
      notes.took(performance.now() - at);
      return client;
    }),
  );
  await Promise.all(clients.map((client) => client.close()));
}

/** From the first byte on the new link to the PONG behind the last subscription, and the largest single write of that time. */
export async function replay(client: NatsClient, { messages }: ReplayWork, notes: Notes): Promise<void> {
  let heard = 0;
  const callback = (): void => {
    heard++;
  };
  for (let i = 0; i < messages; i++) client.subscribe(`idle.${i}`, { callback });
  await client.flush();
  const status = client.status();
  const reconnected = (async () => {
    for await (const { type } of status) if (type === "reconnect") return;
    throw new Error("the connection ended");
  })();
  const watch = new WriteWatch();
  try {
    await client.reconnect();
    await reconnected;
    await client.flush();
    notes.fact("replay, ms", performance.now() - watch.firstAt);
    notes.fact("largest write, KiB", watch.largest / 1024);
    // The last of the subscriptions lives, at the server as well.
    client.publish(`idle.${messages - 1}`);
    await client.flush();
    expectCount("messages after the replay", heard, 1);
  } finally {
    watch.stop();
  }
}
