import { createAccount, createUser, fromSeed, type KeyPair } from "@nats-io/nkeys";
import { describe, expect, it } from "vitest";
import { MemoryClient } from "../../test/memory-client.js";
import { type MemoryNetwork, memoryNetwork } from "../memory-network.js";
import { VirtualClock } from "../virtual-clock.js";
import { Broker } from "./broker.js";
import type { BrokerOptions, BrokerTraffic } from "./broker-options.js";

const CONNECT = 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\n';

interface World {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly broker: Broker;
  dial(text?: string): Promise<MemoryClient>;
}

function world(options: BrokerOptions = {}): World {
  const clock = new VirtualClock();
  const network = memoryNetwork({ clock });
  const broker = Broker.onMemory(network, { host: "a.test", port: 4222 }, options);
  return {
    clock,
    network,
    broker,
    async dial(text = CONNECT) {
      const client = await MemoryClient.dial(network, broker);
      client.send(text);
      await clock.settle();
      return client;
    },
  };
}

describe("Broker", () => {
  it("pings a silent client, and ends it when it stays silent", async () => {
    const { clock, dial, broker } = world({ pingInterval: 1_000, pingMax: 2 });
    const client = await dial();
    client.heard = "";
    await clock.advance(2_999);
    expect(client.heard).toBe("PING\r\nPING\r\n");
    await clock.advance(1);
    expect([client.heard, client.isClosed]).toEqual(["PING\r\nPING\r\n-ERR 'Stale Connection'\r\n", true]);
    expect(clock.pendingTimers).toBe(0);
    expect(broker.stats.connections).toBe(0);
  });

  it("pings nobody who has just been heard, and forgets the count at a PONG", async () => {
    const { clock, dial } = world({ pingInterval: 1_000, pingMax: 1 });
    const client = await dial();
    client.heard = "";
    await clock.advance(900);
    client.send("SUB a 1\r\n");
    await clock.advance(600);
    expect(client.heard).toBe("");
    for (let i = 0; i < 5; i++) {
      await clock.advance(1_000);
      client.send("PONG\r\n");
      await clock.settle();
    }
    expect(client.isClosed).toBe(false);
  });

  it("waits for credentials no longer than authTimeout", async () => {
    const { clock, dial } = world({ token: "t", authTimeout: 500 });
    const [silent, known] = [await dial(""), await dial('CONNECT {"auth_token":"t","verbose":false}\r\n')];
    await clock.advance(500);
    expect(silent.heard).toMatch(/-ERR 'Authentication Timeout'\r\n$/);
    expect([silent.isClosed, known.isClosed]).toEqual([true, false]);
  });

  it("cuts a client that reads too slowly, without a word", async () => {
    const { clock, broker, dial } = world({ maxPending: 10_000 });
    const slow = await dial(`${CONNECT}SUB a 1\r\n`);
    const other = await dial();
    slow.pause();
    slow.heard = "";
    for (let i = 0; i < 12; i++) other.send(`PUB a 1000\r\n${"x".repeat(1000)}\r\n`);
    await clock.settle();
    slow.resume();
    await clock.settle();
    expect([slow.heard, slow.isClosed, other.isClosed]).toEqual(["", true, false]);
    expect(broker.stats).toMatchObject({ slowConsumers: 1, connections: 1, subscriptions: 0 });
  });

  it("tells everybody who hears INFO when it is made to say something else", async () => {
    const { broker, clock, dial } = world();
    const [modern, ancient] = [await dial(), await dial('CONNECT {"verbose":false}\r\nPING\r\n')];
    broker.updateInfo({ connect_urls: ["b.test:4222"], max_payload: 9 });
    await clock.settle();
    expect(modern.info()).toMatchObject({ connect_urls: ["b.test:4222"], max_payload: 9, server_name: "broker-4222" });
    expect(ancient.info()).toMatchObject({ max_payload: 1_048_576 });
    expect((await dial()).info()).toMatchObject({ client_id: 3, max_payload: 9 });
    broker.updateInfo({ client_id: 77, nonce: "said to all" });
    await clock.settle();
    expect(modern.info()).toMatchObject({ client_id: 77, max_payload: 9, nonce: "said to all" });
  });

  it("a lame duck without clients is gone at once; one with clients keeps half a step between two of them", async () => {
    const { broker, clock, dial } = world({ lameDuckDuration: 2, lameDuckGracePeriod: 1 });
    const clients = await Promise.all([dial(), dial(), dial(), dial()]);
    const ended: number[] = [];
    broker.lameDuck();
    await clock.settle();
    for (const client of clients) expect(client.info()["ldm"]).toBe(true);
    for (let ms = 0; ms < 2_000 && broker.running; ms++) {
      await clock.advance(1);
      if (clients.filter(({ isClosed }) => isClosed).length > ended.length) ended.push(clock.now());
    }
    expect(ended[0]).toBe(1_000);
    const gaps = ended.slice(1).map((at, index) => at - (ended[index] ?? 0));
    expect(gaps).toHaveLength(3);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(125);
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(251);
    await clock.advance(1);
    expect(broker.running).toBe(false);
    await broker.restart();
    broker.lameDuck();
    expect(broker.running).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it("lets in the users of an account whose JWT is trusted, with the rights it gives, until it ends", async () => {
    const [account, stranger, user] = [createAccount(), createAccount(), createUser()];
    const { clock, network, broker } = world({ accounts: [account.getPublicKey()] });
    const now = clock.wallTime() / 1_000;
    const connect = async (issuer: KeyPair, exp: number, signer: KeyPair = user): Promise<MemoryClient> => {
      const client = await MemoryClient.dial(network, broker);
      await clock.settle();
      const nats = { type: "user", pub: { allow: ["out"] }, sub: { deny: ["secret"] } };
      const body = [
        { typ: "JWT", alg: "ed25519-nkey" },
        { iss: issuer.getPublicKey(), sub: user.getPublicKey(), exp, nats },
      ];
      const signed = body.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
      const jwt = `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString("base64url")}`;
      const nonce = Buffer.from(String(client.info()["nonce"]));
      const sig = Buffer.from(fromSeed(signer.getSeed()).sign(nonce)).toString("base64url");
      client.send(`CONNECT ${JSON.stringify({ verbose: false, jwt, sig })}\r\nPING\r\n`);
      await clock.settle();
      return client;
    };
    const good = await connect(account, now + 60);
    expect(good.heard).toMatch(/PONG\r\n$/);
    good.send("PUB in 0\r\n\r\nSUB secret 1\r\n");
    await clock.settle();
    expect(good.heard).toContain(`-ERR 'Permissions Violation for Publish to "in"'`);
    expect(good.heard).toContain(`-ERR 'Permissions Violation for Subscription to "secret"'`);
    const violation = /-ERR 'Authorization Violation'\r\n$/;
    expect((await connect(stranger, now + 60)).heard).toMatch(violation);
    expect((await connect(account, now + 60, createUser())).heard).toMatch(violation);
    expect((await connect(account, now - 1)).heard).toMatch(violation);
    await clock.advance(59_999);
    expect(good.isClosed).toBe(false);
    await clock.advance(1);
    expect(good.heard).toMatch(/-ERR 'User Authentication Expired'\r\n$/);
    await broker.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it("shows all its traffic to a tap, and the same again for the same seed", async () => {
    const play = async (): Promise<string[]> => {
      const log: string[] = [];
      const tap = ({ at, connection, direction, bytes }: BrokerTraffic): void =>
        void log.push(`${at} ${connection.id} ${direction} ${Buffer.from(bytes).toString("latin1")}`);
      const { clock, dial } = world({ tap, pingInterval: 300 });
      for (let i = 0; i < 3; i++) await dial(`${CONNECT}SUB a q 1\r\n`);
      const publisher = await dial();
      for (let i = 0; i < 20; i++) publisher.send("PUB a 0\r\n\r\n");
      await clock.advance(1_000);
      return log;
    };
    const first = await play();
    expect(first.length).toBeGreaterThan(40);
    expect(await play()).toEqual(first);
  });

  it("refuses settings that make no sense, and an address in use, before it listens", async () => {
    const { network } = world();
    const at = { host: "b.test", port: 4222 };
    expect(() => Broker.onMemory(network, at, { maxPayload: -1 })).toThrow("maxPayload");
    expect(() => Broker.onMemory(network, at, { users: [{ pass: "x" }] })).toThrow("users");
    expect(() => Broker.onMemory(network, at, { users: [{ nkey: "Unot" }] })).toThrow("nkey");
    expect(() => Broker.onMemory(network, { host: "a.test", port: 4222 })).toThrow("in use");
    await expect(Broker.listen({ pingMax: Number.NaN })).rejects.toThrow("pingMax");
  });
});
