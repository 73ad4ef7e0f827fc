// "Documented failure behaviour": connect() rejects with one error that names every attempt, and leaves nothing behind;
// a connection that gives up later closes with one. SEED-41 … SEED-46, decision D1.

import { getEventListeners } from "node:events";
import {
  createTestAuthority,
  type FakeScript,
  FakeServer,
  RealCluster,
  RealServer,
  reservePorts,
} from "@myelin/testing";
import {
  AuthorizationError,
  ClosedConnectionError,
  ConnectError,
  type ConnectionOptions,
  connect,
  InvalidArgumentError,
  isNatsError,
  TimeoutError,
  TransportError,
} from "myelin";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { openBlackHole } from "../../transport-node/test/black-hole.js";
import { next, record, rejectionOf, until, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { addressOf, blackHoleUrl, deadUrl, fake, open } from "./opened.js";
import { recordingTransport } from "./recording-transport.js";
import { runScript } from "./run-script.js";
import { tlsFiles } from "./tls-files.js";

const BOUND = 30_000;
const TIMEOUT = 200;

const refusingUs: FakeScript = {
  onConnect: (connection) => {
    connection.err("Authorization Violation");
    connection.end();
    return "skip";
  },
};
const silent: FakeScript = { info: () => undefined };
// Says that TLS is next and then reads nothing.
const stallsInTls: FakeScript = { info: { tls_required: true }, onAccept: (connection) => connection.pause() };

describe("connect() rejects", () => {
  it("SEED-41: with a typed error, and never resolves with a dead connection", async () => {
    const error = await rejectionOf(connect({ servers: await deadUrl() }), ConnectError);
    expect(isNatsError(error)).toBe(true);
    expect(error.name).toBe("ConnectError");
  });

  it("SEED-41: also when the server goes between its last word and our first", async () => {
    const server = await fake({
      onPing: (c) => {
        c.pong();
        c.reset();
        return "silence";
      },
    });
    // Either the PONG was seen, and then the loss is reported; or it was not, and then it rejects.
    const seen = await connect({ servers: server.url, reconnect: false }).then(
      (nc) => within("the loss is told", nc.closed()),
      (error: unknown) => error,
    );
    expect(seen).toBeInstanceOf(Error);
  });

  it("SEED-42, D1: all refused: each server was tried once, is named, and keeps its cause", async () => {
    const servers = [await deadUrl(), await deadUrl(), await deadUrl()];
    const transport = recordingTransport();
    const error = await rejectionOf(connect({ servers, transports: [transport] }), ConnectError);
    expect(error.code).toBe("CONNECTION_REFUSED");
    expect(transport.dials.map(({ url }) => url).sort()).toEqual([...servers].sort());
    expect(error.attempts.map(({ server }) => server)).toEqual(transport.dials.map(({ url }) => url));
    for (const url of servers) expect(error.message).toContain(url);
    for (const attempt of error.attempts) {
      expect(attempt).toMatchObject({ phase: "tcp", address: attempt.server.slice("nats://".length) });
      expect(attempt.ms).toBeGreaterThanOrEqual(0);
      expect(attempt.error).toBeInstanceOf(TransportError);
      expect(attempt.error.cause).toMatchObject({ code: "ECONNREFUSED" });
    }
    expect(error.cause).toBe(error.attempts.at(-1)?.error);
  });

  it("SEED-42, D1: a server that fails fast is not tried again while a slow one is still timing out", async () => {
    const servers = [await deadUrl(), (await fake(silent)).url, await deadUrl()];
    const options = { servers, noRandomize: true, timeout: TIMEOUT, reconnectTimeWait: 1 };
    const error = await rejectionOf(connect(options), ConnectError);
    expect(error.attempts.map(({ server }) => server)).toEqual(servers);
  });

  it.each<[phase: string, code: string, make: () => Promise<ConnectionOptions>]>([
    ["dns", "DNS_FAILED", async () => ({ servers: "nats://nobody.invalid:4222" })],
    ["tcp", "CONNECTION_REFUSED", async () => ({ servers: await deadUrl() })],
    ["tcp", "TIMEOUT", async () => ({ servers: await blackHoleUrl() })],
    ["info", "TIMEOUT", async () => ({ servers: (await fake(silent)).url })],
    ["info", "CONNECTION_ERROR", async () => ({ servers: (await fake({ ...silent, onAccept: (c) => c.end() })).url })],
    ["tls", "TIMEOUT", async () => ({ servers: (await fake(stallsInTls)).url })],
    ["tls", "TLS_MISMATCH", async () => ({ servers: (await fake()).url.replace("nats:", "tls:") })],
    ["tls", "TLS_MISMATCH", async () => ({ servers: (await fake({ info: { tls_required: true } })).url, tls: null })],
    ["auth", "AUTHORIZATION_VIOLATION", async () => ({ servers: (await fake(refusingUs)).url })],
    [
      "auth",
      "CALLBACK_FAILED",
      async () => ({
        servers: (await fake()).url,
        authenticator: () => {
          throw new Error("no key");
        },
      }),
    ],
    [
      "auth",
      "TIMEOUT",
      async () => ({ servers: (await fake()).url, authenticator: () => new Promise<void>(() => {}) }),
    ],
    ["ping", "TIMEOUT", async () => ({ servers: (await fake({ onPing: () => "silence" })).url })],
  ])("D1: phase %s and code %s tell how far the attempt had come and why it failed", async (phase, code, make) => {
    const error = await rejectionOf(connect({ timeout: TIMEOUT, ...(await make()) }), ConnectError);
    expect([error.attempts[0]?.phase, error.code]).toEqual([phase, code]);
    expect(error.attempts).toHaveLength(1);
    expect(error.message).toContain(error.attempts[0]?.server);
    if (code === "TIMEOUT") {
      expect(error.cause).toBeInstanceOf(TimeoutError);
      expect(error.attempts[0]?.ms).toBeGreaterThanOrEqual(TIMEOUT - 5);
    }
  });

  it("SEED-43: all timed out is a time-out, all rejected is an authorization error", async () => {
    const slow = [(await fake(silent)).url, (await fake(silent)).url];
    const late = await rejectionOf(connect({ servers: slow, timeout: TIMEOUT }), ConnectError);
    expect([late.code, late.cause instanceof TimeoutError, late.attempts.length]).toEqual(["TIMEOUT", true, 2]);
    const closed = [(await fake(refusingUs)).url, (await fake(refusingUs)).url];
    const denied = await rejectionOf(connect({ servers: closed }), ConnectError);
    expect([denied.code, denied.cause instanceof AuthorizationError, denied.attempts.length]).toEqual([
      "AUTHORIZATION_VIOLATION",
      true,
      2,
    ]);
  });

  it("SEED-43, D1: of mixed failures the most specific is the main one, wherever it stands; the others are reachable", async () => {
    const dead = await deadUrl();
    const slow = (await fake(silent)).url;
    const garbage = (await fake({ ...silent, onAccept: (c) => c.send("SSH-2.0-OpenSSH\r\n") })).url;
    const denied = (await fake(refusingUs)).url;
    const noTls = (await fake()).url.replace("nats:", "tls:");
    const mainOf = async (...servers: string[]): Promise<string> => {
      const error = await rejectionOf(connect({ servers, noRandomize: true, timeout: TIMEOUT }), ConnectError);
      expect(error.attempts.map(({ server }) => server)).toEqual(servers);
      const main = error.attempts.find((attempt) => attempt.error === error.cause);
      expect(error.message).toContain(main?.error.message);
      for (const server of servers) expect(error.message).toContain(server);
      return main?.server ?? "none";
    };
    expect(await mainOf(slow, dead)).toBe(slow);
    expect(await mainOf(garbage, slow, dead)).toBe(garbage);
    expect(await mainOf(dead, noTls, garbage)).toBe(noTls);
    expect(await mainOf(denied, noTls, slow, dead)).toBe(denied);
    expect(await mainOf(dead, slow, denied)).toBe(denied);
  });

  it("D1, D18: no message, attempt or inspection of the error shows a credential", async () => {
    const { inspect } = await import("node:util");
    const secret = "hunter2-secret";
    const servers = [
      `nats://user:${secret}@${addressOf(await fake(refusingUs))}`,
      (await deadUrl()).replace("//", `//${secret}@`),
    ];
    const error = await rejectionOf(connect({ servers }), ConnectError);
    expect(`${error.message} ${error.stack} ${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`).not.toContain(
      secret,
    );
  });
});

// Side by side, because most of the time goes into starting programs; so nothing here belongs to one test alone.
describe.concurrent("a program whose connect() was rejected ends by itself", () => {
  const servers: { stop(): Promise<void> }[] = [];
  const urlOf = async (script: FakeScript): Promise<string> => {
    const server = await FakeServer.listen(script);
    servers.push(server);
    return server.url;
  };
  const urls = { dead: "", hole: "", silent: "", stalling: "", refusing: "" };
  beforeAll(async () => {
    const hole = await openBlackHole();
    const { ports, release } = await reservePorts(1);
    servers.push(hole, { stop: async () => release() });
    urls.dead = `nats://127.0.0.1:${ports[0]}`;
    urls.hole = `nats://127.0.0.1:${hole.port}`;
    urls.silent = await urlOf(silent);
    urls.stalling = await urlOf(stallsInTls);
    urls.refusing = await urlOf(refusingUs);
  }, BOUND);
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  const waits = { firstConnect: "retry", reconnectTimeWait: 60_000 };
  it.each<[string, string | undefined, () => Record<string, unknown>]>([
    ["a refusal", "CONNECTION_REFUSED", () => ({ servers: urls.dead })],
    ["a black hole", "TIMEOUT", () => ({ servers: urls.hole, timeout: TIMEOUT })],
    ["a silent accept", "TIMEOUT", () => ({ servers: urls.silent, timeout: TIMEOUT })],
    ["a TLS stall", "TIMEOUT", () => ({ servers: urls.stalling, timeout: TIMEOUT })],
    ["an authorization failure", "AUTHORIZATION_VIOLATION", () => ({ servers: urls.refusing })],
    ["a name nobody knows", "DNS_FAILED", () => ({ servers: "nobody.invalid" })],
    ["bad input", "INVALID_ARGUMENT", () => ({ servers: [] })],
    ["an abort in a dial", undefined, () => ({ servers: urls.hole, abortAfter: TIMEOUT })],
    ["an abort in a handshake", undefined, () => ({ servers: urls.stalling, abortAfter: TIMEOUT })],
    ["an abort in a wait", undefined, () => ({ servers: urls.dead, ...waits, abortAfter: TIMEOUT })],
    ["a deadline in a dial", "TIMEOUT", () => ({ servers: urls.hole, deadline: TIMEOUT })],
    ["a deadline in a handshake", "TIMEOUT", () => ({ servers: urls.silent, deadline: TIMEOUT })],
    ["a deadline in a wait", "CONNECTION_REFUSED", () => ({ servers: urls.dead, ...waits, deadline: TIMEOUT })],
  ])("SEED-44: after %s, within a second, with exit code 0", { timeout: BOUND }, async (_what, code, make) => {
    const { said, lingered, exitCode, stderr } = await runScript("connect-and-end", make());
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    // AbortSignal.timeout's own reason is a DOMException of this name and an old numeric code.
    expect(said).toMatchObject({
      connected: false,
      ...(code === undefined ? { name: "TimeoutError", code: 23 } : { code }),
    });
    expect(lingered).toBeLessThan(1_000);
  });
});

forEachServer((binary) => {
  it("SEED-43: real servers that reject us: wrong password, unknown certificate", { timeout: BOUND }, async () => {
    const authority = await createTestAuthority();
    const files = await tlsFiles(authority, await authority.issue({ commonName: "node", dnsNames: ["localhost"] }));
    onTestFinished(files.remove);
    const locked = await RealServer.start({ binary, config: "authorization { user: u, password: p }" });
    onTestFinished(() => locked.stop());
    const secure = await RealServer.start({ binary, config: files.config });
    onTestFinished(() => secure.stop());
    const servers = [locked.url, secure.url.replace("127.0.0.1", "localhost"), await deadUrl()];
    const error = await rejectionOf(connect({ servers, noRandomize: true, user: "u", pass: "wrong" }), ConnectError);
    expect(error.attempts.map((one) => [one.phase, (one.error as { code?: string }).code])).toEqual([
      ["auth", "AUTHORIZATION_VIOLATION"],
      ["tls", "TLS_CERTIFICATE_REJECTED"],
      ["tcp", "CONNECTION_REFUSED"],
    ]);
    expect(error.code).toBe("AUTHORIZATION_VIOLATION");
    const second = await rejectionOf(connect({ servers: servers.slice(1) }), ConnectError);
    expect(second.code).toBe("TLS_CERTIFICATE_REJECTED");
  });

  it("SEED-45: waitOnFirstConnect keeps trying until a server comes up; maxReconnectAttempts does not apply before", {
    timeout: BOUND,
  }, async () => {
    const { ports, release } = await reservePorts(1);
    onTestFinished(release);
    const transport = recordingTransport();
    const pending = connect({
      servers: `127.0.0.1:${ports[0]}`,
      waitOnFirstConnect: true,
      maxReconnectAttempts: 1,
      reconnectTimeWait: 20,
      reconnectJitter: 0,
      transports: [transport],
    });
    await until("several rounds were tried in vain", () => transport.dials.length > 4);
    const server = await RealServer.start({ binary, port: ports[0] ?? 0 });
    onTestFinished(() => server.stop());
    const nc = await within("it connects", pending);
    onTestFinished(() => nc.close());
    await nc.flush();
    expect(nc.getServer()).toBe(addressOf(server));
    // From now on it does apply.
    await server.kill();
    expect(await within("it gives up", nc.closed())).toBeInstanceOf(ConnectError);
  });

  it("ADR40-21, SEED-46: when all servers are lost and the attempts used up, the connection closes with an observable error", {
    timeout: BOUND,
  }, async () => {
    const cluster = await RealCluster.start({ binary, size: 2 });
    onTestFinished(() => cluster.stop());
    const nc = await open({
      servers: cluster.urls,
      noRandomize: true,
      maxReconnectAttempts: 2,
      reconnectTimeWait: 20,
      reconnectJitter: 0,
    });
    const iterated: string[] = [];
    const iteration = (async () => {
      for await (const { type } of nc.status()) iterated.push(type);
    })();
    const seen = record(nc, "close");
    const sub = nc.subscribe("s");
    await nc.flush();
    const disconnected = next(nc, "disconnect");
    await cluster.server(1).kill();
    await cluster.server(0).kill();
    await disconnected;
    const reason = await within("it gives up", nc.closed());
    expect(reason).toBeInstanceOf(ConnectError);
    expect(reason).toMatchObject({ code: "CONNECTION_REFUSED" });
    expect((reason as ConnectError).attempts).toHaveLength(4);
    expect(seen).toEqual([{ type: "close", error: reason }]);
    await within("the iterator ends", iteration);
    expect(iterated.at(-1)).toBe("close");
    await within("the subscription ends", sub.closed);
    expect(nc.isClosed()).toBe(true);
    expect(() => nc.publish("s")).toThrow(ClosedConnectionError);
    await rejectionOf(nc.request("s"), ClosedConnectionError);
    await rejectionOf(nc.flush(), ClosedConnectionError);
  });
});

describe("a first connect that may wait", () => {
  it("SEED-44: no listener stays on a signal, however connect() ended", async () => {
    const { signal } = new AbortController();
    await rejectionOf(connect({ servers: await deadUrl(), signal }), ConnectError);
    await rejectionOf(connect({ servers: (await fake(silent)).url, timeout: 50, signal }), ConnectError);
    await rejectionOf(connect({ servers: (await fake(silent)).url, deadline: 50, signal }), ConnectError);
    await rejectionOf(connect({ servers: "", signal }), InvalidArgumentError);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    // Its signal ends a pending connect(), never the connection (so it need not be watched any longer).
    await open({ servers: (await fake()).url, signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("SEED-45: is ended by its signal, with the signal's reason, in a dial or in a wait; then nothing more is dialled", async () => {
    const cases = [
      { servers: (await fake(silent)).url, reconnectTimeWait: 5 },
      { servers: await deadUrl(), reconnectTimeWait: 60_000 },
    ];
    for (const options of cases) {
      const transport = recordingTransport();
      const controller = new AbortController();
      const pending = connect({
        ...options,
        waitOnFirstConnect: true,
        signal: controller.signal,
        transports: [transport],
      });
      await until("it has dialled", () => transport.dials.length === 1);
      const reason = new Error("never mind");
      controller.abort(reason);
      expect(await rejectionOf(pending, Error)).toBe(reason);
      expect(transport.dials).toHaveLength(1);
    }
    const aborted = recordingTransport();
    const error = await rejectionOf(connect({ signal: AbortSignal.abort(), transports: [aborted] }), Error);
    expect(error.name).toBe("AbortError");
    expect(aborted.dials).toEqual([]);
  });

  it("SEED-45, D5: deadline bounds all of it, and the error then holds the attempts", async () => {
    const servers = [await deadUrl(), await deadUrl()];
    const options = { servers, firstConnect: "retry", deadline: TIMEOUT, reconnectTimeWait: 20 } as const;
    const error = await rejectionOf(connect(options), ConnectError);
    expect(error.attempts.length).toBeGreaterThan(2);
    expect(error.message).toContain(`${TIMEOUT} ms`);
  });

  it("D1, D5: a deadline that ends an attempt tells how far that one had come", async () => {
    const url = (await fake(silent)).url;
    const error = await rejectionOf(connect({ servers: url, deadline: TIMEOUT }), ConnectError);
    expect(error.attempts).toMatchObject([
      { server: url, phase: "info", error: { code: "TIMEOUT", timeout: TIMEOUT } },
    ]);
    expect([error.code, error.message.includes(url)]).toEqual(["TIMEOUT", true]);
  });

  it("SEED-46: reconnect: false closes with the reason of the loss, at once", async () => {
    const server = await fake();
    const nc = await open({ servers: server.url, reconnect: false });
    server.connections[0]?.reset();
    const reason = await within("it closes", nc.closed());
    expect(reason).toMatchObject({ code: "CONNECTION_RESET" });
    expect(server.dials).toBe(1);
  });
});
