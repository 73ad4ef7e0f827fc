// What very many subscriptions cost at a reconnect (P55): how long until the next server has all of them, the largest single write, and
// what another connection of the process feels meanwhile. Run alone, never by the tests:
// `node --conditions=@myelin/source --import tsx apps/bench/src/resubscribe.ts [subscriptions]`.

import { setTimeout as sleep } from "node:timers/promises";
import { findServer, RealServer } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { connect, type NatsConnection } from "myelin";

const [subscriptions = 200_000] = process.argv.slice(2).map(Number);
const ROUNDS = 5;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

let largest = 0;
const tcp = tcpTransport();
const measured: typeof tcp = {
  schemes: tcp.schemes,
  connect: async (target, sink, signal) => {
    const connection = await tcp.connect(target, sink, signal);
    const write = connection.write.bind(connection);
    return Object.assign(connection, {
      write: (bytes: Uint8Array): boolean => {
        largest = Math.max(largest, bytes.length);
        return write(bytes);
      },
    });
  },
};

/** Asks for round trips until told to stop; resolves with their times. */
async function roundTrips(nc: NatsConnection, stop: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  while (!stop.aborted) {
    const begin = performance.now();
    await nc.flush({ timeout: 10_000 });
    times.push(performance.now() - begin);
    await sleep(1);
  }
  return times;
}

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

const binary = await findServer();
await using server = await RealServer.start({ binary });
await using bystanders = await RealServer.start({ binary });
const nc = await connect({ servers: server.url, transports: [measured], reconnectJitter: 0 });
const other = await connect({ servers: bystanders.url });
for (let n = 0; n < subscriptions; n++) nc.subscribe(`orders.region-${n % 97}.customer-${n}.>`, { callback: () => {} });
await nc.flush({ timeout: 60_000 });
say(`${subscriptions} subscriptions on nats-server ${binary.version}, ${ROUNDS} reconnects`);
for (let round = 1; round <= ROUNDS; round++) {
  largest = 0;
  const stop = new AbortController();
  const trips = roundTrips(other, stop.signal);
  await sleep(200);
  const linked = new Promise<number>((resolve) => nc.on("reconnect", () => resolve(performance.now())));
  await nc.reconnect();
  const begin = await linked;
  await nc.flush({ timeout: 60_000 });
  const ms = performance.now() - begin;
  stop.abort();
  const sorted = (await trips).sort((a, b) => a - b);
  const others = `p50 ${percentile(sorted, 0.5).toFixed(1)} ms, p99 ${percentile(sorted, 0.99).toFixed(1)} ms, worst ${percentile(sorted, 1).toFixed(1)} ms`;
  say(
    `${round}: all there after ${Math.round(ms)} ms, largest write ${Math.round(largest / 1024)} KiB; another connection, ${sorted.length} round trips: ${others}`,
  );
}
await Promise.all([nc.close(), other.close()]);
