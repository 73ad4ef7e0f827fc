// The ways TLS fails, and that none of them shows a key or a passphrase.

import { createPrivateKey } from "node:crypto";
import { createTestAuthority, RealServer } from "@myelin/testing";
import type { ConnectError, ConnectionOptions, TlsOptions } from "myelin";
import { expect, it, onTestFinished } from "vitest";
import { canariesOf, Witness } from "./canaries.js";
import { next, record } from "./conditions.js";
import { open } from "./opened.js";
import { tlsFiles } from "./tls-files.js";

const PASSPHRASE = "canary-passphrase";
const WRONG = "canary-wrong-passphrase";

const [authority, stranger] = [await createTestAuthority(), await createTestAuthority("nobody trusts me")];
const [node, client, other, foreign] = await Promise.all([
  authority.issue({ commonName: "node", ipAddresses: ["127.0.0.1"] }),
  authority.issue({ commonName: "client", client: true }),
  authority.issue({ commonName: "other", client: true }),
  stranger.issue({ commonName: "foreign", client: true }),
]);
const encrypted = createPrivateKey(client.keyPem)
  .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: PASSPHRASE })
  .toString();
// Cut in its last line: everything above it is still a secret.
const cut = client.keyPem.slice(0, client.keyPem.indexOf("-----END") - 12);
const canaries = [
  PASSPHRASE,
  WRONG,
  ...[client, other, foreign].flatMap(({ keyPem }) => canariesOf(keyPem)),
  ...canariesOf(encrypted),
];

async function verifying() {
  const files = await tlsFiles(authority, node, ", verify: true");
  onTestFinished(files.remove);
  const server = await RealServer.start({ config: files.config });
  onTestFinished(() => server.stop());
  return server;
}

it("SEC-1, D18: the canaries would be found, in a string, in bytes and in a hidden property", () => {
  for (const secret of [
    { key: client.keyPem },
    { key: Buffer.from(encrypted) },
    Object.defineProperty(new Error("x"), "passphrase", { value: WRONG, enumerable: false }),
    new Error("outside", { cause: new Error(`key: ${foreign.keyPem}`) }),
  ]) {
    const witness = new Witness();
    witness.see(secret);
    expect(() => witness.expectNone(canaries)).toThrow();
  }
});

it("SEC-1, D18: no failure of TLS shows a private key or a passphrase, in errors, events, inspection or the connection", {
  timeout: 60_000,
}, async () => {
  const server = await verifying();
  const witness = new Witness();
  const trust = { ca: authority.caPem };
  const locked = { ...trust, cert: client.certPem, key: encrypted };
  const files = await tlsFiles(authority, client);
  onTestFinished(files.remove);
  await files.write({ key: cut });
  const scenes: Record<string, readonly [TlsOptions | (() => TlsOptions), string]> = {
    "a wrong passphrase": [{ ...locked, passphrase: WRONG }, "TLS_MATERIAL_UNUSABLE"],
    "no passphrase": [locked, "TLS_MATERIAL_UNUSABLE"],
    "the passphrase as bytes": [{ ...locked, passphrase: Buffer.from(PASSPHRASE) as never }, "INVALID_ARGUMENT"],
    "a key cut off": [{ ...locked, key: cut }, "TLS_MATERIAL_UNUSABLE"],
    "a key cut off, in a file": [files.options, "TLS_MATERIAL_UNUSABLE"],
    "a key cut off, from a function": [{ ...locked, key: () => Buffer.from(cut) }, "TLS_MATERIAL_UNUSABLE"],
    "a key in place of the certificate": [
      { ...locked, cert: client.keyPem, key: client.keyPem },
      "TLS_MATERIAL_UNUSABLE",
    ],
    "a key in an object": [{ ...locked, key: { pem: client.keyPem } as never }, "INVALID_ARGUMENT"],
    "another certificate's key": [{ ...locked, key: other.keyPem }, "TLS_MATERIAL_UNUSABLE"],
    "a function that fails beside a key": [
      { ...locked, passphrase: PASSPHRASE, cert: () => Promise.reject(new Error("sealed")) },
      "TLS_MATERIAL_UNUSABLE",
    ],
    "a source given twice": [{ ...locked, passphrase: PASSPHRASE, keyFile: "/nowhere" }, "UNSUPPORTED_TARGET"],
    "a server nobody vouches for": [
      { ...locked, passphrase: PASSPHRASE, ca: stranger.caPem },
      "TLS_CERTIFICATE_REJECTED",
    ],
    "a server of another name": [
      { ...locked, passphrase: PASSPHRASE, servername: "wrong.example" },
      "TLS_CERTIFICATE_REJECTED",
    ],
    "the same, from a function": [
      () => ({ ...locked, passphrase: PASSPHRASE, servername: "wrong.example" }),
      "TLS_CERTIFICATE_REJECTED",
    ],
    "our certificate, refused": [{ ...trust, cert: foreign.certPem, key: foreign.keyPem }, "TLS_FAILED"],
  };
  for (const [scene, [tls, code]] of Object.entries(scenes)) {
    const options: ConnectionOptions = { servers: server.url, tls };
    const error = await open(options).then(
      () => expect.unreachable(`connected with ${scene}`),
      (reason: ConnectError) => reason,
    );
    expect([scene, error.code]).toEqual([scene, code]);
    witness.see(error);
  }

  // And while a connection lives: replaced by half a key, and by a certificate the server refuses.
  await files.write({ key: client.keyPem });
  const nc = await open({ servers: server.url, tls: files.options, reconnectTimeWait: 20, reconnectJitterTLS: 0 });
  const seen = record(nc, "disconnect", "attemptFailed", "error", "reconnecting", "reconnect");
  await files.write({ key: cut });
  let told = next(nc, "reconnect");
  await nc.reconnect();
  await told;
  expect(seen.filter(({ type }) => type === "error")).toHaveLength(1);
  await files.write({ cert: foreign.certPem, key: foreign.keyPem });
  const failed = next(nc, "attemptFailed");
  await nc.reconnect();
  await failed;
  await files.write({ cert: client.certPem, key: client.keyPem });
  told = next(nc, "reconnect");
  await told;
  for (const value of [nc, nc.getServers(), nc.stats(), seen, ...seen.map((s) => ("error" in s ? s.error : s))]) {
    witness.see(value);
  }
  expect(witness.texts).toBeGreaterThan(50);
  witness.expectNone(canaries);
});
