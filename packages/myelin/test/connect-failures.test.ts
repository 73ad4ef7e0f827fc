// What a failed connect() tells: for every kind of failure the code, how far the attempt had come, and the sentence, which says
// what, where and what to try. P10, D1. Ports are left out; everything else is as an application sees it.

import type { Transport } from "@myelin/contracts";
import { createTestAuthority, type FakeScript, RealServer } from "@myelin/testing";
import { tcpTransport } from "@myelin/transport-node";
import { ConnectError, type ConnectionOptions, connect, jwtAuthenticator, nkeyAuthenticator, nkeys } from "myelin";
import { describe, expect, it, onTestFinished } from "vitest";
import { rejectionOf, within } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { blackHoleUrl, deadUrl, fake } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const TIMEOUT = 300;
const BOUND = 30_000;
const AT = "nats://127.0.0.1:PORT";
const WAITED = `connecting to ${AT} timed out after ${TIMEOUT} ms`;

// The same on every run and machine.
function plain(text: string): string {
  return text.replace(/:\d{4,5}\b/g, ":PORT").replace(/E(HOSTUNREACH|ADDRNOTAVAIL)/, "ENETUNREACH");
}

/** All that a ConnectError tells: its code, its attempts, its sentence. */
function told(error: ConnectError): [code: string, attempts: string, sentence: string] {
  const attempts = error.attempts.map((attempt) => {
    expect(Object.keys(attempt).sort()).toEqual(["address", "error", "ms", "phase", "server"]);
    expect(Number.isInteger(attempt.ms) && attempt.ms >= 0).toBe(true);
    const { address = "no address", phase, server } = attempt;
    return plain(`${server}, ${address}, ${phase}, ${attempt.error.name}`);
  });
  expect(error.attempts.map((attempt) => attempt.error)).toContain(error.cause);
  expect(error.cause).toHaveProperty("code", error.code);
  return [error.code, attempts.join("; "), plain(error.message)];
}

async function failureOf(options: ConnectionOptions): Promise<ConnectError> {
  return rejectionOf(connect({ timeout: 20_000, ...options }), ConnectError);
}

const silent: FakeScript = { info: () => undefined };
const saying = (text: string): FakeScript => ({ ...silent, onAccept: (connection) => connection.send(text) });
const refusing = (text: string, more: FakeScript = {}): FakeScript => ({
  ...more,
  onConnect: (connection) => {
    connection.err(text);
    connection.end();
    return "skip";
  },
});
const to = async (script: FakeScript, options: ConnectionOptions = {}): Promise<ConnectionOptions> => ({
  servers: (await fake(script)).url,
  ...options,
});
const resolving = (lookup: () => Promise<never>): Partial<ConnectionOptions> => ({
  servers: "somewhere.test",
  transports: [tcpTransport({ lookup })],
});

/** The server resets every stream as soon as the client has it. */
async function resetBeforeInfo(): Promise<ConnectionOptions> {
  const server = await fake(silent);
  const tcp = tcpTransport();
  const transport: Transport = {
    schemes: tcp.schemes,
    connect: async (target, sink, signal) => {
      const connection = await tcp.connect(target, sink, signal);
      (await server.nextConnection()).reset();
      return connection;
    },
  };
  return { servers: server.url, transports: [transport] };
}

type Row = [what: string, code: string, attempt: string, sentence: string, make: () => Promise<ConnectionOptions>];

const rows: readonly Row[] = [
  [
    "a name nobody knows",
    "DNS_FAILED",
    "nats://somewhere.test:PORT, somewhere.test, dns, TransportError",
    "nats://somewhere.test:PORT failed in phase dns: somewhere.test could not be resolved (ENOTFOUND): check the name and the resolver",
    async () => resolving(() => Promise.reject(Object.assign(new Error("not found"), { code: "ENOTFOUND" }))),
  ],
  [
    "a resolver that does not answer",
    "TIMEOUT",
    "nats://somewhere.test:PORT, no address, dns, TimeoutError",
    `nats://somewhere.test:PORT failed in phase dns: connecting to nats://somewhere.test:PORT timed out after ${TIMEOUT} ms; the resolver did not answer: check the name and the resolver`,
    async () => resolving(() => new Promise(() => {})),
  ],
  [
    "a refusal",
    "CONNECTION_REFUSED",
    `${AT}, 127.0.0.1:PORT, tcp, TransportError`,
    `${AT} failed in phase tcp: 127.0.0.1:PORT refused the connection: is a server listening there (ECONNREFUSED)`,
    async () => ({ servers: await deadUrl() }),
  ],
  [
    "an address without a route",
    "HOST_UNREACHABLE",
    "nats://127.255.255.255:PORT, 127.255.255.255:PORT, tcp, TransportError",
    "nats://127.255.255.255:PORT failed in phase tcp: 127.255.255.255:PORT cannot be reached: check the address, the network and the firewall (ENETUNREACH)",
    async () => ({ servers: "127.255.255.255:4222" }),
  ],
  [
    "a black hole",
    "TIMEOUT",
    `${AT}, no address, tcp, TimeoutError`,
    `${AT} failed in phase tcp: ${WAITED}; nobody answered there: check the address, the network and the firewall`,
    async () => ({ servers: await blackHoleUrl() }),
  ],
  [
    "a reset before INFO",
    "CONNECTION_RESET",
    `${AT}, 127.0.0.1:PORT, info, TransportError`,
    `${AT} failed in phase info: 127.0.0.1:PORT reset the connection: see its log, and what stands in between (ECONNRESET)`,
    resetBeforeInfo,
  ],
  [
    "an end before INFO",
    "CONNECTION_ERROR",
    `${AT}, 127.0.0.1:PORT, info, ConnectionError`,
    `${AT} failed in phase info: ${AT} closed the link before it had answered; see its log`,
    () => to({ ...silent, onAccept: (connection) => connection.end() }),
  ],
  [
    "a silent accept",
    "TIMEOUT",
    `${AT}, 127.0.0.1:PORT, info, TimeoutError`,
    `${AT} failed in phase info: ${WAITED}; it took the connection and said nothing: check that this is the client port of a NATS server`,
    () => to(silent),
  ],
  [
    "garbage instead of INFO",
    "PROTOCOL_ERROR",
    `${AT}, 127.0.0.1:PORT, info, ProtocolError`,
    `${AT} failed in phase info: the server sent something that is not a NATS operation (near "SSH"); check that this is the client port of a NATS server`,
    () => to(saying("SSH-2.0-OpenSSH_9\r\n")),
  ],
  [
    "an INFO that is no JSON",
    "PROTOCOL_ERROR",
    `${AT}, 127.0.0.1:PORT, info, ProtocolError`,
    `${AT} failed in phase info: INFO: malformed JSON; check that this is the client port of a NATS server`,
    () => to(saying("INFO {oops\r\n")),
  ],
  [
    "another operation instead of INFO",
    "CONNECTION_ERROR",
    `${AT}, 127.0.0.1:PORT, info, ConnectionError`,
    `${AT} failed in phase info: ${AT} does not speak NATS: its first words were not INFO; check the port`,
    () => to(saying("PING\r\n")),
  ],
  [
    "TLS required but forbidden",
    "TLS_MISMATCH",
    `${AT}, 127.0.0.1:PORT, tls, TlsMismatchError`,
    `${AT} failed in phase tls: ${AT} requires TLS, but the tls option forbids it; remove tls: null`,
    () => to({ info: { tls_required: true } }, { tls: null }),
  ],
  [
    "TLS wanted but not offered",
    "TLS_MISMATCH",
    `${AT}, 127.0.0.1:PORT, tls, TlsMismatchError`,
    `${AT} failed in phase tls: ${AT} does not offer TLS, but it is required; use nats:// or configure the server`,
    () => to({}, { tls: true }),
  ],
  [
    "a TLS handshake without end",
    "TIMEOUT",
    `${AT}, 127.0.0.1:PORT, tls, TimeoutError`,
    `${AT} failed in phase tls: ${WAITED}; it took the connection and did not finish the TLS handshake: check that it speaks TLS there, or raise timeout`,
    () => to({ info: { tls_required: true }, onAccept: (connection) => connection.pause() }),
  ],
  [
    "a refusal of credentials",
    "AUTHORIZATION_VIOLATION",
    `${AT}, 127.0.0.1:PORT, auth, AuthorizationError`,
    `${AT} failed in phase auth: the server refused the credentials: Authorization Violation; check them, and that this user may connect`,
    () => to(refusing("Authorization Violation"), { token: "t" }),
  ],
  [
    "no credentials where some are wanted",
    "AUTHORIZATION_VIOLATION",
    `${AT}, 127.0.0.1:PORT, auth, AuthorizationError`,
    `${AT} failed in phase auth: the server refused us: Authorization Violation; no credentials were given: set user and pass, token or authenticator`,
    () => to(refusing("Authorization Violation")),
  ],
  [
    "a nonce and nobody to sign it",
    "AUTHORIZATION_VIOLATION",
    `${AT}, 127.0.0.1:PORT, auth, AuthorizationError`,
    `${AT} failed in phase auth: the server refused us: Authorization Violation; no credentials were given, and it sent a nonce to sign: set authenticator to that of an nkey or of .creds`,
    () => to(refusing("Authorization Violation", { info: { nonce: "n" } })),
  ],
  [
    "a JWT without a signature",
    "AUTHORIZATION_VIOLATION",
    `${AT}, 127.0.0.1:PORT, auth, AuthorizationError`,
    `${AT} failed in phase auth: the server refused us: Authorization Violation; its nonce was not signed: give the authenticator the seed too`,
    () =>
      to(refusing("Authorization Violation", { info: { nonce: "n" } }), { authenticator: jwtAuthenticator("a.b.c") }),
  ],
  [
    "a signer and no nonce",
    "CALLBACK_FAILED",
    `${AT}, 127.0.0.1:PORT, auth, CallbackError`,
    `${AT} failed in phase auth: an authenticator callback failed: ${AT} sent no nonce to sign; configure nkey users on it, or use other credentials`,
    () => to({}, { authenticator: nkeyAuthenticator(nkeys.createUser().getSeed()) }),
  ],
  [
    "an authenticator that throws",
    "CALLBACK_FAILED",
    `${AT}, no address, auth, CallbackError`,
    `${AT} failed in phase auth: an authenticator callback failed: the vault is sealed`,
    () => to({}, { authenticator: () => Promise.reject(new Error("the vault is sealed")) }),
  ],
  [
    "an authenticator that does not answer",
    "TIMEOUT",
    `${AT}, no address, auth, TimeoutError`,
    `${AT} failed in phase auth: ${WAITED}; the authenticator had not answered: make it faster, or raise timeout`,
    () => to({}, { authenticator: () => new Promise<void>(() => {}) }),
  ],
  [
    "credentials that came too late",
    "AUTHENTICATION_TIMEOUT",
    `${AT}, 127.0.0.1:PORT, auth, AuthorizationError`,
    `${AT} failed in phase auth: the server refused the credentials: Authentication Timeout; they came too late: make the authenticator faster, or raise the server's authorization timeout`,
    () => to(refusing("Authentication Timeout"), { token: "t" }),
  ],
  [
    "no room",
    "MAX_CONNECTIONS",
    `${AT}, 127.0.0.1:PORT, ping, ConnectionLimitError`,
    `${AT} failed in phase ping: the server takes no more connections for now: maximum connections exceeded; it has no room: try again later, or raise its max_connections`,
    () => to(refusing("maximum connections exceeded")),
  ],
  [
    "the port of the cluster",
    "SERVER_ERROR",
    `${AT}, 127.0.0.1:PORT, ping, ServerError`,
    `${AT} failed in phase ping: the server reported: attempted to connect to route port; use its client port, 4222 by default`,
    () => to(refusing("attempted to connect to route port")),
  ],
  [
    "a server too old for noEcho",
    "CONNECTION_ERROR",
    `${AT}, 127.0.0.1:PORT, info, ConnectionError`,
    `${AT} failed in phase info: ${AT} is too old for noEcho (protocol 0); leave noEcho out`,
    () => to({ info: { proto: 0 } }, { noEcho: true }),
  ],
  [
    "no PONG",
    "TIMEOUT",
    `${AT}, 127.0.0.1:PORT, ping, TimeoutError`,
    `${AT} failed in phase ping: ${WAITED}; it took our CONNECT and did not answer: it may be overloaded, raise timeout`,
    () => to({ onPing: () => "silence" }),
  ],
];

describe("a failed connect", () => {
  it.each(rows)("P10, D1: says of %s what, where and what to try", async (_what, code, attempt, sentence, make) => {
    const bound = code === "TIMEOUT" ? { timeout: TIMEOUT } : {};
    const error = await failureOf({ ...(await make()), ...bound });
    expect(told(error)).toEqual([code, attempt, `could not connect: ${sentence}`]);
    if (code === "TIMEOUT") expect(error.attempts[0]?.ms).toBeGreaterThanOrEqual(TIMEOUT - 5);
  });

  it("P10, D5: says of a deadline what the attempt it ended was waiting for", async () => {
    const error = await failureOf({ ...(await to(silent)), deadline: TIMEOUT });
    expect(told(error)).toEqual([
      "TIMEOUT",
      `${AT}, 127.0.0.1:PORT, info, TimeoutError`,
      `not connected within ${TIMEOUT} ms: ${AT} failed in phase info: connect() timed out after ${TIMEOUT} ms; it took the connection and said nothing: check that this is the client port of a NATS server`,
    ]);
  });

  it("P10, D6: says of used-up attempts that, and why the last ones failed", async () => {
    const server = await fake();
    const nc = await connect({
      servers: server.url,
      maxReconnectAttempts: 2,
      reconnectTimeWait: 5,
      reconnectJitter: 0,
    });
    await server.stop();
    const reason = await within("it gives up", nc.closed());
    expect(reason).toBeInstanceOf(ConnectError);
    const attempt = `${AT}, 127.0.0.1:PORT, tcp, TransportError`;
    expect(told(reason as ConnectError)).toEqual([
      "CONNECTION_REFUSED",
      `${attempt}; ${attempt}`,
      `gave up reconnecting (max-attempts): ${AT} failed in phase tcp: 127.0.0.1:PORT refused the connection: is a server listening there (ECONNREFUSED)`,
    ]);
  });

  it("P10, D1: of several names the most specific one, in either order, and the other servers", async () => {
    const make: Record<string, () => Promise<string>> = {
      refused: deadUrl,
      silent: async () => (await fake(silent)).url,
      garbage: async () => (await fake(saying("HTTP/1.1 400\r\n"))).url,
      "tls not offered": async () => (await fake()).url.replace("nats:", "tls:"),
      denied: async () => (await fake(refusing("Authorization Violation"))).url,
    };
    const ranked = Object.keys(make);
    for (const [place, better] of ranked.entries()) {
      for (const worse of ranked.slice(0, place)) {
        const urls = [await make[better]?.(), await make[worse]?.()].map(String);
        for (const servers of [urls, [...urls].reverse()]) {
          const error = await failureOf({ servers, noRandomize: true, timeout: TIMEOUT });
          const main = error.attempts.find((attempt) => attempt.error === error.cause);
          expect(main?.server, `${better} and ${worse}`).toBe(urls[0]);
          expect(error.message).toContain(`could not connect: ${urls[0]} failed`);
          expect(error.message).toContain(`(also failed: ${urls[1]}; see attempts)`);
        }
      }
    }
  });
});

forEachServer((binary) => {
  it("P10, D1: says of a certificate that is not trusted, or is for another name, what would make it so", {
    timeout: BOUND,
  }, async () => {
    const authority = await createTestAuthority();
    const files = await tlsFiles(authority, await authority.issue({ commonName: "node", dnsNames: ["localhost"] }));
    onTestFinished(files.remove);
    const server = await RealServer.start({ binary, config: files.config });
    onTestFinished(() => server.stop());
    const untrusted = await failureOf({ servers: `tls://localhost:${server.port}` });
    const [code, attempts, sentence] = told(untrusted);
    expect([code, attempts]).toEqual([
      "TLS_CERTIFICATE_REJECTED",
      expect.stringMatching(/^tls:\/\/localhost:PORT, (127\.0\.0\.1|\[::1\]):PORT, tls, TransportError$/),
    ]);
    expect(sentence).toMatch(
      /^could not connect: tls:\/\/localhost:PORT failed in phase tls: the certificate of \S+ was rejected for localhost: .+ \(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+\): set tls\.ca to the authority that signed it$/,
    );
    const misnamed = await failureOf({
      servers: `tls://127.0.0.1:${server.port}`,
      tls: { ca: authority.caPem },
    });
    expect(told(misnamed)[0]).toBe("TLS_CERTIFICATE_REJECTED");
    expect(told(misnamed)[2]).toMatch(
      /failed in phase tls: the certificate of 127\.0\.0\.1:PORT was rejected for 127\.0\.0\.1: .+ \(ERR_TLS_CERT_ALTNAME_INVALID\): connect by a name it holds, or set tls\.servername to one$/,
    );
  });

  it("P10, D1: real servers that are full, or want credentials, are told as such", { timeout: BOUND }, async () => {
    const full = await RealServer.start({ binary, config: "max_connections: 1" });
    onTestFinished(() => full.stop());
    const only = await connect({ servers: full.url });
    onTestFinished(() => only.close());
    expect(told(await failureOf({ servers: full.url }))[2]).toMatch(
      /the server takes no more connections for now: maximum connections exceeded; it has no room: try again later, or raise its max_connections$/,
    );
    const user = nkeys.createUser();
    const locked = await RealServer.start({
      binary,
      config: `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`,
    });
    onTestFinished(() => locked.stop());
    expect(told(await failureOf({ servers: locked.url }))[2]).toMatch(
      /failed in phase auth: the server refused us: Authorization Violation; no credentials were given, and it sent a nonce to sign: /,
    );
  });
});
