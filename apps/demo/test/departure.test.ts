import { realClock } from "@myelin/testing";
import { afterEach, describe, expect, it } from "vitest";
import { type StartedCluster, startCluster } from "../src/cluster.js";
import { acts } from "../src/scenario.js";
import { Stage } from "../src/stage.js";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function standIn(): Promise<StartedCluster> {
  const options = { real: false, server: undefined, standIn: true };
  const started = await startCluster(options, { preparing: () => {} }, () => {});
  if (started === undefined) throw new Error("stand-ins can always be had");
  opened.push({ close: () => started.cluster.stop() });
  return started;
}

describe("a node that leaves", () => {
  it("is left by everybody before it ends, and nothing fails or gets lost until it is back", async () => {
    const { cluster, clientsOn } = await standIn();
    const said: string[] = [];
    const narrator = {
      preparing: () => {},
      opened: () => {},
      act: () => {},
      event: (_: unknown, line: string) => void said.push(line),
      close: () => {},
    };
    const { signal } = new AbortController();
    const stage = await Stage.open({ cluster, clientsOn, clock: realClock, rate: 100, narrator, signal });
    opened.push(stage);
    stage.load.start();
    await stage.calm();
    const { name } = cluster.server(stage.hereIndex());
    await acts.find((act) => act.name === "lame-duck")?.run(stage);
    await stage.settleAll();
    expect(stage.moves).toEqual([
      expect.objectContaining({
        node: name,
        failed: 0,
        lost: 0,
        astray: 0,
        cut: 0,
        silent: 0,
        leftAfter: expect.any(Number),
      }),
    ]);
    expect(stage.moves[0]?.load).toHaveProperty("to");
    expect(said).toContainEqual(expect.stringMatching(`handover: moved from ${name}`));
    expect(stage.records).toEqual([]);
    expect(stage.conditions).toEqual(["running", "running", "running"]);
    expect(stage.connection.stats()).toMatchObject({ connects: 2 });
  });
});
