// The play: its acts in their order, as data. What an act can do to the cluster is in stage.ts, what it must hold to in verdict.ts.

import { connect } from "myelin";
import type { DemoCluster } from "./cluster.js";
import type { Stage } from "./stage.js";

export type ActName =
  | "connect"
  | "steady"
  | "kill"
  | "restart"
  | "pause"
  | "lame-duck"
  | "rolling"
  | "kill-two"
  | "recover"
  | "drain";

export interface Act {
  readonly name: ActName;
  readonly title: string;
  /** What to look at, in one line. */
  readonly about: string;
  run(stage: Stage): Promise<void>;
}

export const acts: readonly Act[] = [
  {
    name: "connect",
    title: "connect, with every form of server list",
    about: "an array, a comma-separated string, and one seed that teaches the others",
    async run(stage) {
      for (const { form, servers } of listForms(stage.cluster)) {
        const connection = await connect({ servers, name: "demo: list form" });
        const pool = connection.getServers();
        const names = (origin: "seed" | "gossip"): string => {
          const found = pool.filter((one) => one.origin === origin).map(({ url }) => stage.nameOf(url.href));
          return found.sort().join(", ") || "none";
        };
        const learned = `seeds ${names("seed")}; by gossip ${names("gossip")}`;
        stage.narrator.event("good", `${form}: on ${stage.nameOf(connection.getServer())}; ${learned}`);
        await connection.close();
        if (pool.length !== stage.cluster.servers.length) throw new Error(`${form}: the pool holds ${learned}`);
      }
    },
  },
  {
    name: "steady",
    title: "steady load",
    about: "requests and numbered publishes on one connection; a witness on every node",
    async run(stage) {
      const live = await stage.checkSubscriptions();
      stage.narrator.event("good", `${live} of ${stage.own.size} subscriptions live`);
      if (live < stage.own.size) throw new Error(`silent: ${stage.own.silent().join(", ")}`);
    },
  },
  {
    name: "kill",
    title: "kill the node we are on",
    about: "SIGKILL: the socket dies; what was in flight ends with DisconnectedError",
    async run(stage) {
      await whole(stage);
      await stage.lasting();
      const index = stage.hereIndex();
      const links = stage.linkNumber;
      await stage.disturb([index], "killed");
      stage.narrator.event("move", `kill ${stage.cluster.server(index).name}`);
      await stage.cluster.server(index).kill();
      await stage.survive(links);
    },
  },
  {
    name: "restart",
    title: "restart it",
    about: "the pool grows again by gossip; we stay where we are",
    run: bringBack,
  },
  {
    name: "pause",
    title: "pause the node we are on",
    about: "SIGSTOP: the socket stays open, silent; pingInterval 1 s notices within 1 s",
    async run(stage) {
      await whole(stage);
      await stage.lasting();
      const index = stage.hereIndex();
      const server = stage.cluster.server(index);
      const links = stage.linkNumber;
      await stage.disturb([index], "paused");
      stage.narrator.event("move", `pause ${server.name}`);
      server.pause();
      try {
        await stage.survive(links);
        await stage.pause(500);
      } finally {
        stage.narrator.event("move", `resume ${server.name}`);
        server.resume();
      }
      await stage.calm();
    },
  },
  {
    name: "lame-duck",
    title: "lame-duck the node we are on",
    about: "SIGUSR2: it says that it leaves, 10 s ahead; we move before it does, and nothing is interrupted",
    async run(stage) {
      await whole(stage);
      await replace(stage, stage.hereIndex());
    },
  },
  {
    name: "rolling",
    title: "rolling restart: every node in turn, each by lame duck",
    about: "an upgrade of the whole cluster under load: nobody is disconnected, nothing fails, nothing is lost",
    async run(stage) {
      await whole(stage);
      const left = new Set(stage.conditions.keys());
      while (left.size > 0) {
        // The one we are on where it has not had its turn, so that there is something to see.
        const here = stage.hereIndex();
        const [next = here] = left;
        const index = left.has(here) ? here : next;
        left.delete(index);
        await replace(stage, index);
      }
    },
  },
  {
    name: "kill-two",
    title: "kill two of three, the one we are on among them",
    about: "one node is left, and it is enough",
    async run(stage) {
      await whole(stage);
      await stage.lasting();
      const here = stage.hereIndex();
      const links = stage.linkNumber;
      const doomed = [here, (here + 1) % stage.cluster.servers.length];
      const servers = doomed.map((index) => stage.cluster.server(index));
      await stage.disturb(doomed, "killed");
      stage.narrator.event("move", `kill ${servers.map(({ name }) => name).join(" and ")}`);
      await Promise.all(servers.map((server) => server.kill()));
      await stage.survive(links);
    },
  },
  {
    name: "recover",
    title: "full recovery",
    about: "every node is back, and every one of them in the pool",
    run: bringBack,
  },
  {
    name: "drain",
    title: "drain",
    about: "the load ends, every answer is awaited, the connection leaves in order",
    async run(stage) {
      await stage.settleAll();
      await stage.connection.drain({ timeout: 5_000 });
      stage.narrator.event("good", "drained: nothing was left behind");
    },
  },
];

async function whole(stage: Stage): Promise<void> {
  if (stage.conditions.some((condition) => condition !== "running")) await bringBack(stage);
}

/** Ends a node by lame duck, once everybody has left it, and starts it again. */
async function replace(stage: Stage, index: number): Promise<void> {
  const server = stage.cluster.server(index);
  await stage.depart(index, async (isEmpty) => {
    stage.narrator.event("move", `lame-duck ${server.name}`);
    server.lameDuck();
    // Left alone it would wait for its grace period, and then end by itself.
    if (await isEmpty()) stage.narrator.event("move", `nobody is on ${server.name} any more: end it, start it again`);
    else stage.narrator.event("bad", `somebody is still on ${server.name}, which ends all the same`);
    await server.kill();
    await stage.bringBack();
  });
}

async function bringBack(stage: Stage): Promise<void> {
  const down = stage.cluster.servers.filter((server) => !server.running);
  stage.narrator.event(
    "move",
    down.length === 0 ? "every node is running: nothing to start" : `start ${down.map(({ name }) => name).join(", ")}`,
  );
  await stage.bringBack();
}

function listForms(cluster: DemoCluster): { readonly form: string; readonly servers: string | string[] }[] {
  return [
    { form: "an array of three", servers: cluster.urls },
    { form: "a comma-separated string", servers: cluster.urls.join(", ") },
    { form: "one seed and gossip", servers: cluster.server(2).url },
  ];
}
