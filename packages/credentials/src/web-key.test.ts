// What a browser signs with, held against the field's library: the same public keys, the same signatures, the same seeds refused.

import * as library from "@nats-io/nkeys";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as browser from "./browser.js";
import * as node from "./index.js";
import { readLibrarySeed } from "./library-key.js";
import { decodeSeed } from "./nkey-format.js";
import { signedWithNkey } from "./signing.js";
import { readWebSeed } from "./web-key.js";

const NONCE = new TextEncoder().encode("PXoWU7zWAMt75FY");
const CONTEXT = { attempt: 1, server: "wss://127.0.0.1:443", nonce: undefined, lastError: undefined };
const pairs = (): library.KeyPair[] =>
  Array.from({ length: 5 }, () => [
    library.createUser(),
    library.createAccount(),
    library.createOperator(),
    library.createServer(),
    library.createCluster(),
  ]).flat();

afterEach(() => void vi.unstubAllGlobals());

describe("keys in a browser", () => {
  it("P51: it signs as the library does, with a key of any kind, and the library is not asked", async () => {
    const asked = vi.spyOn(library, "fromSeed");
    for (const pair of pairs()) {
      const key = await readWebSeed(pair.getSeed().slice());
      expect(key?.publicKey).toBe(pair.getPublicKey());
      expect(await key?.sign(NONCE)).toEqual(pair.sign(NONCE));
    }
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });

  it("P51: without Ed25519, or on a page that has no crypto.subtle, the library signs", async () => {
    const pair = library.createUser();
    for (const subtle of [
      undefined,
      { importKey: () => Promise.reject(new DOMException("no", "NotSupportedError")) },
    ]) {
      vi.stubGlobal("crypto", { subtle, getRandomValues: () => {} });
      const key = await readWebSeed(pair.getSeed().slice());
      expect(key?.publicKey).toBe(pair.getPublicKey());
      expect(await key?.sign(NONCE)).toEqual(pair.sign(NONCE));
    }
  });

  it("what the library takes for no seed is refused without asking anybody: each wrong character, a part, more than all, another kind of key", async () => {
    vi.stubGlobal("crypto", undefined);
    const pair = library.createUser();
    const seed = pair.getSeed();
    const bad = [
      new Uint8Array(),
      seed.slice(0, -1),
      Uint8Array.of(...seed, 65),
      new TextEncoder().encode(pair.getPublicKey()),
    ];
    for (let at = 0; at < seed.length; at++) {
      for (const unit of [33, 49, 65, 66, 97, 200]) {
        if (seed[at] !== unit) bad.push(seed.map((one, i) => (i === at ? unit : one)));
      }
    }
    let refused = 0;
    for (const one of bad) {
      // It overlooks the bits behind the last whole byte, and so do we.
      const taken = readLibrarySeed(one.slice()) !== undefined;
      expect(decodeSeed(one) !== undefined).toBe(taken);
      if (taken) continue;
      refused++;
      expect(await readWebSeed(one)).toBeUndefined();
    }
    expect(refused).toBeGreaterThan(200);
    expect(decodeSeed(library.createCurve().getSeed())).toBeUndefined();
  });

  it("the authenticators of both entries send the same", async () => {
    const pair = library.createUser();
    const seed = new TextDecoder().decode(pair.getSeed());
    const jwt = "eyJ0eXAi.eyJqdGki.c2lnbmF0dXJl";
    const creds = `-----BEGIN NATS USER JWT-----\n${jwt}\n------END\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END\n`;
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
    for (const make of [
      (entry: typeof node) => entry.nkeyAuthenticator(seed),
      (entry: typeof node) => entry.jwtAuthenticator(jwt, seed),
      (entry: typeof node) => entry.jwtAuthenticator(jwt),
      (entry: typeof node) => entry.credsAuthenticator(creds),
    ]) {
      const [ours, theirs] = [make(browser), make(node)];
      expect(ours.needsNonce).toBe(theirs.needsNonce);
      expect(await ours("nonce", CONTEXT)).toEqual(await theirs("nonce", CONTEXT));
    }
    await expect(browser.nkeyAuthenticator("SUAX")("nonce", CONTEXT)).rejects.toMatchObject({ code: "BAD_SEED" });
  });

  it("a key is cleared once it has signed, or failed to, and so is the seed it was read from", async () => {
    const own = library.createUser().getSeed().slice();
    (await readWebSeed(own))?.clear();
    expect(own.every((byte) => byte === 0)).toBe(true);
    let cleared = 0;
    const key = { publicKey: "U", sign: () => Uint8Array.of(1), clear: () => void cleared++ };
    const failing = { ...key, sign: () => Promise.reject(new Error("no")) };
    await signedWithNkey(() => key, "SU")("nonce", CONTEXT);
    expect(cleared).toBe(1);
    await expect(signedWithNkey(() => failing, "SU")("nonce", CONTEXT)).rejects.toThrow("no");
    expect(cleared).toBe(2);
  });
});
