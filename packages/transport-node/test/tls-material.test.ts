// Where TLS material comes from, and what happens when it changes between two dials: by what a real server on loopback sees.

import { createPrivateKey } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { inspect } from "node:util";
import { type DialTarget, TlsMaterialError, type TlsOptions, TransportError } from "@myelin/contracts";
import { createTestAuthority } from "@myelin/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tcpTransport } from "../src/index.js";
import { TlsMaterialLoader } from "../src/tls-material.js";
import { Listener, TestSink, targetOf, transportErrorOf } from "./subjects.js";

const authority = await createTestAuthority();
const stranger = await createTestAuthority("nobody trusts me");
const [own, first, second] = await Promise.all([
  authority.issue({ commonName: "server", dnsNames: ["localhost"] }),
  authority.issue({ commonName: "first", client: true }),
  authority.issue({ commonName: "second", client: true }),
]);

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let listener: Listener;
let folder: string;
const path = (name: string): string => join(folder, name);
const write = (name: string, text: string): Promise<void> => writeFile(path(name), text);

beforeEach(async () => {
  const tls = { cert: own.certPem, key: own.keyPem, ca: authority.caPem, requestCert: true, rejectUnauthorized: true };
  listener = await Listener.open({ tls });
  folder = await mkdtemp(join(tmpdir(), "myelin-tls-"));
  cleanups.push(
    () => listener.stop(),
    () => rm(folder, { recursive: true }),
  );
  await write("ca.pem", authority.caPem);
  await write("cert.pem", first.certPem);
  await write("key.pem", first.keyPem);
});

/** Dials with one transport and one `tls`, as one connection does, and tells whom the server took us for. */
function dialer(tls: DialTarget["tls"], transport = tcpTransport()) {
  const sink = new TestSink();
  const dial = async (signal = new AbortController().signal): Promise<string> => {
    const target = targetOf({ port: listener.port, tls, handshakeFirst: true });
    const connection = await transport.connect(target, sink, signal);
    cleanups.push(() => connection.destroy());
    const peer = await listener.accept();
    return String((peer.socket as TLSSocket).getPeerCertificate().subject.CN);
  };
  return { dial, warnings: sink.warnings };
}

const fromFiles = (): TlsOptions => ({
  caFile: path("ca.pem"),
  certFile: path("cert.pem"),
  keyFile: path("key.pem"),
});

describe("files", () => {
  it("P31: are read anew at every dial, so that rotated ones are used without a restart", async () => {
    await write("ca.pem", stranger.caPem);
    const { dial, warnings } = dialer(fromFiles());
    expect((await transportErrorOf(dial())).code).toBe("TLS_CERTIFICATE_REJECTED");
    await write("ca.pem", authority.caPem);
    expect(await dial()).toBe("first");
    await write("cert.pem", second.certPem);
    await write("key.pem", second.keyPem);
    expect(await dial()).toBe("second");
    expect(warnings).toEqual([]);
  });

  it.each<[string, () => Promise<void>, string[], string]>([
    [
      "a key that is not yet the certificate's",
      () => write("cert.pem", second.certPem),
      ["tls.certFile", "tls.keyFile"],
      "belong together",
    ],
    ["a key cut off", () => write("key.pem", second.keyPem.slice(0, 60)), ["tls.keyFile"], "no complete private key"],
    ["an empty key", () => write("key.pem", ""), ["tls.keyFile"], "no complete private key"],
    ["a certificate cut off", () => write("cert.pem", second.certPem.slice(0, 200)), ["tls.certFile"], "ends within"],
    [
      "a second certificate cut off",
      () => write("cert.pem", first.certPem + second.certPem.slice(0, 200)),
      ["tls.certFile"],
      "ends within",
    ],
    ["an empty certificate", () => write("cert.pem", ""), ["tls.certFile"], "holds no certificate"],
    ["a missing key", () => rm(path("key.pem")), ["tls.keyFile"], "ENOENT"],
    ["an authority cut off", () => write("ca.pem", authority.caPem.slice(0, 200)), ["tls.caFile"], "ends within"],
    ["an empty list of authorities", () => write("ca.pem", ""), ["tls.caFile"], "holds no certificate"],
    ["a missing list of authorities", () => rm(path("ca.pem")), ["tls.caFile"], "ENOENT"],
  ])(
    "P31: half written, %s keeps what was good last, and says so; without any, the dial fails and names the file",
    async (_, spoil, sources, words) => {
      const { dial, warnings } = dialer(fromFiles());
      expect(await dial()).toBe("first");
      await spoil();
      expect(await dial()).toBe("first");
      expect(await dial()).toBe("first");
      expect(warnings).toHaveLength(2);
      const [warning] = warnings;
      expect(warning).toBeInstanceOf(TlsMaterialError);
      expect(warning).toMatchObject({ code: "TLS_MATERIAL_UNUSABLE", phase: "tls", sources });
      expect(warning?.message).toContain(words);
      expect(warning?.message).toContain("is used again");

      const accepted = listener.accepted;
      const other = dialer(fromFiles());
      const error = await transportErrorOf(other.dial());
      expect(error).toBeInstanceOf(TlsMaterialError);
      expect(error).toMatchObject({ code: "TLS_MATERIAL_UNUSABLE", phase: "tls", sources });
      for (const source of sources) {
        const file = { "tls.caFile": "ca.pem", "tls.certFile": "cert.pem", "tls.keyFile": "key.pem" }[source] ?? "";
        expect(error.message).toContain(`${source} ${path(file)}`);
      }
      expect(error.message).toContain(words);
      expect(other.warnings).toEqual([]);
      expect(listener.accepted).toBe(accepted);
    },
  );

  it("P31: a broken key does not keep a new authority from being trusted, and the finished pair is used at once", async () => {
    await write("ca.pem", stranger.caPem);
    const tls = fromFiles();
    const { dial, warnings } = dialer(tls);
    expect((await transportErrorOf(dial())).code).toBe("TLS_CERTIFICATE_REJECTED");
    await write("ca.pem", authority.caPem);
    await write("key.pem", "");
    expect(await dial()).toBe("first");
    expect(warnings).toHaveLength(1);
    await write("cert.pem", second.certPem);
    await write("key.pem", second.keyPem);
    expect(await dial()).toBe("second");
    expect(warnings).toHaveLength(1);
  });

  it("P31: what was good last belongs to one connection, also on a shared transport", async () => {
    const transport = tcpTransport();
    expect(await dialer(fromFiles(), transport).dial()).toBe("first");
    await write("key.pem", "");
    const error = await transportErrorOf(dialer(fromFiles(), transport).dial());
    expect(error.code).toBe("TLS_MATERIAL_UNUSABLE");
  });

  it("a certificate and key of different kinds do not belong together either", async () => {
    const { generateKeyPairSync } = await import("node:crypto");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    await write("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }).toString());
    const error = await transportErrorOf(dialer(fromFiles()).dial());
    expect(error.message).toContain("do not belong together");
  });
});

describe("functions", () => {
  const text = (pem: string): Uint8Array => new TextEncoder().encode(pem);

  it("P31: of ca, cert and key are asked at every dial, sync or async, text or bytes", async () => {
    let [now, asked] = [first, 0];
    const { dial, warnings } = dialer({
      ca: () => [authority.caPem, text(stranger.caPem)],
      cert: async () => now.certPem,
      key: () => {
        asked++;
        return text(now.keyPem);
      },
    });
    expect(await dial()).toBe("first");
    now = second;
    expect(await dial()).toBe("second");
    expect([asked, warnings]).toEqual([2, []]);
  });

  it("P31: tls itself may be one; its handshakeFirst and servername count", async () => {
    let now: TlsOptions = { ca: authority.caPem, cert: first.certPem, key: first.keyPem };
    const sink = new TestSink();
    const transport = tcpTransport();
    const tls = async (): Promise<TlsOptions> => ({ ...now, handshakeFirst: true, servername: "localhost" });
    const target = targetOf({ port: listener.port, tls, handshakeFirst: false, serverName: "wrong.example" });
    for (const name of ["first", "second"]) {
      const connection = await transport.connect(target, sink, new AbortController().signal);
      cleanups.push(() => connection.destroy());
      expect(connection.encrypted).toBe(true);
      const peer = await listener.accept();
      expect((peer.socket as TLSSocket).getPeerCertificate().subject.CN).toBe(name);
      now = { ca: authority.caPem, cert: second.certPem, key: second.keyPem };
    }
  });

  it("P31: that answer files or a half-replaced pair keep what was good last, too", async () => {
    let answer: TlsOptions = fromFiles();
    const { dial, warnings } = dialer(() => answer);
    expect(await dial()).toBe("first");
    answer = { ca: authority.caPem, cert: second.certPem, key: first.keyPem };
    expect(await dial()).toBe("first");
    expect(warnings).toMatchObject([{ sources: ["tls.cert", "tls.key"] }]);
    answer = { ca: authority.caPem, cert: second.certPem, key: second.keyPem };
    expect(await dial()).toBe("second");
  });

  const broken = new Error("the vault is sealed");
  const throws = (): never => {
    throw broken;
  };
  const pair = { cert: first.certPem, key: first.keyPem };
  it.each<[string, string, DialTarget["tls"], string]>([
    ["tls throws", "tls", throws, "the vault is sealed"],
    ["tls rejects", "tls", () => Promise.reject(broken), "the vault is sealed"],
    ["tls answers nothing", "tls", (() => undefined) as never, "no object"],
    ["ca throws", "tls.ca", { ca: throws }, "the vault is sealed"],
    ["cert rejects", "tls.cert", { ...pair, cert: () => Promise.reject(broken) }, "the vault is sealed"],
    ["key throws", "tls.key", { ...pair, key: throws }, "the vault is sealed"],
    ["key answers nothing", "tls.key", { ...pair, key: (() => undefined) as never }, "must be PEM"],
    [
      "ca is a path",
      "tls.ca",
      { ca: "/run/tls/ca.pem" },
      "tls.ca holds no certificate; the path of a file is given as tls.caFile",
    ],
    ["cert is a path", "tls.cert", { ...pair, cert: "client.pem" }, "the path of a file is given as tls.certFile"],
    ["key is a path", "tls.key", { ...pair, key: "./key.pem" }, "the path of a file is given as tls.keyFile"],
    ["ca answers numbers", "tls.ca", { ca: (() => [1]) as never }, "must be PEM"],
  ])("P31: fail that dial only and by name, before a socket: %s", async (_, source, tls, words) => {
    const error = await transportErrorOf(dialer(tls).dial());
    expect(error).toBeInstanceOf(TlsMaterialError);
    expect(error).toMatchObject({ code: "TLS_MATERIAL_UNUSABLE", phase: "tls", sources: [source] });
    expect(error.message).toContain(`nats://localhost:${listener.port}: `);
    expect(error.message).toContain(words);
    if (words === broken.message) expect(error.cause).toBe(broken);
    expect(listener.accepted).toBe(0);
  });

  it("P31: that throw are not covered by what was good last, and the next dial asks again", async () => {
    let fails = false;
    const { dial, warnings } = dialer({
      ca: authority.caPem,
      cert: first.certPem,
      key: () => (fails ? throws() : first.keyPem),
    });
    expect(await dial()).toBe("first");
    fails = true;
    expect((await transportErrorOf(dial())).message).toContain("tls.key failed");
    fails = false;
    expect(await dial()).toBe("first");
    expect(warnings).toEqual([]);
  });

  it.each<[string, (hang: (signal: AbortSignal) => Promise<never>) => DialTarget["tls"]]>([
    ["tls", (hang) => hang],
    ["tls.key", (hang) => ({ ...pair, key: hang })],
  ])(
    "P31: an abort ends the wait for %s at once, with the signal's reason, and the function is told",
    async (_, make) => {
      let told: AbortSignal | undefined;
      const tls = make((signal) => {
        told = signal;
        return new Promise<never>(() => {});
      });
      const controller = new AbortController();
      const dialled = dialer(tls).dial(controller.signal);
      await vi.waitFor(() => expect(told).toBeDefined());
      controller.abort("given up");
      await expect(dialled).rejects.toBe("given up");
      expect(told?.aborted).toBe(true);
      expect(listener.accepted).toBe(0);
    },
  );
});

describe("options", () => {
  it.each<[string, TlsOptions]>([
    ["tls.ca and tls.caFile exclude each other", { ca: "", caFile: "/nowhere" }],
    ["tls.key and tls.keyFile exclude each other", { certFile: "/nowhere", key: () => "", keyFile: "/nowhere" }],
    ["tls.cert needs its private key", { certFile: "/nowhere" }],
    ["tls.key needs its certificate", { key: "" }],
  ])("that contradict each other are refused before anything is dialled: %s", async (words, tls) => {
    const error = await transportErrorOf(dialer(tls).dial());
    expect([error.code, error.phase]).toEqual(["UNSUPPORTED_TARGET", "tls"]);
    expect(error.message).toContain(words);
    expect(listener.accepted).toBe(0);
  });

  it("a key that is none fails before a socket, and is not shown", async () => {
    const tls = { ca: authority.caPem, cert: first.certPem, key: "not a key at all" };
    const error = await transportErrorOf(dialer(tls).dial());
    expect(error).toMatchObject({ code: "TLS_MATERIAL_UNUSABLE", phase: "tls", sources: ["tls.key"] });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("not a key at all");
    expect(listener.accepted).toBe(0);
  });

  it("an encrypted key needs its passphrase, and neither is shown when it is wrong", async () => {
    const passphrase = "correct horse";
    const key = createPrivateKey(first.keyPem)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase })
      .toString();
    const tls = { ca: authority.caPem, cert: first.certPem, key };
    expect(await dialer({ ...tls, passphrase }).dial()).toBe("first");
    for (const wrong of [undefined, "battery staple"]) {
      const error = await transportErrorOf(dialer({ ...tls, passphrase: wrong }).dial());
      expect(error).toMatchObject({ sources: ["tls.key"] });
      expect(error.message).toContain("tls.passphrase");
      const shown = inspect(error, { depth: 9, showHidden: true });
      for (const secret of ["battery staple", key.slice(60, 90)]) expect(shown).not.toContain(secret);
    }
    const number = await transportErrorOf(dialer({ ...tls, passphrase: 4_711 as never }).dial());
    expect(number).toMatchObject({ sources: ["tls.passphrase"] });
    expect(number.message).not.toContain("4711");
  });

  it("D18: what is handed to the handshake, and may be held for long, shows neither key nor passphrase to an inspection", async () => {
    const tls = { ...fromFiles(), passphrase: "not needed" };
    const target = targetOf({ port: listener.port, tls });
    const loaded = await new TlsMaterialLoader().load(target, new TestSink(), new AbortController().signal);
    expect(loaded.material.secureContext).toBeDefined();
    const shown = inspect(loaded, { depth: 9, showHidden: true });
    for (const secret of ["not needed", first.keyPem.slice(30, 60)]) expect(shown).not.toContain(secret);
  });

  it("of a path that is none are refused, not read as an open file", async () => {
    const error = await transportErrorOf(dialer({ caFile: 0 as never }).dial());
    expect(error).toBeInstanceOf(TransportError);
    expect(error.message).toContain("tls.caFile must be a path");
  });
});
