// "The seven samples" of the page, in the words of this client. SEED-47 … SEED-49.

import { RealCluster } from "@myelin/testing";
import { connect } from "myelin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { record, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { deadUrl, open } from "./opened.js";
import { runScript } from "./run-script.js";

const BOUND = 30_000;
// Stands for demo.nats.io, which a test must not need.
const unreachable = "nats://demo.invalid:4222";

forEachServer((binary) => {
  let cluster: RealCluster;
  beforeAll(async () => {
    cluster = await RealCluster.start({ binary });
  }, 30_000);
  afterAll(() => cluster.stop());

  const clients = async (): Promise<number> => {
    const all = await Promise.all(cluster.servers.map((server) => server.connz()));
    return all.reduce((sum, { num_connections }) => sum + num_connections, 0);
  };

  it("SEED-47: the TypeScript sample runs: two servers, one of them unreachable", async () => {
    const nc = await connect({ servers: [unreachable, `nats://localhost:${cluster.server(0).port}`] });
    expect(nc.getServer()).toBe(`localhost:${cluster.server(0).port}`);
    // Do something with the connection
    nc.close();
    await within("closed", nc.closed());
    await until("the server has forgotten it", async () => (await clients()) === 0);
  });

  it("SEED-47: the TypeScript sample is a whole program: it ends", { timeout: BOUND }, async () => {
    const servers = [unreachable, `nats://localhost:${cluster.server(0).port}`];
    const end = await runScript("connect-and-end", { servers, finally: "close-without-waiting" });
    expect(end).toMatchObject({ said: { connected: true }, exitCode: 0, stderr: "" });
    expect(end.lingered).toBeLessThan(1_000);
  });

  it("SEED-48: a connection may be had at once; connect is told once, then reconnects have an event of their own", async () => {
    const nc = await open({ servers: cluster.urls, firstConnect: "background" });
    const seen = record(nc, "connect", "reconnect", "close");
    expect(nc.state).toBe("dialing");
    await nc.ready;
    await nc.flush();
    await nc.reconnect();
    await until("it is back", () => seen.length === 2);
    expect(seen.map(({ type }) => type)).toEqual(["connect", "reconnect"]);
  });

  it.each(["close", "close-without-waiting", "drain"])(
    "SEED-49: three servers, connect, %s: no socket is left at any of them and the program ends",
    { timeout: BOUND },
    async (how) => {
      const end = await runScript("connect-and-end", { servers: cluster.urls.join(","), finally: how });
      expect(end).toMatchObject({ said: { connected: true }, exitCode: 0, stderr: "" });
      expect(end.lingered).toBeLessThan(1_000);
      await until("the servers have forgotten it", async () => (await clients()) === 0);
    },
  );

  it("SEED-49: close() releases everything, also with subscriptions, requests and flushes in flight, and may be repeated", async () => {
    const nc = await connect({ servers: cluster.urls });
    const sub = nc.subscribe("s");
    const request = nc.request("nobody.answers.within", "", { timeout: 60_000 }).catch((error: Error) => error.name);
    const flush = nc.flush().catch(() => "rejected");
    await nc.close();
    await nc.close();
    await within("all have settled", Promise.all([sub.closed, request, flush]));
    expect(await nc.closed()).toBeUndefined();
    await until("the servers have forgotten it", async () => (await clients()) === 0);
  });
});

describe("without a server", () => {
  it("SEED-48: a failure that nobody listens to kills no process", { timeout: BOUND }, async () => {
    const task = { servers: await deadUrl(), firstConnect: "background", deadline: 300, finally: "nothing" };
    const end = await runScript("connect-and-end", task);
    expect(end).toMatchObject({ said: { connected: true }, exitCode: 0, stderr: "" });
  });

  it("SEED-48: the failure is reported once, as close, and by ready and closed()", async () => {
    const nc = await open({ servers: await deadUrl(), firstConnect: "background", deadline: 100 });
    const seen = record(nc, "connect", "close", "error");
    const reason = await within("it gives up", nc.closed());
    expect(seen).toEqual([{ type: "close", error: reason }]);
    await expect(nc.ready).rejects.toBe(reason);
  });
});
