// Figures of the test kit: a thousand tests on brokers in virtual time, and fifty real servers at once, again and again. Run alone,
// never by the tests: `node --conditions=@myelin/source --import tsx apps/bench/src/test-kit.ts [tests] [rounds]`.

import { connect } from "@myelin/client";
import { Broker, findServer, memoryNetwork, RealServer, VirtualClock } from "@myelin/testing";

const SERVERS = 50;
const [tests = 1_000, rounds = 20] = process.argv.slice(2).map(Number);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** One whole test: a broker and a client of its own, a subscription, a publish, the message, and everything closed. */
async function oneTest(): Promise<void> {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const broker = Broker.onMemory(network, { host: "nats.test", port: 4222 });
  const nc = await clock.until(connect({ servers: "nats.test" }, { transports: [network.transport], clock }));
  const heard: string[] = [];
  nc.subscribe("hello", { callback: (_, msg) => void heard.push(msg.string()) });
  nc.publish("hello", "world");
  await clock.until(nc.flush());
  if (heard[0] !== "world") throw new Error("the message did not arrive");
  await clock.until(nc.close());
  await broker.stop();
}

async function thousandTests(): Promise<void> {
  const begin = performance.now();
  for (let i = 0; i < tests; i++) await oneTest();
  const seconds = (performance.now() - begin) / 1_000;
  say(
    `${tests} tests of connect, subscribe, publish, receive, close, each on a broker of its own: ${seconds.toFixed(2)} s`,
  );
}

async function manyServers(): Promise<void> {
  const binary = await findServer();
  let flakes = 0;
  let slowest = 0;
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    const started = await Promise.allSettled(Array.from({ length: SERVERS }, () => RealServer.start({ binary })));
    slowest = Math.max(slowest, (performance.now() - begin) / 1_000);
    for (const result of started) {
      if (result.status === "fulfilled") continue;
      flakes++;
      say(`round ${round + 1}: ${String(result.reason)}`);
    }
    await Promise.all(started.map(async (result) => (result.status === "fulfilled" ? result.value.stop() : undefined)));
  }
  say(
    `${SERVERS} servers (nats-server ${binary.version}) at once, ${rounds} rounds, ${SERVERS * rounds} starts: ${flakes} failed; ` +
      `slowest round ready after ${slowest.toFixed(1)} s`,
  );
}

await thousandTests();
await manyServers();
