// A node that is killed, and one that falls silent behind a proxy: what fails, how soon it is told, and that nothing else fails.

import { setTimeout as sleep } from "node:timers/promises";
import { FaultProxy, RealCluster, RealServer } from "@myelin/testing";
import { DisconnectedError, type NatsConnection, StaleConnectionError } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { next, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, open } from "./opened.js";

/** Milliseconds from the detection of a lost link to the end of everything that was in flight on it. */
const SETTLED = 50;
/** What a busy machine may add to a wait. */
const SLACK = 900;

interface Ended {
  readonly error: unknown;
  readonly at: number;
  readonly askedAt: number;
}

/** Asks 200 times a second until stopped, and writes down what failed. */
function load(nc: NatsConnection): { failed: Ended[]; answered(): number; stop(): Promise<void> } {
  const failed: Ended[] = [];
  let [asked, answered] = [0, 0];
  const timer = setInterval(() => {
    for (let n = 0; n < 4; n++) {
      asked++;
      const askedAt = performance.now();
      nc.request("svc", "x", { timeout: 5_000 }).then(
        () => answered++,
        (error: unknown) => failed.push({ error, at: performance.now(), askedAt }),
      );
    }
  }, 20);
  onTestFinished(() => clearInterval(timer));
  return {
    failed,
    answered: () => answered,
    stop: async () => {
      clearInterval(timer);
      await until("every request has ended", () => answered + failed.length === asked);
    },
  };
}

forEachServer((binary) => {
  it("D9, P1: of a killed node only the requests in flight to it fail, each within 50 ms of the detection", async () => {
    const cluster = await RealCluster.start({ binary });
    onTestFinished(() => cluster.stop());
    const [dying, other, third] = cluster.urls;
    const at = (...servers: (string | undefined)[]): Promise<NatsConnection> =>
      open({ servers: servers.filter((url) => url !== undefined), noRandomize: true });
    const responder = await at(third);
    // Slow enough that some requests are always in flight.
    responder.subscribe("svc", { callback: (_, msg) => void setTimeout(() => msg.respond(msg.data), 60) });
    await responder.flush();
    const [struck, spared] = [await at(dying, other, third), await at(other, third)];
    for (const nc of [struck, spared]) {
      await until("a first answer", () =>
        nc.request("svc", "", { timeout: 500 }).then(
          () => true,
          () => false,
        ),
      );
    }
    const [there, elsewhere] = [load(struck), load(spared)];
    await until("both are answered", () => there.answered() > 20 && elsewhere.answered() > 20);
    let lostAt = 0;
    struck.on("disconnect", () => {
      lostAt = performance.now();
    });
    const reconnected = next(struck, "reconnect");
    await cluster.server(0).kill();
    await reconnected;
    const answered = there.answered();
    await until("it is answered again", () => there.answered() > answered + 20);
    await Promise.all([there.stop(), elsewhere.stop()]);
    expect(elsewhere.failed).toEqual([]);
    expect(there.failed.length).toBeGreaterThan(0);
    for (const { error, at: endedAt, askedAt } of there.failed) {
      expect(error).toBeInstanceOf(DisconnectedError);
      expect(askedAt).toBeLessThanOrEqual(lostAt);
      expect(endedAt - lostAt).toBeLessThanOrEqual(SETTLED);
    }
  });
});

it("P15, D16: behind a stalled proxy a silent server is given up within pingInterval * (maxPingOut + 1), with unanswered writes within one pingInterval, at any rate of publishing", async () => {
  const server = await RealServer.start();
  onTestFinished(() => server.stop());
  const proxy = await FaultProxy.start({ target: server });
  onTestFinished(() => proxy.stop());
  const pingInterval = 1_000;
  const servers = [proxy.url, server.url];
  const connected = (): Promise<NatsConnection> =>
    open({ servers, noRandomize: true, gossip: "ignore", pingInterval, maxPingOut: 2 });
  const [idle, writing] = [await connected(), await connected()];
  await Promise.all([idle.flush(), writing.flush()]);
  const begin = performance.now();
  const lost = [idle, writing].map((nc) =>
    next(nc, "disconnect").then(({ error }) => ({ error, ms: performance.now() - begin })),
  );
  const back = [idle, writing].map((nc) => next(nc, "reconnect"));
  proxy.faults.silence();
  const publishing = setInterval(() => {
    for (let n = 0; n < 100; n++) writing.publish("x", "payload");
  }, 5);
  onTestFinished(() => clearInterval(publishing));
  const [first, second] = await Promise.all(lost);
  await Promise.all(back);
  expect([first?.error, second?.error]).toEqual([expect.any(StaleConnectionError), expect.any(StaleConnectionError)]);
  expect(second?.ms).toBeLessThanOrEqual(pingInterval + SLACK);
  expect(first?.ms).toBeLessThanOrEqual(pingInterval * 3 + SLACK);
  expect(first?.ms).toBeGreaterThan(pingInterval);
  clearInterval(publishing);
  await sleep(0);
  expect([idle.getServer(), writing.getServer()]).toEqual([addressOf(server), addressOf(server)]);
});
