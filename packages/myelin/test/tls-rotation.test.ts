// TLS material that is replaced while a connection lives, against real servers: under load, half written, and from functions.

import { setTimeout as sleep } from "node:timers/promises";
import { createTestAuthority, RealServer } from "@myelin/testing";
import {
  ConnectError,
  connect,
  type NatsConnection,
  type Subscription,
  TlsMaterialError,
  type TlsOptions,
} from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { deadUrl, open } from "./opened.js";
import { openTap } from "./tap.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const MOST_PUBLISHES = 100_000;

const [before, after] = [await createTestAuthority("before"), await createTestAuthority("after")];
const node = { commonName: "node", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
const issued = {
  server: [await before.issue(node), await after.issue(node)],
  client: [
    await before.issue({ commonName: "one", client: true }),
    await after.issue({ commonName: "two", client: true }),
  ],
} as const;

async function files(...parts: Parameters<typeof tlsFiles>) {
  const made = await tlsFiles(...parts);
  onTestFinished(made.remove);
  return made;
}

/** Publishes numbers to `load.n` until stopped; answers how many. */
function load(nc: NatsConnection): () => Promise<number> {
  let [sent, going] = [0, true];
  const done = (async () => {
    while (going && sent < MOST_PUBLISHES) {
      for (let i = 0; i < 20; i++) nc.publish("load.n", String(sent++));
      await sleep(1);
    }
  })();
  return async () => {
    going = false;
    await done;
    return sent;
  };
}

forEachServer((binary) => {
  it.each(["a reload", "a restart"])(
    "P31: rotate CA and certificate under load, by %s of the server: no close, and every subscription lives",
    {
      timeout: BOUND,
    },
    async (how) => {
      const servers = await files(before, issued.server[0], ", verify_and_map: true");
      const config = `${servers.config}\nauthorization { users: [ { user: "CN=one" }, { user: "CN=two" } ] }`;
      const server = await RealServer.start({ binary, config });
      onTestFinished(() => server.stop());
      const own = await files(before, issued.client[0]);
      const nc = await open({ servers: server.url, tls: own.options, reconnectTimeWait: 20, reconnectJitterTLS: 0 });
      const seen = record(nc, "close", "disconnect", "reconnect", "error");
      const count = (type: string): number => seen.filter((status) => status.type === type).length;
      const identity = async (): Promise<unknown> => {
        const link = (await server.connz("auth=1")).connections.at(-1) as { authorized_user?: string } | undefined;
        return link?.authorized_user;
      };

      const numbers: number[] = [];
      const subs: Subscription[] = [
        nc.subscribe("load.n", { callback: (_, msg) => void numbers.push(Number(msg.string())) }),
        nc.subscribe("load.*", { callback: () => {} }),
        nc.subscribe("load.>", { queue: "workers", callback: () => {} }),
      ];
      for (let i = 0; i < 100; i++) subs.push(nc.subscribe(`own.${i}`, { callback: () => {} }));
      await nc.flush();
      const stop = load(nc);
      expect(await identity()).toBe("CN=one");

      // The new certificate is there, its key is not: what was good before is used, and it is told.
      await own.write({ cert: issued.client[1].certPem });
      let back = next(nc, "reconnect");
      await nc.reconnect();
      await back;
      expect(await identity()).toBe("CN=one");
      expect(seen.filter(({ type }) => type === "error")).toMatchObject([{ error: { code: "TLS_MATERIAL_UNUSABLE" } }]);

      await own.write({ ca: after.caPem, key: issued.client[1].keyPem });
      await servers.write({ ca: after.caPem, cert: issued.server[1].certPem, key: issued.server[1].keyPem });
      back = next(nc, "reconnect");
      if (how === "a restart") await server.restart();
      else {
        await server.reload();
        // Links that are up stay up; the next one is made with what is new.
        expect([nc.state, count("disconnect")]).toEqual(["connected", 1]);
        await nc.reconnect();
      }
      await back;
      expect(await identity()).toBe("CN=two");

      const sent = await stop();
      await nc.flush();
      const received = subs.map((sub) => sub.getReceived());
      for (const subject of ["load.n", ...Array.from({ length: 100 }, (_, i) => `own.${i}`)]) nc.publish(subject, "-1");
      await nc.flush();
      expect(subs.map((sub) => sub.getReceived())).toEqual(received.map((n) => n + 1));
      expect(numbers.pop()).toBe(-1);
      // At most once, and in order.
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(numbers.at(-1)).toBe(sent - 1);
      expect({ close: count("close"), reconnect: count("reconnect"), error: count("error") }).toEqual({
        close: 0,
        reconnect: 2,
        error: 1,
      });
      expect(nc.isClosed()).toBe(false);
    },
  );
});

describe("functions", () => {
  async function verifying(): Promise<RealServer> {
    const { config } = await files(before, issued.server[0], ", verify: true");
    const server = await RealServer.start({ config });
    onTestFinished(() => server.stop());
    return server;
  }
  const good: TlsOptions = { ca: before.caPem, cert: issued.client[0].certPem, key: issued.client[0].keyPem };

  it.each<[string, (ask: () => void) => TlsOptions | (() => Promise<TlsOptions>), string]>([
    [
      "tls",
      (ask) => async () => {
        ask();
        return good;
      },
      "tls",
    ],
    [
      "tls.key",
      (ask) => ({
        ...good,
        key: () => {
          ask();
          return issued.client[0].keyPem;
        },
      }),
      "tls.key",
    ],
  ])(
    "P31: %s is asked once for each dial; a throw fails that attempt only, and the waits between attempts go on",
    {
      timeout: BOUND,
    },
    async (_, make, source) => {
      const server = await verifying();
      let [asked, failing] = [0, false];
      const tls = make(() => {
        asked++;
        if (failing) throw new Error("the vault is sealed");
      });
      const nc = await open({ servers: server.url, tls, reconnectTimeWait: 20, reconnectJitterTLS: 0 });
      expect(asked).toBe(1);
      const seen = record(nc, "attemptFailed", "error", "close");
      failing = true;
      const back = next(nc, "reconnect");
      await nc.reconnect();
      await until("three attempts failed", () => seen.length >= 3);
      failing = false;
      await back;
      expect(asked).toBe(1 + seen.length + 1);
      for (const status of seen) {
        expect(status).toMatchObject({
          type: "attemptFailed",
          error: { code: "TLS_MATERIAL_UNUSABLE", phase: "tls", sources: [source] },
        });
      }
      await nc.flush();
    },
  );

  it("P31: one that fails from the start is the reason of the rejection, and ranks before a server that is down", {
    timeout: BOUND,
  }, async () => {
    const server = await verifying();
    const tls = (): never => {
      throw new Error("the vault is sealed");
    };
    const error = await rejectionOf(connect({ servers: [server.url, await deadUrl()], tls }), ConnectError);
    expect(error.code).toBe("TLS_MATERIAL_UNUSABLE");
    expect(error.cause).toBeInstanceOf(TlsMaterialError);
    expect(error.attempts.map(({ phase }) => phase)).toEqual(["tls", "tls"]);
  });

  it("P31: one that never answers is bounded by the attempt's timeout, and by close()", {
    timeout: BOUND,
  }, async () => {
    const tap = await openTap((await verifying()).port);
    const servers = `nats://127.0.0.1:${tap.port}`;
    const signals: AbortSignal[] = [];
    const tls = (signal: AbortSignal): Promise<TlsOptions> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const error = await rejectionOf(connect({ servers, tls, timeout: 100 }), ConnectError);
    expect(error.code).toBe("TIMEOUT");
    const nc = await open({ servers, tls, firstConnect: "background" });
    await until("it is asked", () => signals.length === 2);
    await nc.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(tap.links).toEqual([]);
  });
});
