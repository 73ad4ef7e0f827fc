// A program of its own that is stopped and continued: asks at once when it notices that time has jumped, and after that, and says
// how that went.

import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "myelin";

const { servers, pingInterval, jump } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly servers: string[];
  readonly pingInterval: number;
  /** Milliseconds by which time must have jumped. */
  readonly jump: number;
};

const nc = await connect({ servers, noRandomize: true, gossip: "ignore", pingInterval, timeout: 1_000 });
const heard: string[] = [];
nc.subscribe("news", { callback: (_, msg) => void heard.push(msg.string()) });
await nc.request("svc", "before", { timeout: 5_000 });
// From before it can be stopped, and one reading a turn: so that no jump is missed.
let last = performance.now();
console.log(JSON.stringify({ ready: true }));
for (let now = last; now - last < jump; now = performance.now()) {
  last = now;
  await sleep(20);
}
const begin = performance.now();
const ms = (): number => Math.round(performance.now() - begin);
const outcome = (asked: Promise<unknown>): Promise<{ how: string; ms: number }> =>
  asked.then(
    () => ({ how: "answered", ms: ms() }),
    (error: { readonly code?: string }) => ({ how: error.code ?? String(error), ms: ms() }),
  );
const retried = outcome(nc.request("svc", "at once", { timeout: 3_000, retry: { attempts: 2 } }));
const plain = outcome(nc.request("svc", "at once", { timeout: 3_000 }));
const [atOnce, withoutRetry] = [await retried, await plain];
const next = await outcome(nc.request("svc", "next", { timeout: 3_000 }));
nc.publish("news", "to myself");
await nc.flush({ timeout: 3_000 });
console.log(
  JSON.stringify({ atOnce, withoutRetry, next, heard, reconnects: nc.stats().reconnects, server: nc.getServer() }),
);
await nc.close();
