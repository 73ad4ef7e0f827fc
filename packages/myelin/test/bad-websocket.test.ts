// Bad input over WebSocket: whatever answers where a websocket listener was, each attempt ends with a typed error and a sentence that
// says what to do, and once the listener is back so is the connection. What is wrong with a mixed list is in mixed-transports.test.ts.

import { createServer as createTlsServer } from "node:tls";
import { createTestAuthority, reservePorts } from "@myelin/testing";
import { ConnectError, type ConnectionOptions, connect, type NatsConnection, webSocketTransport } from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { PlainWebSocket } from "../../transport-websocket/test/plain-web-socket.js";
import { frame, type Misdeed, misbehaving, status, switching, upgraded } from "./bad-doors.js";
import { next, record, rejectionOf, until, within } from "./conditions.js";
import { Gateway, webSocketGateway } from "./gateway.js";
import { fake, open } from "./opened.js";

const BINARY = 0x82;
const TEXT = 0x81;
const INFO = 'INFO {"server_id":"x","version":"2.10.0","max_payload":1048576}\r\n';
const HTML = "<html><body><h1>502 Bad Gateway</h1><hr>nginx</body></html>";
const FAST = { reconnectTimeWait: 20, reconnectJitter: 0, timeout: 1_000 };

const ANSWERS: readonly [what: string, misdeed: Misdeed, code: string, sentence: RegExp][] = [
  [
    "HTTP 200",
    status("200 OK", "hello"),
    "UPGRADE_REFUSED",
    /HTTP 200 instead of 101: is it a NATS server's websocket/,
  ],
  ["HTTP 301", status("301 Moved", "", "Location: /x"), "UPGRADE_REFUSED", /HTTP 301 instead of 101/],
  ["HTTP 401", status("401 Unauthorized"), "UPGRADE_REFUSED", /HTTP 401.*give them as headers/],
  ["HTTP 403", status("403 Forbidden"), "UPGRADE_REFUSED", /HTTP 403.*allowed_origins/],
  ["HTTP 404", status("404 Not Found"), "UPGRADE_REFUSED", /HTTP 404.*check the path of the URL/],
  ["HTTP 502 of a proxy, in HTML", status("502 Bad Gateway", HTML), "UPGRADE_REFUSED", /HTTP 502.*cannot reach it/],
  ["a wrong Sec-WebSocket-Accept", (s) => void s.end(switching("bm9wZQ==")), "UPGRADE_REFUSED", /upgrade wrongly/],
  [
    "the greeting of a client port",
    (s) => void s.write(INFO),
    "UPGRADE_REFUSED",
    /dialled with nats:\/\/, not ws:\/\//,
  ],
  ["no answer", () => {}, "TIMEOUT", /connecting to ws:.* timed out after 1000 ms/],
  [
    "half an answer, and silence",
    (s) => void s.write("HTTP/1.1 101 Swit"),
    "TIMEOUT",
    /connecting to ws:.* timed out after 1000 ms/,
  ],
  ["half an answer, and an end", (s) => void s.end("HTTP/1.1 101 Swit"), "CONNECTION_RESET", /during the upgrade/],
  ["an end", (s) => void s.end(), "CONNECTION_RESET", /during the upgrade: is it a websocket port/],
  ["a break", (s) => void s.resetAndDestroy(), "CONNECTION_RESET", /during the upgrade: is it a websocket port/],
];

const FRAMES: readonly [what: string, bytes: Uint8Array, code: string, sentence: RegExp][] = [
  ["a text frame", frame(TEXT, INFO), "STREAM_FAILED", /sent a text message; NATS is binary/],
  ["a frame of a terabyte", frame(BINARY, "x", 2n ** 40n), "STREAM_FAILED", /Max payload size exceeded/],
  ["a frame of more than any number", frame(BINARY, "x", 2n ** 63n), "STREAM_FAILED", /broke the WebSocket: .*frame/],
  ["a reserved opcode", frame(0x8b, "x"), "STREAM_FAILED", /broke the WebSocket: .*opcode/],
  ["reserved bits", frame(0xf2, "x"), "STREAM_FAILED", /broke the WebSocket: .*RSV/],
  ["bytes that are no frames", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"), "STREAM_FAILED", /broke the WebSocket/],
  ["another protocol in a good frame", frame(BINARY, "HELLO\r\n"), "PROTOCOL_ERROR", /./],
];

/** A connection by way of a listener that can be replaced by one that misbehaves, at the same port, and brought back. */
async function replaceable(options: ConnectionOptions = {}): Promise<{
  readonly nc: NatsConnection;
  readonly heard: string[];
  replace(misdeed: Misdeed): Promise<void>;
  bringBack(): Promise<void>;
}> {
  const good = await webSocketGateway(await fake());
  let bad: Gateway | undefined;
  onTestFinished(() => bad?.kill());
  const nc = await open({ ...FAST, ...options, servers: `ws://127.0.0.1:${good.port}` });
  const heard: string[] = [];
  nc.subscribe("s", { callback: (_error, msg) => void heard.push(msg.string()) });
  await nc.flush();
  return {
    nc,
    heard,
    async replace(misdeed) {
      bad = new Gateway(good.port, () => misbehaving(misdeed));
      await good.kill();
      await bad.open();
    },
    async bringBack() {
      await bad?.kill();
      await good.open();
    },
  };
}

/** The first error of an attempt that tells more than of the moment in which nothing listened. */
async function attemptError(nc: NatsConnection): Promise<{ readonly code: string; readonly message: string }> {
  const told: { readonly code: string; readonly message: string }[] = [];
  nc.on("attemptFailed", ({ error }) => {
    const { code = "" } = error as Error & { readonly code?: string };
    if (code !== "CONNECTION_REFUSED") told.push({ code, message: error.message });
  });
  await until("an attempt failed", () => told.length > 0);
  return told[0] ?? { code: "", message: "" };
}

async function goesOn({ nc, heard }: Awaited<ReturnType<typeof replaceable>>): Promise<void> {
  await until("it is connected", () => nc.state === "connected");
  nc.publish("s", "again");
  await nc.flush();
  await until("a message came", () => heard.includes("again"));
}

describe("bad answers where a websocket listener was", () => {
  it.each(ANSWERS)(
    "%s to the upgrade: each attempt says so, and the connection is back with the listener",
    async (_what, misdeed, code, sentence) => {
      const one = await replaceable();
      const error = attemptError(one.nc);
      await one.replace(misdeed);
      expect((await error).code).toBe(code);
      expect((await error).message).toMatch(sentence);
      await one.bringBack();
      await goesOn(one);
    },
  );

  it.each(FRAMES)(
    "%s in place of the greeting: each attempt says so, and the connection is back with the listener",
    async (_what, bytes, code, sentence) => {
      const one = await replaceable();
      const error = attemptError(one.nc);
      await one.replace(upgraded(bytes));
      expect((await error).code).toBe(code);
      expect((await error).message).toMatch(sentence);
      await one.bringBack();
      await goesOn(one);
    },
  );
});

describe("bad frames on a link that was good", () => {
  it.each(FRAMES)("%s ends the link with a typed error, and the connection goes on with another", async (...row) => {
    const [, bytes, code, sentence] = row;
    const server = await fake();
    const gateway = await webSocketGateway(server);
    const nc = await open({ ...FAST, servers: `ws://127.0.0.1:${gateway.port}` });
    await nc.flush();
    const lost = next(nc, "disconnect");
    const back = next(nc, "reconnect");
    // Past the WebSocket of the gateway, straight into its socket.
    for (const socket of gateway.sockets) socket.write(bytes);
    const { error } = await lost;
    expect((error as Error & { readonly code?: string }).code).toBe(code);
    expect(error?.message).toMatch(sentence);
    await back;
    await nc.flush();
    await until("one socket is open", () => gateway.sockets.size === 1);
  });

  it.each([
    ["a text frame", FRAMES[0]?.[1], /sent a text message; NATS is binary/],
    ["a reserved opcode", frame(0x8b, "x"), /broke the WebSocket|without a close frame/],
  ] as const)("%s ends it also over a WebSocket with nothing but the W3C interface", async (_what, bytes, sentence) => {
    const gateway = await webSocketGateway(await fake());
    const transports = [webSocketTransport({ webSocket: PlainWebSocket })];
    const nc = await open({ ...FAST, transports, servers: `ws://127.0.0.1:${gateway.port}` });
    const lost = next(nc, "disconnect");
    const back = next(nc, "reconnect");
    for (const socket of gateway.sockets) socket.write(bytes ?? "");
    expect((await lost).error?.message).toMatch(sentence);
    await back;
    await nc.flush();
  });
});

describe("a first connection", () => {
  it("passes over every listener that misbehaves, and each is told of by its own error", async () => {
    const good = await webSocketGateway(await fake());
    const bad = [
      ...ANSWERS,
      ...FRAMES.map(([what, bytes, code, sentence]) => [what, upgraded(bytes), code, sentence] as const),
    ];
    const { ports, release } = await reservePorts(bad.length);
    onTestFinished(release);
    for (const [i, [, misdeed]] of bad.entries()) {
      const door = new Gateway(ports[i] ?? 0, () => misbehaving(misdeed));
      await door.open();
      onTestFinished(() => door.kill());
    }
    const servers = ports.map((port) => `ws://127.0.0.1:${port}`);
    const options = { ...FAST, timeout: 500, noRandomize: true };
    const error = await rejectionOf(connect({ ...options, servers }), ConnectError);
    expect(error.attempts.map((one) => (one.error as Error & { readonly code?: string }).code)).toEqual(
      bad.map(([, , code]) => code),
    );
    const nc = await open({ ...options, servers: [...servers, `ws://127.0.0.1:${good.port}`] });
    expect(nc.getServer()).toBe(`127.0.0.1:${good.port}`);
    await nc.flush();
  });

  it("passes over wss:// with a certificate that nobody trusts, and tells of it", async () => {
    const authority = await createTestAuthority();
    const { certPem: cert, keyPem: key } = await authority.issue({ commonName: "node", ipAddresses: ["127.0.0.1"] });
    const { ports, release } = await reservePorts(1);
    onTestFinished(release);
    const secure = new Gateway(ports[0] ?? 0, () => createTlsServer({ cert, key }, (socket) => void socket.end()));
    await secure.open();
    onTestFinished(() => secure.kill());
    const good = await webSocketGateway(await fake());
    const servers = [`wss://127.0.0.1:${secure.port}`, `ws://127.0.0.1:${good.port}`];
    const nc = await open({ ...FAST, servers, noRandomize: true });
    const [untrusted] = nc.getServers();
    expect(untrusted?.lastFailure).toMatchObject({ kind: "tls", error: { code: "TLS_CERTIFICATE_REJECTED" } });
    expect(untrusted?.lastFailure?.error.message).toMatch(/has a certificate that was rejected/);
    // The same on a reconnect: tried again, told of again, and the other one serves.
    const failed = record(nc, "attemptFailed");
    const back = next(nc, "reconnect");
    await good.kill();
    await until("it was tried again", () =>
      failed.some((one) => /certificate/.test(String("error" in one && one.error))),
    );
    await good.open();
    await back;
    await within("a round trip", nc.flush());
  });
});
