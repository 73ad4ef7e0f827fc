// Payloads larger than any read or write, through real servers, in bursts that no socket takes at once: memory is read to and written to
// again on the way, and every byte must still be its own. PROTO-5, P8.

import { createTestAuthority, RealServer } from "@myelin/testing";
import type { ConnectionOptions, Msg, NatsConnection } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { next, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { open } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const MIB = 1_048_576;
const BURST = 24;

const authority = await createTestAuthority();
const node = await authority.issue({ commonName: "node", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] });

const sizeOf = (i: number): number => (i % 5 === 3 ? 64 * 1_024 + i : i % 5 === 4 ? i : MIB - i);

/** Into memory that is used for every payload; told from others at every byte. */
function fill(memory: Uint8Array, i: number): Uint8Array {
  const payload = memory.subarray(0, sizeOf(i));
  // A prime, so that no page is like another.
  for (let at = 0; at < payload.length; at++) payload[at] = (at + i * 17) % 251;
  return payload;
}

/** The caller's memory is written over right after each publish, and messages are looked at when all have come. */
async function exchange(publisher: NatsConnection, subscriber: NatsConnection): Promise<void> {
  const got: Msg[] = [];
  const sub = subscriber.subscribe("large", { callback: (_, msg) => void got.push(msg) });
  await subscriber.flush();
  const memory = new Uint8Array(MIB);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < BURST; i++) {
      const taken = publisher.publish("large", fill(memory, i));
      // The first burst heeds nothing.
      if (round === 1 && !taken) await publisher.writable();
    }
    await publisher.flush();
  }
  await until("all have come", () => got.length >= 2 * BURST);
  const expected = new Uint8Array(MIB);
  expect(got.map(({ data }, n) => Buffer.compare(data, fill(expected, n % BURST)))).toEqual(got.map(() => 0));
  expect(got.length).toBe(2 * BURST);
  sub.unsubscribe();
}

forEachServer((binary) => {
  it.each(["TCP", "TLS"])(
    "PROTO-5: arrive as they were published, in bursts and at the client's own pace, over %s",
    {
      timeout: BOUND,
    },
    async (link) => {
      const made = link === "TLS" ? await tlsFiles(authority, node) : undefined;
      if (made !== undefined) onTestFinished(made.remove);
      const server = await RealServer.start({ binary, config: made?.config ?? "" });
      onTestFinished(() => server.stop());
      const options: ConnectionOptions = {
        servers: `${link === "TLS" ? "tls" : "nats"}://127.0.0.1:${server.port}`,
        ...(link === "TLS" ? { tls: { ca: authority.caPem } } : {}),
      };
      await exchange(await open(options), await open(options));
    },
  );

  it("P1: come whole on the next link after one was cut in the middle of them", { timeout: BOUND }, async () => {
    const server = await RealServer.start({ binary });
    onTestFinished(() => server.stop());
    const options = { servers: server.url, reconnectTimeWait: 50 };
    const [publisher, subscriber] = [await open(options), await open(options)];
    let cut = 0;
    const broken = subscriber.subscribe("large", { callback: () => cut++ });
    await subscriber.flush();
    const memory = new Uint8Array(MIB);
    for (let i = 0; i < BURST; i++) publisher.publish("large", fill(memory, i));
    await until("some have come", () => cut > 0);
    const reconnected = [next(publisher, "reconnect", 20_000), next(subscriber, "reconnect", 20_000)];
    await server.kill();
    await server.restart();
    await Promise.all(reconnected);
    await publisher.flush();
    await subscriber.flush();
    broken.unsubscribe();
    await exchange(publisher, subscriber);
  });
});
