import { afterEach, describe, expect, it, vi } from "vitest";
import { startCluster } from "../src/cluster.js";

// A machine without any server: nothing may be searched but a PATH that is empty.
const noServers = (): void => {
  vi.stubEnv("NATS_SERVER", undefined);
  vi.stubEnv("MYELIN_SERVER_SOURCES", "path");
  vi.stubEnv("PATH", "/nowhere");
};
const ask = { real: false, server: undefined, standIn: false };

afterEach(() => void vi.unstubAllEnvs());

describe("the cluster of the demo", () => {
  it("is played on stand-ins where no real server can be had, and says so before, in the headline and at the end", async () => {
    noServers();
    const said: string[] = [];
    const started = await startCluster(ask, { preparing: (line) => void said.push(line) }, () => {});
    expect(started?.cluster.servers.map(({ name, running }) => [name, running])).toEqual([
      ["demo-1", true],
      ["demo-2", true],
      ["demo-3", true],
    ]);
    expect(said.join("\n")).toMatch(/no real nats-server could be had.*STAND-IN brokers inside this process/s);
    expect(started?.label).toBe("STAND-IN brokers, no nats-server");
    expect(started?.caveat).toContain("no real server took part");
    await started?.cluster.stop();
  });

  it("is not played at all where real servers were asked for and none can be had", async () => {
    noServers();
    const complaints: string[] = [];
    const started = await startCluster({ ...ask, real: true }, { preparing: () => {} }, (text) =>
      complaints.push(text),
    );
    expect([started, complaints.join("")]).toEqual([undefined, expect.stringContaining("none could be had")]);
  });
});
