// What real servers do that a fake might only pretend: exact deliveries to queue groups, farewells, limits, verbose mode, header
// values byte for byte, and the last bytes before a close.

import { createTestAuthority, RealCluster, RealServer } from "@myelin/testing";
import { ConnectError, connect, headers, type NatsConnection, type Subscription } from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { next, record, rejectionOf, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { deadUrl, open } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 30_000;
const QUICK = { reconnectJitter: 0, reconnectTimeWait: 20 };

function texts(sub: Subscription): string[] {
  const found: string[] = [];
  sub.callback = (_, msg) => found.push(msg.string());
  return found;
}

forEachServer((binary) => {
  async function serve(config = ""): Promise<RealServer> {
    const server = await RealServer.start({ binary, config });
    onTestFinished(() => server.stop());
    return server;
  }

  it("RECV-QUEUE-1: of 100 messages each goes to exactly one of two members, both have some, and a plain subscriber has all", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    const [one, two, three] = [
      await open({ servers: server.url }),
      await open({ servers: server.url }),
      await open({ servers: server.url }),
    ] as const;
    const members = [one, two].map((nc) => texts(nc.subscribe("jobs", { queue: "workers" })));
    const [plain, other] = [texts(three.subscribe("jobs")), texts(three.subscribe("jobs", { queue: "others" }))];
    for (const nc of [one, two, three]) await nc.flush();
    const sent = Array.from({ length: 100 }, (_, i) => String(i));
    for (const text of sent) three.publish("jobs", text);
    for (const nc of [three, one, two]) await nc.flush();
    await until("all are delivered", () => members.flat().length >= 100);
    expect(members.flat().sort()).toEqual([...sent].sort());
    for (const member of members) expect(member.length).toBeGreaterThan(10);
    expect([plain, other]).toEqual([sent, sent]);
    const { connections } = await server.connz("subs=detail");
    const details = connections.flatMap((one) => one["subscriptions_list_detail"] as { qgroup?: string }[]);
    expect(details.map(({ qgroup }) => qgroup ?? "").sort()).toEqual(["", "others", "workers", "workers"]);
  });

  it("RECV-QUEUE-2: in a cluster every member of every group has its chance, and nobody gets a message twice", {
    timeout: BOUND,
  }, async () => {
    const cluster = await RealCluster.start({ size: 3, binary });
    onTestFinished(() => cluster.stop());
    const nodes = await Promise.all(
      cluster.servers.map(({ url }) => open({ servers: url, ignoreClusterUpdates: true })),
    );
    const groups = ["blue", "green"].map((queue) => nodes.map((nc) => texts(nc.subscribe("work", { queue }))));
    const plain = nodes.map((nc) => texts(nc.subscribe("work")));
    const [publisher] = nodes as [NatsConnection];
    for (const nc of nodes) await nc.flush();
    // Interest of other nodes travels after their own flush: until all have been seen at work, nothing is counted.
    await until("interest has crossed the cluster", async () => {
      publisher.publish("work", "warm-up");
      await publisher.flush();
      return [...groups.flat(), ...plain].every((one) => one.length > 0);
    });
    const sent = Array.from({ length: 300 }, (_, i) => String(i));
    for (const text of sent) publisher.publish("work", text);
    const counted = (all: string[]): string[] => all.filter((text) => text !== "warm-up");
    await until("all are delivered", () => plain.every((one) => counted(one).length >= sent.length));
    await until("also to the groups", () => groups.every((group) => counted(group.flat()).length >= sent.length));
    for (const one of plain) expect(counted(one)).toEqual(sent);
    for (const group of groups) expect(counted(group.flat()).sort()).toEqual([...sent].sort());
  });

  it("RECONN-1, RECONN-2: a server that is told to stop says no farewell: a disconnect, then a reconnect with all subscriptions", {
    timeout: BOUND,
  }, async () => {
    const [a, b] = [await serve(), await serve()];
    const nc = await open({ servers: [a.url, b.url], noRandomize: true, ...QUICK });
    const got = [texts(nc.subscribe("x")), texts(nc.subscribe("y.*", { queue: "q" }))];
    await nc.flush();
    const seen = record(nc, "error", "disconnect", "reconnect", "close");
    const back = next(nc, "reconnect");
    process.kill(a.pid, "SIGTERM");
    expect((await back).server).toBe(nc.getServer());
    expect(seen.map(({ type }) => type)).toEqual(["disconnect", "reconnect"]);
    nc.publish("x", "1");
    nc.publish("y.z", "2");
    await nc.flush();
    expect(got).toEqual([["1"], ["2"]]);
  });

  it("PROTO-40: more subscriptions than allowed are an error event, and the connection and the others live on", {
    timeout: BOUND,
  }, async () => {
    const server = await serve("max_subscriptions: 2");
    const nc = await open({ servers: server.url });
    const errors = record(nc, "error", "disconnect");
    const subs = ["a", "b", "c"].map((subject) => texts(nc.subscribe(subject)));
    await nc.flush();
    expect(errors).toMatchObject([
      { type: "error", error: { text: expect.stringMatching(/maximum subscriptions exceeded/i) as string } },
    ]);
    for (const subject of ["a", "b", "c"]) nc.publish(subject, subject);
    await nc.flush();
    expect(subs).toEqual([["a"], ["b"], []]);
    expect(nc.state).toBe("connected");
  });

  it("CONN-MISC-5: a verbose server's +OK never surfaces, and every flush meets its own PONG", {
    timeout: BOUND,
  }, async () => {
    const server = await serve();
    const nc = await open({ servers: server.url, verbose: true });
    const seen = record(nc, "error", "disconnect");
    const got = texts(nc.subscribe("x"));
    for (let i = 0; i < 200; i++) {
      nc.publish("x", String(i));
      const extra = nc.subscribe(`other.${i}`);
      await nc.flush();
      expect(got).toHaveLength(i + 1);
      extra.unsubscribe();
    }
    nc.subscribe("q", { callback: (_, msg) => void msg.respond("a") });
    expect((await nc.request("q")).string()).toBe("a");
    expect([seen, nc.stats().inMsgs]).toEqual([[], 202]);
  });

  it("header values arrive byte for byte, with NUL, controls and other scripts", { timeout: BOUND }, async () => {
    const server = await serve();
    const nc = await open({ servers: server.url });
    const values = ["a\0b", "Zürich", "東京", "🙂", "tab\tin", "\x01\x7f", "x: y, z", ""];
    const got: string[][] = [];
    nc.subscribe("x", { callback: (_, msg) => void got.push(msg.headers?.values("Key") ?? []) });
    const some = headers();
    for (const value of values) some.append("Key", value);
    nc.publish("x", "payload", { headers: some });
    await nc.flush();
    expect(got).toEqual([values]);
  });

  it("what was published just before close() is delivered, all of it", { timeout: BOUND }, async () => {
    const server = await serve();
    const watching = await open({ servers: server.url });
    const got = texts(watching.subscribe("last.words"));
    await watching.flush();
    for (let round = 1; round <= 5; round++) {
      const nc = await connect({ servers: server.url });
      for (let i = 0; i < 200; i++) nc.publish("last.words", String(i));
      await nc.close();
      await until("all have come", () => got.length === round * 200);
    }
  });

  it("CONN-1, CONN-3: nats:// and no scheme at all follow the server, plain or TLS; tls:// is TLS or nothing", {
    timeout: BOUND,
  }, async () => {
    const authority = await createTestAuthority();
    const certificate = await authority.issue({ commonName: "node", ipAddresses: ["127.0.0.1"] });
    const files = await tlsFiles(authority, certificate);
    onTestFinished(files.remove);
    const [plain, secure] = [await serve(), await serve(files.config)];
    // Trusts the authority as a runtime would, so that `tls` can be left out.
    const trusting = recordingTransport({ redirect: (target) => ({ ...target, tls: { ca: authority.caPem } }) });
    const encrypted = async (servers: string): Promise<boolean> => {
      const nc = await connect({ servers, transports: [trusting] });
      const server = servers.includes(String(secure.port)) ? secure : plain;
      await nc.flush();
      const [seen] = (await server.connz()).connections;
      await nc.close();
      await until("it is gone", async () => (await server.connz()).num_connections === 0);
      return (seen as { tls_version?: string } | undefined)?.tls_version !== undefined;
    };
    for (const [server, isEncrypted] of [
      [plain, false],
      [secure, true],
    ] as const) {
      expect(await encrypted(`nats://127.0.0.1:${server.port}`)).toBe(isEncrypted);
      expect(await encrypted(`127.0.0.1:${server.port}`)).toBe(isEncrypted);
    }
    expect(await encrypted(`tls://127.0.0.1:${secure.port}`)).toBe(true);
    const refused = await rejectionOf(
      connect({ servers: `tls://127.0.0.1:${plain.port}`, transports: [trusting] }),
      ConnectError,
    );
    expect(refused.attempts[0]?.phase).toBe("tls");
    // No CONNECT reached it: whoever was refused there was never known to it.
    const { connections } = await plain.connz("state=closed");
    expect(connections.filter(({ lang }) => lang === "typescript")).toHaveLength(2);
  });
});

describe("the default server", () => {
  it("CONN-DEFAULT-1, CONN-DEFAULT-2: is 127.0.0.1:4222, and with nobody there the promise rejects, for then, catch and finally alike", async () => {
    const { port } = new URL((await deadUrl()).replace("nats:", "http:"));
    const transport = recordingTransport({ redirect: (target) => ({ ...target, port: Number(port) }) });
    const path: string[] = [];
    await connect({ transports: [transport] })
      .then(() => path.push("then"))
      .catch((error: ConnectError) => path.push(`catch ${error.code}`))
      .finally(() => path.push("finally"));
    expect(path).toEqual(["catch CONNECTION_REFUSED", "finally"]);
    expect(transport.dials.map(({ url }) => url)).toEqual(["nats://127.0.0.1:4222"]);
  });
});
