// A program of its own, to be run with --unhandled-rejections=strict: every public call at once on a connection to a real server
// through a real socket, and the worst that can happen to it in the middle. The calls and what they may fail with are the table of
// the client's own tests. Says what went wrong, and must then end by itself.

import { setTimeout as sleep } from "node:timers/promises";
import { RealServer, seededRandom } from "@myelin/testing";
import { type ConnectionOptions, connect, type NatsConnection, systemClock } from "myelin";
import { Ledger } from "../../../client/test/escape/ledger.js";
import { QUICK, sceneOf } from "../../../client/test/escape/scene.js";
import { type Entry, entries } from "../../../client/test/escape/table.js";
import { trap } from "../../../client/test/escape/traps.js";
import { openFaultyProxy } from "./faulty-proxy.js";

/** Real milliseconds within which everything settles once the connection is closed: the machine may be busy. */
const PATIENCE = 10_000;
const LOCKED = 'authorization { user: "somebody", password: "else" }';

await using server = await RealServer.start();
const proxy = await openFaultyProxy(server.port);
const problems: string[] = [];
const release = trap((what) => problems.push(what));

const faults: { readonly [name: string]: { strike(): Promise<void> | void; heal(): Promise<void> | void } } = {
  "kill -9": { strike: () => server.kill(), heal: () => server.restart() },
  freeze: { strike: () => server.pause(), heal: () => server.resume() },
  reset: { strike: () => proxy.reset(), heal: () => {} },
  auth: { strike: () => server.reload(LOCKED), heal: () => server.reload("") },
};

const mayEnd = ({ name, row }: Entry): boolean =>
  row.ends === true || name.startsWith("user code.a listener calls back");
const peaceful = entries.filter((entry) => !mayEnd(entry));
const ending = entries.filter(({ row }) => row.ends === true);
let rounds = 0;

/** A connection, what is called on it, and how it went. */
async function open(calls: readonly Entry[], title: string) {
  const ledger = new Ledger();
  const dialled: Promise<NatsConnection>[] = [];
  const dial = (options: ConnectionOptions): Promise<NatsConnection> =>
    connect({ ...QUICK, servers: proxy.url, ...options });
  const nc = await dial({ timeout: 2_000, firstConnect: "retry" });
  const scene = sceneOf({
    nc,
    clock: systemClock(),
    ledger,
    random: seededRandom(rounds),
    servers: proxy.url,
    subscriptions: [],
    dial: (options) => {
      const other = dial(options);
      dialled.push(other);
      return other;
    },
  });
  return {
    call: () => {
      for (const entry of calls) ledger.call(entry, scene);
    },
    callOne: (entry: Entry) => ledger.call(entry, scene),
    async end() {
      ledger.abort();
      await within(Promise.all([nc.close(), nc.closed()]));
      await ledger.settled(within);
      for (const other of await Promise.allSettled(dialled))
        if (other.status === "fulfilled") await other.value.close();
      ledger.released();
      problems.push(...ledger.problems.map((problem) => `${title}: ${problem}`));
    },
  };
}

async function within<T>(work: Promise<T>): Promise<T> {
  const patience = new AbortController();
  const late = sleep(PATIENCE, undefined, { signal: patience.signal }).then(() => {
    throw new Error(`not within ${PATIENCE} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}

const CLOSE: Entry = { name: "close()", row: { fails: [], calls: [] }, call: ({ nc }) => nc.close() };
const DRAIN = ending.find(({ name }) => name === "NatsConnection.drain #1") ?? CLOSE;

for (const moment of ["before", "same turn", "later"] as const) {
  for (const happening of [...Object.keys(faults), "close", "drain"]) {
    const title = `${happening}, ${moment}`;
    rounds++;
    const fault = faults[happening];
    const all = await Promise.all([open(peaceful, title), ...ending.map((one) => open([one], title))]);
    const happen = async (): Promise<void> => {
      if (fault !== undefined) await fault.strike();
      else for (const one of all) one.callOne(happening === "close" ? CLOSE : DRAIN);
    };
    if (moment === "before") await happen();
    for (const one of all) one.call();
    if (moment === "later") await sleep(5);
    if (moment !== "before") await happen();
    await sleep(150);
    await fault?.heal();
    await sleep(150);
    await Promise.all(all.map((one) => one.end()));
  }
}

release();
await proxy.stop();
await server.stop();
console.log(JSON.stringify({ rounds, calls: peaceful.length + ending.length, problems: [...new Set(problems)] }));
