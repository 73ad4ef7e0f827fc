// P55: very many subscriptions at a reconnect. How long it takes is measured by `npm run bench -- replay`.

import type { Transport } from "@myelin/contracts";
import { RealServer } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { expect, it, onTestFinished } from "vitest";
import { next } from "./conditions.js";
import { open } from "./opened.js";

const SUBSCRIPTIONS = 20_000;
const MEGABYTE = 1_000_000;
// All of it together is several times what one write may hold.
const subjectOf = (n: number): string => `a.subject.${"with.many.words.".repeat(8)}${n}`;

/** TCP, and the sizes of all writes. */
function measuring(writes: number[]): Transport {
  const tcp = tcpTransport();
  return {
    schemes: tcp.schemes,
    connect: async (target, sink, signal) => {
      const connection = await tcp.connect(target, sink, signal);
      const write = connection.write.bind(connection);
      return Object.assign(connection, {
        write: (bytes: Uint8Array): boolean => {
          writes.push(bytes.length);
          return write(bytes);
        },
      });
    },
  };
}

it("P55: 20 000 subscriptions are made again in writes below 1 MB each, and every one lives", async () => {
  const server = await RealServer.start();
  onTestFinished(() => server.stop());
  const writes: number[] = [];
  const nc = await open({ servers: server.url, transports: [measuring(writes)], reconnectJitter: 0 });
  const heard = new Uint8Array(SUBSCRIPTIONS);
  for (let n = 0; n < SUBSCRIPTIONS; n++) {
    nc.subscribe(subjectOf(n), {
      callback: () => {
        heard[n] = (heard[n] ?? 0) + 1;
      },
    });
  }
  await nc.flush({ timeout: 30_000 });
  writes.length = 0;
  const reconnected = next(nc, "reconnect");
  await server.restart();
  await reconnected;
  await nc.flush({ timeout: 30_000 });
  const replayed = writes.reduce((sum, bytes) => sum + bytes, 0);
  expect(replayed).toBeGreaterThan(2 * MEGABYTE);
  expect(Math.max(...writes)).toBeLessThan(MEGABYTE);
  expect((await server.connz()).connections[0]?.subscriptions).toBe(SUBSCRIPTIONS);
  const publisher = await open({ servers: server.url });
  for (let n = 0; n < SUBSCRIPTIONS; n++) publisher.publish(subjectOf(n));
  await publisher.flush({ timeout: 30_000 });
  await nc.flush({ timeout: 30_000 });
  expect(heard.every((times) => times === 1)).toBe(true);
});
