// TLS over real loopback sockets: who is trusted, under which name, and what happens when not. Certificates are made here; where
// they come from, and when they change, is tls-material.test.ts.

import type { TLSSocket } from "node:tls";
import { type DialTarget, type TlsOptions, type TransportConnection, TransportError } from "@myelin/contracts";
import { createTestAuthority } from "@myelin/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { tcpTransport, unixTransport } from "../src/index.js";
import { Listener, type ListenerOptions, TestSink, targetOf, transportErrorOf } from "./subjects.js";

const authority = await createTestAuthority();
const stranger = await createTestAuthority("nobody trusts me");
const [forLocalhost, forLoopback, forOther, expired, clientCert] = await Promise.all([
  authority.issue({ commonName: "server", dnsNames: ["localhost"] }),
  authority.issue({ commonName: "server", ipAddresses: ["127.0.0.1"] }),
  authority.issue({ commonName: "server", dnsNames: ["elsewhere.example"] }),
  authority.issue({ commonName: "server", dnsNames: ["localhost"], expired: true }),
  authority.issue({ commonName: "a client", client: true }),
]);
const trust: TlsOptions = { ca: authority.caPem };
const material = ({ certPem, keyPem }: { certPem: string; keyPem: string }) => ({ cert: certPem, key: keyPem });

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(options: ListenerOptions): Promise<Listener> {
  const listener = await Listener.open(options);
  cleanups.push(() => listener.stop());
  return listener;
}

async function open(target: DialTarget, sink = new TestSink()): Promise<TransportConnection> {
  const connection = await tcpTransport().connect(target, sink, new AbortController().signal);
  cleanups.push(() => connection.destroy());
  return connection;
}

const first = (listener: Listener, tls: TlsOptions | undefined, parts: Partial<DialTarget> = {}): DialTarget =>
  targetOf({ port: listener.port, tls, handshakeFirst: true, ...parts });

describe("verification", () => {
  it("SEC-TLS-7: a server whose authority is trusted is accepted", async () => {
    const listener = await listen({ tls: material(forLocalhost) });
    expect((await open(first(listener, trust))).encrypted).toBe(true);
  });

  it.each([
    ["an unknown authority", forLocalhost, { ca: stranger.caPem }, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["no authority given, so the runtime's own", forLocalhost, undefined, "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["a certificate for another name", forOther, trust, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["an expired certificate", expired, trust, "CERT_HAS_EXPIRED"],
  ])("SEC-TLS-7: %s is rejected as such, with Node's own code", async (_, certificate, tls, code) => {
    const listener = await listen({ tls: material(certificate) });
    const sink = new TestSink();
    const error = await transportErrorOf(open(first(listener, tls), sink));
    expect(error).toMatchObject({
      code: "TLS_CERTIFICATE_REJECTED",
      phase: "tls",
      address: `127.0.0.1:${listener.port}`,
    });
    expect(error.message).toContain(code);
    expect(error.cause).toBeInstanceOf(Error);
    await vi.waitFor(() => expect(listener.openSockets).toBe(0));
    expect(sink.closings).toEqual([]);
  });

  it("SEC-TLS-7: rejectUnauthorized: false accepts anyone, and only when given", async () => {
    const listener = await listen({ tls: material(forOther) });
    expect((await open(first(listener, { rejectUnauthorized: false }))).encrypted).toBe(true);
    const error = await transportErrorOf(open(first(listener, { rejectUnauthorized: undefined })));
    expect(error.code).toBe("TLS_CERTIFICATE_REJECTED");
  });

  it("SEC-TLS-8: the server name is what is verified and sent as SNI", async () => {
    const names: string[] = [];
    const SNICallback = (name: string, done: (error: Error | null) => void): void => {
      names.push(name);
      done(null);
    };
    const listener = await listen({ tls: { ...material(forOther), SNICallback } });
    await open(first(listener, trust, { serverName: "elsewhere.example" }));
    expect(names).toEqual(["elsewhere.example"]);
  });

  it("SEC-TLS-8: an IP address is verified against the certificate's addresses, without SNI", async () => {
    const names: string[] = [];
    const SNICallback = (name: string, done: (error: Error | null) => void): void => {
      names.push(name);
      done(null);
    };
    const listener = await listen({ tls: { ...material(forLoopback), SNICallback } });
    await open(first(listener, trust, { hostname: "127.0.0.1", serverName: "127.0.0.1" }));
    expect(names).toEqual([]);
    const wrong = await listen({ tls: material(forLocalhost) });
    const error = await transportErrorOf(open(first(wrong, trust, { hostname: "127.0.0.1", serverName: "127.0.0.1" })));
    expect(error.message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("SEED-26: a discovered IP address is verified against the name it was learnt under", async () => {
    const listener = await listen({ tls: material(forLocalhost) });
    await open(first(listener, trust, { hostname: "127.0.0.1", serverName: "localhost" }));
    const error = await transportErrorOf(
      open(first(listener, trust, { hostname: "127.0.0.1", serverName: "wrong.example" })),
    );
    expect(error.code).toBe("TLS_CERTIFICATE_REJECTED");
    expect(error.message).toContain("wrong.example");
  });

  it("P30: tls.servername overrides the name of the target", async () => {
    const listener = await listen({ tls: material(forOther) });
    await open(first(listener, { ...trust, servername: "elsewhere.example" }));
  });

  it("a target without any name to verify fails instead of being verified against a guess", async () => {
    const listener = await listen({ tls: material(forLocalhost), unix: true });
    const target = targetOf({ scheme: "unix", path: listener.path, serverName: "", tls: trust, handshakeFirst: true });
    const error = await transportErrorOf(unixTransport().connect(target, new TestSink(), new AbortController().signal));
    expect(error).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
    const named = await unixTransport().connect(
      { ...target, serverName: "localhost" },
      new TestSink(),
      new AbortController().signal,
    );
    expect(named.encrypted).toBe(true);
    named.destroy();
  });
});

describe("client certificates", () => {
  const mutual = { ...material(forLocalhost), ca: authority.caPem, requestCert: true, rejectUnauthorized: true };

  it("SEC-TLS-3: a client certificate satisfies a server that requires one", async () => {
    const listener = await listen({ tls: mutual });
    const connection = await open(first(listener, { ...trust, cert: clientCert.certPem, key: clientCert.keyPem }));
    connection.write(Buffer.from("hello"));
    const peer = await listener.accept();
    await vi.waitFor(() => expect(Buffer.from(peer.received()).toString()).toBe("hello"));
  });

  it("SEC-TLS-3: bytes work where strings do", async () => {
    const listener = await listen({ tls: mutual });
    const bytes = (pem: string): Uint8Array => new TextEncoder().encode(pem);
    await open(
      first(listener, { ca: [bytes(authority.caPem)], cert: bytes(clientCert.certPem), key: bytes(clientCert.keyPem) }),
    );
    await listener.accept();
  });

  it.each([true, false])(
    "SEC-TLS-3: without one, TLS 1.3 names the alert on the open stream (first: %s)",
    async (handshakeFirst) => {
      const listener = await listen({ tls: { ...mutual, minVersion: "TLSv1.3" } });
      const sink = new TestSink();
      const connection = await open(first(listener, trust, { handshakeFirst }), sink);
      if (!handshakeFirst) await connection.startTls?.();
      await vi.waitFor(() => expect(sink.closings).toHaveLength(1));
      expect(sink.closings[0]).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
      expect(sink.closings[0]?.message).toMatch(/certificate required/i);
      expect(sink.closings[0]?.message).toContain("tls.cert");
    },
  );

  it("SEC-TLS-3: without one, TLS 1.2 fails the handshake", async () => {
    const listener = await listen({ tls: { ...mutual, maxVersion: "TLSv1.2" } });
    const error = await transportErrorOf(open(first(listener, trust)));
    expect(error).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
  });
});

describe("the upgrade", () => {
  const upgrade = (listener: Listener, parts: Partial<DialTarget> = {}): DialTarget =>
    targetOf({ port: listener.port, tls: trust, ...parts });

  it("SEC-TLS-1: happens from within data after a plaintext greeting, and carries both directions", async () => {
    const listener = await listen({ tls: material(forLocalhost), greeting: "INFO {}\r\n" });
    const sink = new TestSink();
    let upgraded: Promise<void> | undefined;
    let connection: TransportConnection | undefined;
    sink.onData = () => {
      sink.onData = () => {};
      upgraded = connection?.startTls?.();
    };
    connection = await open(upgrade(listener), sink);
    expect(connection.encrypted).toBe(false);
    await vi.waitFor(() => expect(upgraded).toBeDefined());
    await upgraded;
    expect(connection.encrypted).toBe(true);
    const peer = await listener.accept();
    connection.write(Buffer.from("CONNECT {}\r\n"));
    peer.send(Buffer.from("PONG\r\n"));
    await vi.waitFor(() => expect(sink.text()).toBe("INFO {}\r\nPONG\r\n"));
    await vi.waitFor(() => expect(Buffer.from(peer.received()).toString()).toBe("CONNECT {}\r\n"));
  });

  it("SEC-TLS-10: plaintext after the upgrade began is never delivered, and fails it", async () => {
    const listener = await listen({});
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    const peer = await listener.accept();
    const upgraded = connection.startTls?.();
    peer.send(Buffer.from('INFO {"connect_urls":["6.6.6.6:4222"]}\r\n'));
    const error = await transportErrorOf(upgraded ?? Promise.resolve());
    expect(error).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
    await vi.waitFor(() => expect(sink.closings).toEqual([error]));
    expect(sink.text()).toBe("");
  });

  it("SEC-TLS-10: plaintext that waits in the socket when the upgrade begins fails it", async () => {
    const listener = await listen({});
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    connection.pause();
    const peer = await listener.accept();
    peer.send(Buffer.from("INFO {}\r\n"));
    // Paused, Node still reads ahead; there is no event to wait for.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const error = await transportErrorOf(connection.startTls?.() ?? Promise.resolve());
    expect(error).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
    expect(error.message).toContain("plaintext");
    await vi.waitFor(() => expect(sink.closings).toEqual([error]));
    expect(sink.text()).toBe("");
  });

  it("rejects a certificate, and tells the sink the same error once", async () => {
    const listener = await listen({ tls: material(forOther) });
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    const error = await transportErrorOf(connection.startTls?.() ?? Promise.resolve());
    expect(error.code).toBe("TLS_CERTIFICATE_REJECTED");
    await vi.waitFor(() => expect(sink.closings).toEqual([error]));
    await connection.close();
    expect(sink.closings).toHaveLength(1);
    await vi.waitFor(() => expect(listener.openSockets).toBe(0));
  });

  it.each(["destroy", "close"] as const)("ends with %s while it runs, and leaves no socket", async (how) => {
    const listener = await listen({});
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    const failed = transportErrorOf(connection.startTls?.() ?? Promise.resolve());
    await listener.accept();
    await connection[how]();
    expect(await failed).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
    await vi.waitFor(() => expect(sink.closings).toEqual([undefined]));
    await vi.waitFor(() => expect(listener.openSockets).toBe(0));
  });

  it("rejects with the very error it is destroyed with", async () => {
    const listener = await listen({});
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    const failed = transportErrorOf(connection.startTls?.() ?? Promise.resolve());
    const error = new TransportError("STREAM_FAILED", "stream", "not wanted any more", connection.remoteAddress);
    connection.destroy(error);
    expect(await failed).toBe(error);
    await vi.waitFor(() => expect(sink.closings).toEqual([error]));
  });

  it.each(["end", "reset"] as const)("fails when the server answers the handshake with an %s", async (how) => {
    const listener = await listen({});
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    const failed = transportErrorOf(connection.startTls?.() ?? Promise.resolve());
    (await listener.accept())[how]();
    const error = await failed;
    expect(error).toMatchObject({ code: "CONNECTION_RESET", phase: "tls" });
    await vi.waitFor(() => expect(sink.closings).toEqual([error]));
  });

  it("sends what was written meanwhile after the handshake, encrypted, and tells drain", async () => {
    const listener = await listen({ tls: material(forLocalhost) });
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    const upgraded = connection.startTls?.();
    expect(connection.write(Buffer.from("secret"))).toBe(false);
    expect(connection.bufferedBytes).toBe(6);
    await upgraded;
    const peer = await listener.accept();
    await vi.waitFor(() => expect(Buffer.from(peer.received()).toString()).toBe("secret"));
    expect(sink.drains).toBe(1);
    expect(connection.bufferedBytes).toBe(0);
  });

  it("keeps a pause across the upgrade", async () => {
    const listener = await listen({ tls: material(forLocalhost) });
    const sink = new TestSink();
    const connection = await open(upgrade(listener), sink);
    connection.pause();
    await connection.startTls?.();
    const peer = await listener.accept();
    peer.send(Buffer.from("later"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sink.text()).toBe("");
    connection.resume();
    await vi.waitFor(() => expect(sink.text()).toBe("later"));
  });

  it("is refused on a stream that is encrypted already, which stays usable", async () => {
    const listener = await listen({ tls: material(forLocalhost) });
    const connection = await open(first(listener, trust));
    expect((await transportErrorOf(connection.startTls?.() ?? Promise.resolve())).code).toBe("TLS_FAILED");
    connection.write(Buffer.from("still here"));
    const peer = await listener.accept();
    await vi.waitFor(() => expect(Buffer.from(peer.received()).toString()).toBe("still here"));
  });

  it("SEC-TLS-11: every dial shakes hands anew", async () => {
    const listener = await listen({ tls: material(forLocalhost) });
    for (const _ of [1, 2]) {
      const connection = await open(first(listener, trust));
      const peer = await listener.accept();
      expect((peer.socket as TLSSocket).isSessionReused()).toBe(false);
      await connection.close();
    }
    expect(listener.accepted).toBe(2);
    expect(listener.tlsErrors).toEqual([]);
  });
});

it("ADR40-3, SEC-TLS-9: a TLS-first dial to a server that talks plaintext first fails with TLS_FAILED", async () => {
  const listener = await listen({ greeting: "INFO {}\r\n" });
  const sink = new TestSink();
  const error = await transportErrorOf(open(first(listener, trust), sink));
  expect(error).toMatchObject({ code: "TLS_FAILED", phase: "tls" });
  expect(error.message).toContain("ERR_SSL_WRONG_VERSION_NUMBER");
  expect(sink.text()).toBe("");
});
