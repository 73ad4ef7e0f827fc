// What can be done to the arena, each fault from its beginning to its end. A fault that is not to be felt touches no node: then
// whatever is lost or fails counts against the client.

import { setTimeout as sleep } from "node:timers/promises";
import type { Arena } from "./arena.js";
import type { Client } from "./client.js";

/** One fault about to happen. */
export interface Strike {
  readonly arena: Arena;
  readonly clients: readonly Client[];
  /** The node it concerns. */
  readonly node: number;
  /** A whole number from `least` to `most`, by chance. */
  between(least: number, most: number): number;
}

export interface Fault {
  readonly name: string;
  /** Does it, and resolves when it is over; says in a few words what was done. */
  run(strike: Strike): Promise<string>;
}

const onWay =
  (what: string, begin: (strike: Strike) => void, least: number, most: number, felt: boolean): Fault["run"] =>
  async (strike) => {
    const { arena, node } = strike;
    const ms = strike.between(least, most);
    if (felt) arena.touch(node);
    begin(strike);
    await sleep(ms);
    arena.proxy(node).faults.heal();
    if (felt) arena.untouch(node);
    return `${what} for ${ms} ms`;
  };

/** Links break, and no new one comes about. */
const cutOff = (begin: (strike: Strike) => void) => (strike: Strike) => {
  begin(strike);
  for (const { faults } of strike.arena.proxy(strike.node).links) faults.reset();
};

export const faults: readonly Fault[] = [
  {
    name: "kill",
    run: async ({ arena, node, between }) => {
      const ms = between(200, 1_500);
      await arena.killFor(node, ms);
      return `SIGKILL, down for ${ms} ms`;
    },
  },
  {
    name: "kill all",
    run: async ({ arena, between }) => {
      const ms = between(200, 1_000);
      const all = Array.from({ length: arena.size }, (_, node) => node);
      for (const node of all) arena.disturb(node);
      await Promise.all(all.map((node) => arena.node(node).kill()));
      await sleep(ms);
      await Promise.all(all.map((node) => arena.node(node).restart()));
      for (const node of all) await arena.mend(node);
      return `SIGKILL of every node, down for ${ms} ms`;
    },
  },
  {
    name: "freeze",
    run: async ({ arena, node, between }) => {
      const ms = between(500, 4_000);
      arena.disturb(node);
      arena.node(node).pause();
      await sleep(ms);
      arena.node(node).resume();
      await arena.mend(node);
      return `SIGSTOP for ${ms} ms`;
    },
  },
  {
    name: "lame duck",
    run: async ({ arena, node }) => {
      await arena.retire(node);
      await arena.revive(node);
      return "left before it left us, restarted";
    },
  },
  {
    name: "rolling restart",
    run: async ({ arena }) => {
      for (let node = 0; node < arena.size; node++) {
        await arena.retire(node);
        await arena.revive(node);
      }
      return "every node in turn, by lame duck";
    },
  },
  {
    name: "reset",
    run: onWay("RST of every link", ({ arena, node }) => arena.proxy(node).faults.reset(), 20, 200, true),
  },
  {
    name: "silence",
    run: onWay(
      "nothing comes, nothing goes",
      ({ arena, node }) => arena.proxy(node).faults.silence(),
      2_500,
      4_000,
      true,
    ),
  },
  {
    name: "partition",
    run: onWay(
      "cut off, dials refused",
      cutOff(({ arena, node }) => arena.proxy(node).faults.refuse()),
      500,
      2_000,
      true,
    ),
  },
  {
    name: "black hole",
    run: onWay(
      "cut off, dials hang",
      cutOff(({ arena, node }) => arena.proxy(node).faults.blackHole()),
      1_000,
      3_000,
      true,
    ),
  },
  {
    name: "truncate",
    run: onWay(
      "the streams end in the midst of a message",
      (strike) => strike.arena.proxy(strike.node).faults.truncate(strike.between(1, 400), "to-client"),
      500,
      1_000,
      true,
    ),
  },
  {
    name: "delay",
    run: onWay(
      "everything late",
      (strike) => strike.arena.proxy(strike.node).faults.delay(strike.between(5, 60)),
      500,
      2_000,
      false,
    ),
  },
  {
    name: "small pieces",
    run: onWay(
      "streams in small pieces",
      (strike) => strike.arena.proxy(strike.node).faults.split(strike.between(8, 64)),
      500,
      1_500,
      false,
    ),
  },
  {
    name: "asked to move",
    run: async ({ clients }) => {
      await Promise.all(clients.map(({ nc }) => nc.reconnect({ graceful: true })));
      return "every client to another node";
    },
  },
];
