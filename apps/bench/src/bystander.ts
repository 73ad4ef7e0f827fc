// What another connection of the process feels while very many subscriptions are made again at a reconnect; how long that takes and what
// it writes is measured by `npm run bench -- replay`. Run alone, never by the tests:
// `node --conditions=@myelin/source --import tsx apps/bench/src/bystander.ts [subscriptions]`.

import { setTimeout as sleep } from "node:timers/promises";
import { findServer, RealServer } from "@myelin/testing";
import { connect, type NatsConnection } from "myelin";
import { Notes } from "./notes.js";

const [subscriptions = 200_000] = process.argv.slice(2).map(Number);
const ROUNDS = 5;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Asks for round trips until told to stop, and notes their times. */
async function roundTrips(nc: NatsConnection, notes: Notes, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const begin = performance.now();
    await nc.flush({ timeout: 10_000 });
    notes.took(performance.now() - begin);
    await sleep(1);
  }
}

const binary = await findServer();
await using server = await RealServer.start({ binary });
await using bystanders = await RealServer.start({ binary });
const nc = await connect({ servers: server.url, reconnectJitter: 0 });
const other = await connect({ servers: bystanders.url });
for (let n = 0; n < subscriptions; n++) nc.subscribe(`orders.region-${n % 97}.customer-${n}.>`, { callback: () => {} });
await nc.flush({ timeout: 60_000 });
say(
  `${subscriptions} subscriptions on nats-server ${binary.version}, ${ROUNDS} reconnects; round trips of another connection:`,
);
for (let round = 1; round <= ROUNDS; round++) {
  const notes = new Notes();
  const stop = new AbortController();
  const trips = roundTrips(other, notes, stop.signal);
  await sleep(200);
  const linked = new Promise((resolve) => nc.on("reconnect", resolve));
  await nc.reconnect();
  await linked;
  await nc.flush({ timeout: 60_000 });
  stop.abort();
  await trips;
  const { latency } = notes.read();
  const times = (["p50", "p99", "most"] as const).map(
    (part) => `${part} ${((latency?.[part] ?? 0) / 1e6).toFixed(1)} ms`,
  );
  say(`${round}: ${times.join(", ")}`);
}
await Promise.all([nc.close(), other.close()]);
