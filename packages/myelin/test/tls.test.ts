// TLS as the documentation describes it, against real servers: by what both sides want, in which order, and who is believed.

import { createTestAuthority, RealServer, type TestAuthority } from "@myelin/testing";
import { ConnectError, type ConnectionOptions, connect, type NatsConnection, TransportError } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { next, rejectionOf, until } from "./conditions.js";
import { forEachServer } from "./every-server.js";
import { fake, open } from "./opened.js";
import { openTap } from "./tap.js";
import { type TlsFiles, tlsFiles } from "./tls-files.js";

const BOUND = 60_000;
const HANDSHAKE_RECORD = 0x16; // RFC 8446 §5.1

const authority = await createTestAuthority();
const node = await authority.issue({ commonName: "node", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] });
const client = await authority.issue({ commonName: "client", client: true });
const trust = { ca: authority.caPem };

async function files(more?: string, issuer: TestAuthority = authority, own = node): Promise<TlsFiles> {
  const made = await tlsFiles(issuer, own, more);
  onTestFinished(made.remove);
  return made;
}

const refused = (options: ConnectionOptions): Promise<ConnectError> => rejectionOf(connect(options), ConnectError);

/** The one attempt's error, which the whole error speaks for. */
function onlyFailure(error: ConnectError): Error {
  expect(error.attempts).toHaveLength(1);
  expect(error.attempts[0]).toMatchObject({ phase: "tls", error: error.cause });
  return error.cause as Error;
}

forEachServer((binary) => {
  async function serve(config = ""): Promise<RealServer> {
    const server = await RealServer.start({ binary, config });
    onTestFinished(() => server.stop());
    return server;
  }
  const nobodyLeft = (server: RealServer): Promise<void> =>
    until("the link is gone", async () => (await server.connz()).connections.length === 0);
  const onlyLink = async (server: RealServer): Promise<{ tls_version?: string; authorized_user?: string }> => {
    const { connections } = await server.connz("auth=1");
    expect(connections).toHaveLength(1);
    return (connections[0] ?? {}) as { tls_version?: string; authorized_user?: string };
  };

  it("SEC-TLS-1, SEC-TLS-11: INFO in plain, then a handshake, then CONNECT; nothing of ours is ever readable, nor after a reconnect", {
    timeout: BOUND,
  }, async () => {
    const server = await serve(
      `${(await files()).config}\nauthorization { users: [ { user: ann, password: hunter2 } ] }`,
    );
    const tap = await openTap(server.port);
    const nc = await open({
      servers: `nats://127.0.0.1:${tap.port}`,
      user: "ann",
      pass: "hunter2",
      tls: trust,
      reconnectJitterTLS: 0,
      gossip: "ignore",
    });
    const back = next(nc, "reconnect");
    await nc.reconnect();
    await back;
    expect(await onlyLink(server)).toHaveProperty("tls_version");
    // Where the server cannot be believed, it gets nothing but the handshake.
    await refused({ servers: `nats://127.0.0.1:${tap.port}`, user: "ann", pass: "hunter2", tls: true });
    expect(tap.links).toHaveLength(3);
    for (const { turns, sent } of tap.links) {
      expect(turns[0]?.from).toBe("server");
      expect(turns[0]?.bytes.toString()).toMatch(/^INFO \{.*"tls_required":true.*\}\s*\r\n$/);
      expect(turns[1]?.from).toBe("client");
      expect(turns[1]?.bytes[0]).toBe(HANDSHAKE_RECORD);
      for (const word of ["CONNECT", "ann", "hunter2", "PING"]) expect(sent().includes(word)).toBe(false);
    }
  });

  it("ADR40-2, SEC-TLS-2, SEC-TLS-5, SEC-TLS-7: tls:// and options encrypt where it is required, and where it is offered only if asked", {
    timeout: BOUND,
  }, async () => {
    const { config } = await files();
    const [required, optional] = [await serve(config), await serve(`${config}\nallow_non_tls: true`)];
    const encrypted = async (server: RealServer, options: ConnectionOptions): Promise<boolean> => {
      const nc: NatsConnection = await open({ servers: server.url, ...options });
      const link = await onlyLink(server);
      await nc.close();
      await nobodyLeft(server);
      return link.tls_version !== undefined;
    };
    const secure = (server: RealServer): string => server.url.replace("nats:", "tls:");
    expect(await encrypted(required, { tls: trust })).toBe(true);
    expect(await encrypted(required, { servers: secure(required), tls: trust })).toBe(true);
    expect(await encrypted(optional, {})).toBe(false);
    expect(await encrypted(optional, { tls: null })).toBe(false);
    expect(await encrypted(optional, { tls: trust })).toBe(true);
    expect(await encrypted(optional, { tls: () => trust })).toBe(true);
    // tls:// alone turns TLS on, also where it is optional: without our authority it then fails to verify.
    for (const servers of [secure(required), secure(optional), required.url]) {
      expect(onlyFailure(await refused({ servers }))).toMatchObject({ code: "TLS_CERTIFICATE_REJECTED" });
    }
    expect(await encrypted(required, { tls: { rejectUnauthorized: false } })).toBe(true);
  });

  it("ADR40-2, ADR40-5, SEC-TLS-4, SEC-TLS-6: wanted and not offered, or required and forbidden, ends before CONNECT, and says which", {
    timeout: BOUND,
  }, async () => {
    const [plain, required] = [await serve(), await serve((await files()).config)];
    for (const [server, options, words] of [
      [plain, { tls: trust }, "does not offer TLS"],
      [plain, { tls: true }, "does not offer TLS"],
      [required, { tls: null }, "the tls option forbids it"],
      [required, { tls: false }, "the tls option forbids it"],
    ] as const) {
      const tap = await openTap(server.port);
      const error = await refused({ servers: `nats://127.0.0.1:${tap.port}`, token: "t", ...options });
      expect(onlyFailure(error).message).toContain(words);
      await nobodyLeft(server);
      expect(tap.links.map((link) => link.sent().length)).toEqual([0]);
    }
  });

  it("SEC-TLS-3: ca, cert and key as text, bytes, files and functions satisfy a server that verifies; without, it says what is missing", {
    timeout: BOUND,
  }, async () => {
    const server = await serve((await files(", verify: true")).config);
    const own = await files("", authority, client);
    const bytes = (pem: string): Uint8Array => new TextEncoder().encode(pem);
    const { certPem: cert, keyPem: key } = client;
    for (const tls of [
      { ...trust, cert, key },
      { ca: [bytes(authority.caPem)], cert: bytes(cert), key: bytes(key) },
      own.options,
      { ca: () => authority.caPem, cert: async () => cert, key: () => bytes(key) },
      async () => own.options,
    ]) {
      const nc = await open({ servers: server.url, tls });
      await nc.flush();
      await nc.close();
    }
    const error = await refused({ servers: server.url, tls: trust });
    const failure = onlyFailure(error);
    expect(failure).toBeInstanceOf(TransportError);
    expect(error.code).toBe("TLS_FAILED");
    expect(failure.message).toMatch(/certificate/);
    expect(failure.message).toContain("set tls.cert and tls.key");
  });

  it("SEC-TLS-12: where the server maps certificates, ours stands for a user, and is the only one it takes", {
    timeout: BOUND,
  }, async () => {
    const { config } = await files(", verify_and_map: true");
    const server = await serve(`${config}\nauthorization { users: [ { user: "CN=other" }, { user: "CN=client" } ] }`);
    const as = ({ certPem, keyPem }: typeof client) => ({ ...trust, cert: certPem, key: keyPem });
    const nc = await open({ servers: server.url, tls: as(client) });
    await nc.flush();
    expect((await onlyLink(server)).authorized_user).toBe("CN=client");
    const unknown = as(await authority.issue({ commonName: "nobody", client: true }));
    expect((await refused({ servers: server.url, tls: unknown })).code).toBe("AUTHORIZATION_VIOLATION");
  });

  it("SEC-TLS-7, SEC-TLS-8: the host of the URL is what the certificate must be for, by name or by address, and what SNI says", {
    timeout: BOUND,
  }, async () => {
    const byName = await authority.issue({ commonName: "node", dnsNames: ["localhost"] });
    const byAddress = await authority.issue({ commonName: "node", ipAddresses: ["127.0.0.1"] });
    const old = await authority.issue({ commonName: "node", dnsNames: ["localhost"], expired: true });
    const serving = async (own: typeof node) => openTap((await serve((await files("", authority, own)).config)).port);
    for (const [own, good, bad] of [
      [byName, "localhost", "127.0.0.1"],
      [byAddress, "127.0.0.1", "localhost"],
    ] as const) {
      const tap = await serving(own);
      await open({ servers: `nats://${good}:${tap.port}`, tls: trust });
      const failure = onlyFailure(await refused({ servers: `nats://${bad}:${tap.port}`, tls: trust }));
      expect(failure).toMatchObject({ code: "TLS_CERTIFICATE_REJECTED" });
      expect(failure.message).toContain(`rejected for ${bad}`);
      const names = tap.links.map((link) => link.sent().includes("localhost"));
      expect(names).toEqual([good === "localhost", bad === "localhost"]);
    }
    const tap = await serving(old);
    const failure = onlyFailure(await refused({ servers: `nats://localhost:${tap.port}`, tls: trust }));
    expect(failure.message).toContain("CERT_HAS_EXPIRED");
  });

  const [major = 0, minor = 0] = binary.version.split(".").map(Number);
  const tlsFirst = major > 2 || (major === 2 && minor >= 11);
  it(`ADR40-3, SEC-TLS-9: handshakeFirst ${tlsFirst ? "encrypts before INFO, also when a tls function says so" : "fails as TLS with a server that talks first"}`, {
    timeout: BOUND,
  }, async () => {
    const { config } = await files(tlsFirst ? ", handshake_first: true" : "");
    const server = await serve(config);
    const tap = await openTap(server.port);
    const servers = `nats://127.0.0.1:${tap.port}`;
    const first = { ...trust, handshakeFirst: true };
    if (!tlsFirst) {
      expect(onlyFailure(await refused({ servers, tls: first }))).toMatchObject({ code: "TLS_FAILED" });
      return;
    }
    for (const tls of [first, () => first]) await (await open({ servers, tls })).flush();
    for (const { turns } of tap.links) {
      expect(turns[0]?.from).toBe("client");
      expect(turns[0]?.bytes[0]).toBe(HANDSHAKE_RECORD);
    }
    // Without it, both wait for the other to begin.
    expect((await refused({ servers, tls: trust, timeout: 300 })).code).toBe("TIMEOUT");
  });
});

it("SEC-TLS-10: what a server sends in plain behind an INFO that requires TLS ends the attempt, and is answered with nothing", async () => {
  const info = 'INFO {"server_id":"x","version":"2.12.0","proto":1,"max_payload":1048576,"tls_required":true}\r\n';
  const plaintext = "plaintext behind its INFO";
  for (const [behind, told] of [
    ["PING\r\n", plaintext],
    ['INFO {"connect_urls":["127.0.0.1:1"]}\r\n', plaintext],
    ["PI", plaintext],
    // As a server does that has no room.
    ["-ERR 'maximum connections exceeded'\r\n", "failed in phase info: the server takes no more connections for now"],
  ] as const) {
    const server = await fake({ info: () => undefined, onAccept: (connection) => connection.send(info + behind) });
    const error = await refused({ servers: server.url, token: "secret", tls: trust });
    expect(error.message).toContain(told);
    expect(server.connections[0]?.received).toEqual([]);
  }
});
