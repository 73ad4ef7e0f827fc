import { beforeAll, describe, expect, it } from "vitest";
import { findServer, RealCluster } from "../src/index.js";
import { isAlive } from "../src/server-cache.js";

describe.each(["newest", "oldest"] as const)("RealCluster, %s", (which) => {
  beforeAll(() => findServer({ which }), 600_000); // on a new machine this fetches or even builds one

  it("every node tells clients of all nodes, before and after one leaves, returns and joins", async () => {
    const cluster = await RealCluster.start({ binary: await findServer({ which }), name: "trio" });
    const pids = cluster.servers.map((server) => server.pid);
    const told = async (index: number): Promise<unknown> =>
      [...((await cluster.server(index).info()).connect_urls ?? [])].sort();
    const all = (): string[] =>
      cluster.servers
        .filter((s) => s.running)
        .map((s) => `127.0.0.1:${s.port}`)
        .sort();
    expect(cluster.servers.map((server) => server.name)).toEqual(["trio-1", "trio-2", "trio-3"]);
    expect(await told(2)).toEqual(all());

    await cluster.server(0).kill();
    await cluster.waitForMesh();
    expect(all()).toHaveLength(2);
    expect(await told(1)).toEqual(all());

    await cluster.server(0).restart();
    await cluster.waitForMesh();
    expect(await told(1)).toEqual(all());

    const fourth = await cluster.add();
    await cluster.waitForMesh();
    expect(await told(1)).toEqual(all());
    expect(all()).toHaveLength(4);

    pids.push(fourth.pid);
    await cluster.stop();
    expect(pids.some(isAlive)).toBe(false);
  }, 20_000);

  it("leaves nothing running when one node cannot start", async () => {
    const failing = RealCluster.start({ binary: await findServer({ which }), config: "port: nonsense" });
    await expect(failing).rejects.toMatchObject({ code: "SERVER_LAUNCH_FAILED" });
  });
});
