// In a page alone: the network goes and comes back, and the browser says so.

import { type Scenario, same, until } from "./stage.js";

/** @param loseNetwork resolves when the page was offline and is online again */
export function waking(loseNetwork: () => Promise<void>): readonly Scenario[] {
  return [
    {
      name: "back online",
      async play(stage) {
        const served = await stage.serve();
        // So long that only being woken explains that it comes back.
        const nc = await stage.open(served, { name: stage.subject, reconnectTimeWait: 3_600_000, reconnectJitter: 0 });
        await stage.backstage.kill(served);
        await until("it waits", () => nc.state === "waiting");
        await stage.backstage.restart(served);
        same("state", nc.state, "waiting");
        await loseNetwork();
        await until("it is back", () => nc.state === "connected");
        await nc.flush();
        await until("one connection", async () => (await stage.backstage.connections(served, stage.subject)) === 1);
      },
    },
  ];
}
