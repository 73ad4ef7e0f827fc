// What TLS under a WebSocket of `ws` fails with: each in one line that says what, where and what to set. Real TLS on loopback.

import type { ServerOptions } from "node:https";
import type { TlsOptions, TransportError } from "@myelin/contracts";
import { createTestAuthority } from "@myelin/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { TestSink, targetOf } from "../../transport-node/test/subjects.js";
import { webSocketTransport } from "../src/node.js";
import { wsOpeningError } from "../src/ws-errors.js";
import { WebSocketListener } from "./web-socket-server.js";

const authority = await createTestAuthority("ours");
const { certPem: cert, keyPem: key } = await authority.issue({ commonName: "server", dnsNames: ["localhost"] });
const ca = authority.caPem;

async function failure(
  server: ServerOptions | undefined,
  tls: TlsOptions,
  hostname = "localhost",
): Promise<TransportError> {
  const listener = await WebSocketListener.open(server);
  onTestFinished(() => listener.stop());
  const url = `wss://${hostname}:${listener.port}`;
  const target = targetOf({ url, scheme: "wss", hostname, serverName: hostname, port: listener.port, tls });
  const dialled = webSocketTransport().connect(target, new TestSink(), new AbortController().signal);
  const error = await dialled.then(
    () => undefined,
    (cause: TransportError) => cause,
  );
  if (error === undefined) throw new Error("it connected");
  expect(error.message).toContain(`${url} `);
  expect(error.message).not.toMatch(/\n|openssl|routines/);
  return error;
}

const verifying = { cert, key, ca, requestCert: true, rejectUnauthorized: true } as const;

describe("a wss:// that fails", () => {
  it("SEC-TLS-3: at a server that wants a certificate of ours says what to set", async () => {
    const error = await failure(verifying, { ca });
    expect([error.code, error.phase]).toEqual(["TLS_FAILED", "tls"]);
    expect(error.message).toMatch(
      / did not complete TLS: .*certificate required \(ERR_SSL_\w+\): the server wants a client certificate, set tls\.cert and tls\.key$/,
    );
  });

  it("says the same for the alert servers of TLS 1.2 send", () => {
    const words =
      "F0:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../a.c:1:SSL alert number 42\n";
    const error = Object.assign(new Error(words), { code: "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE" });
    const { message } = wsOpeningError("wss://a:1", { type: "error", error });
    expect(message).toMatch(
      /^wss:\/\/a:1 did not complete TLS: sslv3 alert bad certificate .* set tls\.cert and tls\.key$/,
    );
  });

  it("at one that does not know our authority asks for its log, not whether it speaks TLS", () => {
    const words =
      "F0:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../a.c:1:SSL alert number 48\n";
    const error = Object.assign(new Error(words), { code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" });
    expect(wsOpeningError("wss://a:1", { type: "error", error }).message).toBe(
      "wss://a:1 did not complete TLS: tlsv1 alert unknown ca (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA): the server refused it, see its log",
    );
  });

  it("at a port without TLS asks whether it speaks wss://", async () => {
    const error = await failure(undefined, { ca });
    expect(error.code).toBe("TLS_FAILED");
    expect(error.message).toMatch(/wrong version number \(EPROTO\): does the port speak wss:\/\/$/);
  });

  it.each([
    ["CERT_HAS_EXPIRED", "certificate has expired", "it must be renewed"],
    ["CERT_NOT_YET_VALID", "certificate is not yet valid", "check the clocks on both sides"],
  ])("over a certificate that is not of this time says what to do: %s", (code, words, advice) => {
    const error = Object.assign(new Error(words), { code });
    expect(wsOpeningError("wss://a:1", { type: "error", error }).message).toBe(
      `wss://a:1 has a certificate that was rejected: ${words} (${code}): ${advice}`,
    );
  });

  it.each([
    ["an authority we do not know", {}, "localhost", "set tls.ca to the authority that signed it"],
    ["another name", { ca, servername: "example.com" }, "localhost", "set tls.servername to one"],
  ])("over a certificate of %s says what to set", async (_what, tls, hostname, advice) => {
    const error = await failure({ cert, key }, tls, hostname);
    expect(error.code).toBe("TLS_CERTIFICATE_REJECTED");
    expect(error.message.endsWith(advice)).toBe(true);
  });
});
