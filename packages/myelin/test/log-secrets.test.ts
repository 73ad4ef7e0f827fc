// That no secret is in any line of a log, at any level, nor in what a connection remembers, nor on the errors that carry it; and that the
// packages print nothing by themselves.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  credsFileAuthenticator,
  type Dial,
  httpConnect,
  jwtAuthenticator,
  type LogEntry,
  logTo,
  type NatsConnection,
  NatsError,
  nkeyAuthenticator,
  nkeys,
  socks5,
  tcpTransport,
  tokenAuthenticator,
  webSocketTransport,
} from "myelin";
import { expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { httpProxy, socksProxy, type TestProxy } from "../../transport-node/test/proxies.js";
import { Witness } from "./canaries.js";
import { everyChannel, until } from "./conditions.js";
import { webSocketGateway } from "./gateway.js";
import { deadUrl, fake } from "./opened.js";

const NONCE = "nonce-to-sign";
const JWT = "eyJjYW5hcnki.Y2FuYXJ5Lmp3dC5jYW5hcnk.c2lnbmVkLmNhbmFyeQ";
const user = nkeys.createUser();
const seed = new TextDecoder().decode(user.getSeed());
const sig = Buffer.from(user.sign(new TextEncoder().encode(NONCE))).toString("base64url");
const creds = `-----BEGIN NATS USER JWT-----\n${JWT}\n------END NATS USER JWT------\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;

const CANARIES = [
  "canary-password",
  "canary-token",
  "canary-in-url",
  encodeURIComponent("canary/in/url"),
  "canary/in/url",
  "canary-header",
  "canary-query",
  "canary-proxy",
  Buffer.from("ann:canary-proxy").toString("base64"),
  seed,
  seed.slice(4, 24),
  JWT,
  JWT.split(".")[1] ?? "",
  sig,
];

/** Everything that one connection logs, remembers and fails with, shown to the witness. */
async function watch(
  witness: Witness,
  options: ConnectionOptions,
  live: (nc: NatsConnection) => Promise<unknown>,
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  const log = logTo((entry) => void entries.push(entry), { level: "trace" });
  const see = (error: unknown): void => {
    witness.see(error);
    if (error instanceof NatsError) witness.see(error.history?.join("\n"));
  };
  try {
    const nc = await connect({ reconnectTimeWait: 5, maxReconnectAttempts: 3, noRandomize: true, log, ...options });
    onTestFinished(() => nc.close());
    nc.subscribe("a.b");
    await nc.request("nobody", "", { timeout: 50 }).catch(see);
    await live(nc);
    see(await nc.closed());
    witness.see(nc.history());
    witness.see(nc.history().join("\n"));
  } catch (error) {
    see(error);
  }
  for (const entry of entries) {
    witness.see(entry);
    witness.see(JSON.stringify(entry));
    see(entry.error);
  }
  return entries;
}

it("P53: the witness finds a secret in a line of a log, in a history, and on an error", () => {
  for (const secret of [
    { text: `token ${CANARIES[1]}` },
    [{ text: `> CONNECT ${seed}` }],
    Object.defineProperty(new Error("x"), "history", { value: [{ text: JWT }], enumerable: false }),
  ]) {
    const witness = new Witness();
    witness.see(secret);
    expect(() => witness.expectNone(CANARIES)).toThrow();
  }
});

it("P53: no password, token, seed, JWT, signature or credential of a URL is in a log at any level, a history or an error", {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "creds-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "user.creds");
  await writeFile(path, creds);
  const ways: Readonly<Record<string, readonly [ConnectionOptions, sent: string]>> = {
    "user and password": [{ user: "ann", pass: "canary-password" }, "user, pass"],
    "a token": [{ token: "canary-token" }, "token"],
    "a token of a function": [{ authenticator: tokenAuthenticator(async () => "canary-token") }, "token"],
    "an nkey": [{ authenticator: nkeyAuthenticator(seed) }, "nkey, sig"],
    "a JWT": [{ authenticator: jwtAuthenticator(JWT, seed) }, "jwt, sig"],
    creds: [{ authenticator: credsAuthenticator(creds) }, "jwt, sig"],
    "a creds file": [{ authenticator: credsFileAuthenticator(path) }, "jwt, sig"],
    "a URL": [{}, "user, pass"],
  };
  const witness = new Witness();
  const dead = (await deadUrl()).replace("nats://", "nats://bob:canary-in-url@");
  for (const [name, [options, sent]] of Object.entries(ways)) {
    for (const refuse of [false, true]) {
      const server = await fake({
        info: { nonce: NONCE },
        onConnect: (connection) => {
          if (!refuse) return undefined;
          connection.err("Authorization Violation");
          connection.end();
          return "skip";
        },
      });
      const own = server.url.replace("nats://", `nats://bob:${encodeURIComponent("canary/in/url")}@`);
      const entries = await watch(witness, { servers: [dead, own], ...options }, async () => {
        server.connections.at(-1)?.reset();
        await server.stop();
      });
      const texts = entries.map(({ text }) => text);
      expect(texts, name).toContainEqual(expect.stringMatching(/^> CONNECT with /));
      expect(
        texts.find((text) => text.startsWith("> CONNECT")),
        name,
      ).toContain(`with ${sent}`);
      expect(new Set(entries.map(({ level }) => level)).size, name).toBeGreaterThanOrEqual(4);
    }
  }
  expect(witness.texts).toBeGreaterThan(300);
  witness.expectNone(CANARIES);
});

// As the agents for proxies do it, as far as a secret is concerned: it is kept, and sent, by the agent.
class ProxyAgent extends Agent {
  readonly proxy: URL = new URL("http://ann:canary-proxy@proxy.invalid:3128");
  readonly proxyHeaders: Readonly<Record<string, string>> = {
    "proxy-authorization": `Basic ${Buffer.from("ann:canary-proxy").toString("base64")}`,
  };
}

it("P53: no header of a WebSocket dial and no password of a proxy is in a log at any level, a history or an error", {
  timeout: 30_000,
}, async () => {
  const witness = new Witness();
  const gateway = await webSocketGateway(await fake());
  const headers = { authorization: "Bearer canary-header" };
  const transports = [webSocketTransport({ webSocket: WebSocket, headers, agent: new ProxyAgent() })];
  const servers = `ws://bob:canary-in-url@127.0.0.1:${gateway.port}`;
  const entries = await watch(witness, { servers, transports }, () => gateway.kill());
  expect(gateway.requests[0]?.headers["authorization"]).toBe("Bearer canary-header");
  expect(entries.map(({ level }) => level)).toEqual(
    expect.arrayContaining(["trace", "debug", "info", "warn", "error"]),
  );
  // Nobody is there any more.
  expect((await watch(witness, { servers, transports }, async () => {})).at(-1)?.level).toBe("error");
  witness.expectNone(CANARIES);
});

it("P53: a token in the query of a WebSocket URL is sent, and is in no name of its server, whoever asks for it", {
  timeout: 30_000,
}, async () => {
  const witness = new Witness();
  const see = (value: unknown): void => witness.see(value);
  for (const channel of everyChannel) {
    subscribe(channel, see);
    onTestFinished(() => void unsubscribe(channel, see));
  }
  const gateway = await webSocketGateway(await fake());
  const query = "/nats?access_token=canary-query&canary-query";
  const servers = ["127.0.0.1", "localhost"].map((host) => `ws://${host}:${gateway.port}${query}`);
  const asked: unknown[] = [];
  const options: ConnectionOptions = {
    servers,
    authenticator: tokenAuthenticator(({ server }) => {
      asked.push(server);
      return "canary-token";
    }),
    reconnectToServer: (known, info) => void see([known, info]),
  };
  const entries = await watch(witness, options, async (nc) => {
    expect(nc.getServer()).toBe(`127.0.0.1:${gateway.port}/nats?access_token=***&***`);
    for (const value of [nc, nc.getServer(), nc.getServers(), nc.info, JSON.stringify(nc.getServers())]) see(value);
    for (const type of ["disconnect", "reconnecting", "attemptFailed", "close", "error"] as const) nc.on(type, see);
    await gateway.kill();
  });
  expect(gateway.requests[0]?.url).toBe(query);
  expect(asked[0]).toBe(`ws://127.0.0.1:${gateway.port}/nats?access_token=***&***`);
  see(asked);
  expect(entries.map(({ level }) => level)).toEqual(
    expect.arrayContaining(["trace", "debug", "info", "warn", "error"]),
  );
  // Nobody is there any more; and what cannot be read is not shown either.
  await watch(witness, options, async () => {});
  for (const wrong of [`ws://127.0.0.1:0${query}`, `http://127.0.0.1${query}`, `nats://127.0.0.1${query}`]) {
    see(await connect({ servers: wrong }).catch((error: unknown) => error));
    await expect(connect({ servers: wrong })).rejects.toThrow("access_token=***");
  }
  witness.expectNone(CANARIES);
});

it("P53: no password and no header of a proxy for TCP is either, whether it lets us through or refuses", {
  timeout: 30_000,
}, async () => {
  const witness = new Witness();
  const http = await httpProxy();
  const socks = await socksProxy({ credentials: "ann:canary-proxy" });
  const strict = await socksProxy({ credentials: "ann:another" });
  const refusing = await httpProxy({ answer: (client) => client.end("HTTP/1.1 407 Canary\r\n\r\n") });
  for (const proxy of [http, socks, strict, refusing]) onTestFinished(() => proxy.stop());
  const byHttp = (proxy: TestProxy): Dial =>
    httpConnect({ proxy: `http://ann:canary-proxy@${proxy.address}`, headers: { "x-key": "canary-header" } });
  const bySocks = (proxy: TestProxy): Dial =>
    socks5({ proxy: proxy.address, username: "ann", password: "canary-proxy" });
  for (const [dial, passes] of [
    [byHttp(http), true],
    [bySocks(socks), true],
    [byHttp(refusing), false],
    [bySocks(strict), false],
  ] as const) {
    const server = await fake();
    const options = { servers: server.url, transports: [tcpTransport({ dial })] };
    const entries = await watch(witness, options, () => server.stop());
    const texts = entries.map(({ text }) => text).join("\n");
    expect(texts.includes("> CONNECT without credentials"), texts).toBe(passes);
    expect(texts).toContain("closed for good");
  }
  witness.expectNone(CANARIES);
});

it("P53: with no log asked for nothing is printed, whatever happens", { timeout: 30_000 }, async () => {
  const printed: unknown[] = [];
  const hear = (text: unknown): boolean => printed.push(text) > 0;
  const streams = [process.stdout, process.stderr].map((stream) => [stream, stream.write] as const);
  for (const [stream] of streams) stream.write = hear;
  // The runner has a console of its own, which does not write there.
  for (const name of ["debug", "error", "info", "log", "trace", "warn"] as const) {
    const spy = vi.spyOn(console, name).mockImplementation(hear);
    onTestFinished(() => void spy.mockRestore());
  }
  try {
    const server = await fake();
    const nc = await connect({
      servers: [await deadUrl(), server.url],
      maxReconnectAttempts: 2,
      reconnectTimeWait: 5,
      debug: true,
    });
    nc.subscribe("s", {
      callback: () => {
        throw new Error("mine");
      },
    });
    nc.publish("s");
    await nc.flush();
    server.connections.at(-1)?.reset();
    await server.stop();
    await until("it has given up", () => nc.isClosed());
    await nc.closed();
  } finally {
    for (const [stream, write] of streams) stream.write = write;
  }
  expect(printed).toEqual([]);
});

it("P53: no package names the console outside comments, and the lint forbids it", () => {
  const root = join(import.meta.dirname, "../../..");
  const sources = readdirSync(join(root, "packages")).flatMap((name) => {
    const folder = join(root, "packages", name, "src");
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => join(folder, file));
  });
  expect(sources.length).toBeGreaterThan(100);
  const code = (file: string): string => readFileSync(file, "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
  expect(sources.filter((file) => /\bconsole\b/.test(code(file)))).toEqual([]);
  const { overrides } = JSON.parse(readFileSync(join(root, ".oxlintrc.json"), "utf8")) as {
    overrides: { files: string[]; rules: Record<string, unknown> }[];
  };
  const rules = overrides.filter(({ files }) => files.includes("packages/*/src/**/*.ts")).map((one) => one.rules);
  expect(rules.map((one) => one["no-console"])).toEqual(["error"]);
});
