// What happens to the servers, and when. Everybody has been connected for long at time 0.

import { type Behaviour, GRACE, LAME_DUCK, type Stage } from "./stage.js";

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Clients are told addresses nobody can reach, beside those they are configured with. */
  readonly unreachableGossip?: boolean;
  /** Seconds of the plot; what comes later is in the table only. */
  readonly plotted: number;
  play(stage: Stage): Promise<void>;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
const third = ({ servers }: Stage): number => Math.max(1, Math.floor(servers / 3));

// A third is lost at 0; the others do so for 20 s, and accept from then on.
function thirdDies(name: string, about: string, behaviour: (stage: Stage) => Behaviour): Scenario {
  return {
    name,
    about,
    plotted: 40,
    play: async (stage) => {
      const survivors = range(third(stage), stage.servers);
      stage.behave(survivors, behaviour(stage));
      stage.kill(range(0, third(stage)));
      await stage.run(20_000);
      stage.behave(survivors, { kind: "accepts" });
      await stage.run(120_000);
    },
  };
}

export const scenarios: readonly Scenario[] = [
  {
    name: "node-dies",
    about: "one server dies",
    plotted: 10,
    play: async (stage) => {
      stage.kill([0]);
      await stage.run(60_000);
    },
  },
  {
    name: "node-returns",
    about: "a third of the servers die and return after 30 s",
    plotted: 150,
    play: async (stage) => {
      stage.kill(range(0, third(stage)));
      await stage.run(30_000);
      for (const server of range(0, third(stage))) stage.revive([server]);
      await stage.run(180_000);
    },
  },
  thirdDies("third-dies", "a third of the servers die, the others take everybody", () => ({ kind: "accepts" })),
  thirdDies(
    "third-dies-throttled",
    "a third die, for 20 s each other one lets in 0.02 % of all clients in 100 ms",
    (stage) => ({
      kind: "admits",
      per100ms: Math.max(1, Math.round(stage.clients / 5_000)),
    }),
  ),
  thirdDies("third-dies-full", "a third die, for 20 s the others send everybody away", () => ({ kind: "sends-away" })),
  thirdDies("third-dies-refusing", "a third die, for 20 s the others refuse every dial", () => ({ kind: "refuses" })),
  thirdDies("auth-outage", "a third die, for 20 s the others reject all credentials", () => ({
    kind: "rejects-credentials",
  })),
  {
    name: "cluster-restart",
    about: "all servers die and are back after 20 s",
    plotted: 60,
    play: async (stage) => {
      const all = range(0, stage.servers);
      stage.kill(all);
      await stage.run(20_000);
      stage.revive(all);
      await stage.run(120_000);
    },
  },
  {
    name: "rolling-upgrade",
    about: `one server after the other announces its leaving, closes its clients from ${GRACE / 1_000} s on, is gone after ${LAME_DUCK / 1_000} s and back 5 s later`,
    plotted: 330,
    play: async (stage) => {
      let at = 0;
      for (const server of range(0, stage.servers)) {
        stage.lameDuck(server);
        at += LAME_DUCK + 5_000;
        await stage.run(at);
        stage.revive([server]);
      }
      await stage.run(at + 120_000);
    },
  },
  {
    name: "zone-loss",
    about: "servers and clients are in three zones; one zone's servers die and return after 60 s",
    plotted: 200,
    play: async (stage) => {
      const zone = range(0, stage.servers).filter((server) => server % 3 === 0);
      stage.kill(zone);
      await stage.run(60_000);
      for (const server of zone) stage.revive([server]);
      await stage.run(300_000);
    },
  },
  {
    name: "unreachable-gossip",
    about: "the cluster advertises addresses only its own network reaches, where dials are not answered; a third die",
    unreachableGossip: true,
    plotted: 40,
    play: async (stage) => {
      stage.kill(range(0, third(stage)));
      await stage.run(120_000);
    },
  },
];
