// Real servers of the oldest and the newest line, over TCP and over the page's WebSocket (here that of `ws`).

import { setTimeout as sleep } from "node:timers/promises";
import { RealCluster, RealServer } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { webSocketTransport } from "@myelin/transport-websocket";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { until } from "../../myelin/test/conditions.js";
import { forEachServer } from "../../myelin/test/every-server.js";
import { connect, headers, type LightConnection, type LightOptions, type Msg } from "../src/index.js";
import { recorded, rejection } from "./simulated.js";

vi.stubGlobal("WebSocket", WebSocket);

interface Ways {
  readonly name: string;
  readonly urlOf: (server: RealServer) => string;
  readonly options: LightOptions;
}

const WAYS: readonly Ways[] = [
  { name: "TCP", urlOf: (server) => server.url, options: { transports: [tcpTransport()] } },
  { name: "WebSocket", urlOf: (server) => server.websocketUrl, options: {} },
  {
    name: "the WebSocket of the full client",
    urlOf: (server) => server.websocketUrl,
    options: { transports: [webSocketTransport()] },
  },
];

async function open(options: LightOptions): Promise<LightConnection> {
  const nc = await connect(options);
  onTestFinished(() => nc.close());
  return nc;
}

async function all(sub: AsyncIterable<Msg>): Promise<string[]> {
  const found: string[] = [];
  for await (const msg of sub) found.push(msg.string());
  return found;
}

forEachServer((binary) => {
  describe.each(WAYS)("over $name", ({ options, urlOf }) => {
    it("P51: publishes, subscribes, asks, with headers, queue groups and limits, and drains", async () => {
      const server = await RealServer.start({ binary, websocket: true });
      onTestFinished(() => server.stop());
      const nc = await open({ servers: urlOf(server), name: "light", ...options });
      expect(nc.info?.version).toBe(binary.version);
      const counts = [0, 0];
      for (const i of [0, 1]) {
        nc.subscribe("work", { queue: "q", callback: () => (counts[i] = (counts[i] ?? 0) + 1) });
      }
      nc.subscribe("echo", { callback: (_, msg) => msg.respond(msg.data, { headers: msg.headers }) });
      const limited = nc.subscribe("work", { max: 5 });
      for (let i = 0; i < 100; i++) nc.publish("work", String(i));
      await nc.flush({ timeout: 5_000 });
      expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(100);
      expect(Math.min(...counts)).toBeGreaterThan(0);
      expect(await all(limited)).toEqual(["0", "1", "2", "3", "4"]);
      const h = headers();
      h.set("greeting", "grüße");
      const answer = await nc.request("echo", "é", { headers: h, timeout: 5_000 });
      expect([answer.string(), answer.headers?.get("greeting")]).toEqual(["é", "grüße"]);
      expect((await rejection(nc.request("nobody", "", { timeout: 5_000 }))).code).toBe("NO_RESPONDERS");
      const large = await nc.request("echo", new Uint8Array(1_000_000).fill(7), { timeout: 10_000 });
      expect(large.data.length).toBe(1_000_000);
      expect(await nc.rtt()).toBeGreaterThan(0);
      await nc.drain();
      expect(nc.isClosed()).toBe(true);
      expect(await nc.closed()).toBeUndefined();
    });

    it("P51: a node killed under load and back again: in-flight requests end typed, the rest arrives, the cluster is learned", async () => {
      const cluster = await RealCluster.start({ binary, size: 3, websocket: true });
      onTestFinished(() => cluster.stop());
      const [a, b] = [cluster.server(0), cluster.server(1)];
      const responder = await open({ servers: urlOf(b), ...options });
      responder.subscribe("svc", {
        callback: async (_, msg) => {
          await sleep(40);
          msg.respond(msg.data);
        },
      });
      await responder.flush();
      // Only one server is named: the others are learned.
      const nc = await open({ servers: urlOf(a), ...options });
      const events = recorded(nc);
      const seen: string[] = [];
      nc.subscribe("news", { callback: (_, msg) => seen.push(msg.string()) });
      await nc.flush();
      const ended = new Map<string, number>();
      let open_ = 0;
      const ask = (): void => {
        open_++;
        nc.request("svc", "x", { timeout: 5_000 }).then(
          () => count("answered"),
          (error: { code: string; sent?: boolean }) => count(`${error.code} ${error.sent}`),
        );
      };
      const count = (what: string): void => {
        open_--;
        ended.set(what, (ended.get(what) ?? 0) + 1);
      };
      const load = setInterval(ask, 5);
      onTestFinished(() => clearInterval(load));
      await until("a first answer", () => ended.has("answered"));
      await a.kill();
      await until("another server", () => events.some(({ type }) => type === "reconnect"));
      expect(nc.getServer()).not.toBe("");
      // Again and again, for servers may learn of a subscription a moment after it was made.
      await until("the news", () => {
        responder.publish("news", "after the kill");
        return seen.length > 0;
      });
      await a.restart();
      await cluster.waitForMesh();
      const before = ended.get("answered") ?? 0;
      await until("more answers", () => (ended.get("answered") ?? 0) > before + 50);
      clearInterval(load);
      await until("every request has ended", () => open_ === 0);
      expect([...ended.keys()].filter((key) => !/^answered$|^DISCONNECTED true$/.test(key))).toEqual([]);
      expect(ended.get("DISCONNECTED true")).toBeGreaterThan(0);
      expect(events.filter(({ type }) => type === "disconnect")).toHaveLength(1);
    });

    it("P51: publishes made while the only server restarts are kept and arrive; a refusal of credentials is typed", async () => {
      const config = 'authorization { users: [ { user: "u", password: "p" } ] }';
      const server = await RealServer.start({ binary, websocket: true, config });
      onTestFinished(() => server.stop());
      expect((await rejection(connect({ servers: urlOf(server), ...options }))).code).toBe("AUTHORIZATION_VIOLATION");
      const authenticator = async (): Promise<{ user: string; pass: string }> => ({ user: "u", pass: "p" });
      const nc = await open({ servers: urlOf(server), authenticator, ...options });
      const seen: string[] = [];
      nc.subscribe("s", { callback: (_, msg) => seen.push(msg.string()) });
      await nc.flush();
      await server.kill();
      await until("the loss", () => nc.state !== "connected");
      for (let i = 0; i < 10; i++) nc.publish("s", String(i));
      await server.restart();
      await nc.flush({ timeout: 20_000 });
      expect(seen).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    });
  });
});
