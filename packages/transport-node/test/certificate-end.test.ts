// When our own certificate ends, as a stream tells it: of the chain, only where it is encrypted, and as it was read at that dial.

import { createTestAuthority } from "@myelin/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { tcpTransport } from "../src/index.js";
import { Listener, TestSink, targetOf } from "./subjects.js";

const authority = await createTestAuthority("ours");
const server = await authority.issue({ commonName: "server", dnsNames: ["localhost"] });
const ending = (year: number) =>
  authority.issue({ commonName: "client", client: true, notAfter: new Date(Date.UTC(year, 0, 1)) });
const [own, sooner, later, gone] = [await ending(2040), await ending(2035), await ending(2045), await ending(2019)];

async function listen(greeting?: string): Promise<Listener> {
  const tls = { cert: server.certPem, key: server.keyPem };
  const listener = await Listener.open(greeting === undefined ? { tls } : { tls, greeting });
  onTestFinished(() => listener.stop());
  return listener;
}

async function endOf(cert: string | undefined, parts: object = {}): Promise<number | undefined> {
  const listener = await listen();
  const tls = { ca: authority.caPem, ...(cert === undefined ? {} : { cert, key: own.keyPem }) };
  const target = targetOf({ port: listener.port, tls, handshakeFirst: true, ...parts });
  const connection = await tcpTransport().connect(target, new TestSink(), new AbortController().signal);
  const end = connection.certificateExpiresAt;
  connection.destroy();
  return end;
}

const [END, SOONER] = [Date.UTC(2040, 0, 1), Date.UTC(2035, 0, 1)];

describe("P31: the end of the certificate", () => {
  it("is that of the first in the chain to end", async () => {
    expect(await endOf(own.certPem)).toBe(END);
    expect(await endOf(`${own.certPem}\n${later.certPem}`)).toBe(END);
    expect(await endOf(`${own.certPem}\n${later.certPem}\n${sooner.certPem}`)).toBe(SOONER);
  });

  it("is not that of a leftover that had ended before our own began", async () => {
    expect(await endOf(`${own.certPem}\n${gone.certPem}`)).toBe(END);
  });

  it("is unknown without a certificate, and without encryption", async () => {
    expect(await endOf(undefined)).toBeUndefined();
    expect(await endOf(own.certPem, { handshakeFirst: false })).toBeUndefined();
  });

  it("is known after an upgrade, as of the certificate that was read for this dial", async () => {
    const listener = await listen("INFO {}\r\n");
    let cert = own.certPem;
    const tls = { ca: authority.caPem, cert: () => cert, key: own.keyPem };
    for (const [chain, end] of [
      [own.certPem, END],
      [`${own.certPem}\n${sooner.certPem}`, SOONER],
    ] as const) {
      cert = chain;
      const sink = new TestSink();
      const greeted = new Promise<void>((resolve) => {
        sink.onData = () => resolve();
      });
      const transport = tcpTransport();
      const connection = await transport.connect(
        targetOf({ port: listener.port, tls }),
        sink,
        new AbortController().signal,
      );
      await greeted;
      expect(connection.certificateExpiresAt).toBeUndefined();
      await connection.startTls?.();
      expect(connection.certificateExpiresAt).toBe(end);
      connection.destroy();
    }
  });
});
