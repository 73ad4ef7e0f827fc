// When our own certificate ends, as a stream over `ws` on Node tells it: of the chain, and as it was read at that dial.

import type { DialTarget, TlsOptions, TransportConnection } from "@myelin/contracts";
import { createTestAuthority } from "@myelin/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { TestSink, targetOf } from "../../transport-node/test/subjects.js";
import { webSocketTransport } from "../src/node.js";
import { WebSocketListener } from "./web-socket-server.js";

const authority = await createTestAuthority("ours");
const server = await authority.issue({ commonName: "server", dnsNames: ["localhost"] });
const ending = (year: number) =>
  authority.issue({ commonName: "client", client: true, notAfter: new Date(Date.UTC(year, 0, 1)) });
const [own, sooner, later, gone] = [await ending(2040), await ending(2035), await ending(2045), await ending(2019)];
const [END, SOONER] = [Date.UTC(2040, 0, 1), Date.UTC(2035, 0, 1)];

async function listen(encrypted = true): Promise<WebSocketListener> {
  const tls = {
    cert: server.certPem,
    key: server.keyPem,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: false,
  };
  const listener = await WebSocketListener.open(encrypted ? tls : undefined);
  onTestFinished(() => listener.stop());
  return listener;
}

const transport = webSocketTransport();

function targetOn({ port }: WebSocketListener, tls: TlsOptions | undefined): DialTarget {
  const scheme = tls === undefined ? "ws" : "wss";
  const url = `${scheme}://localhost:${port}`;
  return targetOf({ url, scheme, hostname: "localhost", serverName: "localhost", port, tls });
}

async function connect(target: DialTarget): Promise<TransportConnection> {
  const connection = await transport.connect(target, new TestSink(), new AbortController().signal);
  onTestFinished(() => connection.destroy());
  return connection;
}

const trusting = (more: TlsOptions): TlsOptions => ({ ca: authority.caPem, ...more });

describe("P31: the end of the certificate over wss", () => {
  it.each<[what: string, chain: string, end: number]>([
    ["the only one", own.certPem, END],
    ["the own one of a chain", `${own.certPem}\n${later.certPem}`, END],
    ["another one of a chain that ends first", `${own.certPem}\n${later.certPem}\n${sooner.certPem}`, SOONER],
    ["the own one beside a leftover that had ended before it began", `${own.certPem}\n${gone.certPem}`, END],
  ])("is that of %s", async (_what, chain, end) => {
    const listener = await listen();
    for (const cert of [chain, new TextEncoder().encode(chain)]) {
      const connection = await connect(targetOn(listener, trusting({ cert, key: own.keyPem })));
      expect([connection.certificateExpiresAt, connection.encrypted]).toEqual([end, true]);
    }
  });

  it("is unknown without a certificate, and without encryption", async () => {
    expect((await connect(targetOn(await listen(), trusting({})))).certificateExpiresAt).toBeUndefined();
    expect((await connect(targetOn(await listen(false), undefined))).certificateExpiresAt).toBeUndefined();
  });

  it("is that of the certificate that was read for this dial, also beside another dial of the same target", async () => {
    const listener = await listen();
    const chains = [own.certPem, `${own.certPem}\n${sooner.certPem}`];
    const tls = trusting({ cert: () => chains.shift() ?? "", key: own.keyPem });
    const target = targetOn(listener, tls);
    const both = await Promise.all([connect(target), connect(target)]);
    expect(both.map(({ certificateExpiresAt }) => certificateExpiresAt)).toEqual([END, SOONER]);
  });
});
