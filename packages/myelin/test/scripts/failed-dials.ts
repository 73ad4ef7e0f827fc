// A program of its own, run with --expose-gc: a connection whose servers are down, in virtual time, for a hundred thousand failed
// dials. Says how much more the process holds in the end than after the first thousands.

import { getEventListeners } from "node:events";
import { connect } from "@myelin/client";
import { type Clock, type Transport, TransportError } from "@myelin/contracts";

// Stacks are read all the time here; where their lines come from does not matter.
process.setSourceMapsEnabled(false);
const { dials } = JSON.parse(process.argv[2] ?? "{}") as { readonly dials: number };
const collect = globalThis.gc ?? (() => {});

/** Time that jumps to the next timer whenever nothing else is left to do. */
const timers = new Map<number, { readonly at: number; readonly run: () => void }>();
let [now, lastTimer] = [0, 0];
const clock: Clock = {
  now: () => now,
  wallTime: () => now,
  endOfTurn: (run) => void setImmediate(run),
  after: (ms, run) => {
    const id = ++lastTimer;
    timers.set(id, { at: now + ms, run });
    return () => timers.delete(id);
  },
};
function runNext(): void {
  let [first, at] = [0, Number.POSITIVE_INFINITY];
  for (const [id, timer] of timers) if (timer.at < at) [first, at] = [id, timer.at];
  const timer = timers.get(first);
  timers.delete(first);
  now = Math.max(now, timer?.at ?? now);
  timer?.run();
}

let made = 0;
const transport: Transport = {
  schemes: ["nats"],
  connect: ({ url }) => {
    made++;
    return Promise.reject(new TransportError("CONNECTION_REFUSED", "tcp", `${url} refused the connection`, url));
  },
};
const pending = new AbortController();
const nc = await connect(
  {
    servers: "a,b,c",
    firstConnect: "background",
    reconnectTimeWait: 1,
    reconnectJitter: 0,
    signal: pending.signal,
  },
  { transports: [transport], clock },
);
nc.subscribe("x", { callback: () => {} });
nc.publish("x", "kept");
let failed = 0;
nc.on("attemptFailed", () => {
  failed++;
});

async function holdings(): Promise<{ heap: number; timers: number; listeners: number }> {
  for (let n = 0; n < 4; n++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const listeners = getEventListeners(pending.signal, "abort").length;
  return { heap: process.memoryUsage().heapUsed, timers: timers.size, listeners };
}

async function until(count: number): Promise<void> {
  while (made < count) {
    runNext();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

await until(dials / 10);
const before = await holdings();
await until(dials);
const after = await holdings();
const resources = process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|GetAddr/.test(name));
await nc.close();
console.log(
  JSON.stringify({
    made,
    failed,
    heap: after.heap - before.heap,
    timers: after.timers - before.timers,
    listeners: after.listeners - before.listeners,
    left: timers.size,
    resources,
  }),
);
