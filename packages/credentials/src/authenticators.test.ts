import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Auth, AuthenticationContext, Authenticator } from "@myelin/contracts";
import * as nkeys from "@nats-io/nkeys";
import { describe, expect, it } from "vitest";
import {
  buildAuthenticator,
  credsAuthenticator,
  credsFileAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "./index.js";

const NONCE = "PXoWU7zWAMt75FY";
const JWT = "eyJ0eXAi.eyJqdGki.c2lnbmF0dXJl";
const text = new TextEncoder();

function contextOf(nonce: string | undefined): AuthenticationContext {
  return { attempt: 3, server: "nats://127.0.0.1:4222", nonce, lastError: undefined };
}

async function ask(authenticator: Authenticator, nonce: string | undefined = NONCE): Promise<Auth> {
  return (await authenticator(nonce, contextOf(nonce))) ?? {};
}

function signatureIn(auth: Auth): Uint8Array {
  return new Uint8Array(Buffer.from(auth.sig ?? "", "base64url"));
}

function credsOf(seed: string): string {
  return `-----BEGIN NATS USER JWT-----\n${JWT}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
}

describe("user, password and token", () => {
  it("SEC-USERPASS-6: may be functions, sync or async, asked at every attempt and told about it", async () => {
    const asked: number[] = [];
    const authenticator = usernamePasswordAuthenticator("ann", async ({ attempt }) => {
      asked.push(attempt);
      return `pass ${asked.length}`;
    });
    expect(await ask(authenticator)).toEqual({ user: "ann", pass: "pass 1" });
    expect(await ask(authenticator)).toEqual({ user: "ann", pass: "pass 2" });
    expect(asked).toEqual([3, 3]);
  });

  it("need no nonce, so that they are fetched before dialling", async () => {
    expect(usernamePasswordAuthenticator("a", "b").needsNonce).toBe(false);
    expect(tokenAuthenticator("t").needsNonce).toBe(false);
    expect(jwtAuthenticator(JWT).needsNonce).toBe(false);
    expect(nkeyAuthenticator("SU").needsNonce).toBe(true);
    expect(credsAuthenticator("").needsNonce).toBe(true);
    expect(await ask(tokenAuthenticator("s!$%"))).toEqual({ auth_token: "s!$%" });
  });
});

describe("nkey", () => {
  it("SEC-NKEY-1, SEC-NKEY-2: signs the nonce's bytes; the signature is base64url without padding", async () => {
    const user = nkeys.createUser();
    const auth = await ask(nkeyAuthenticator(user.getSeed()));
    expect(Object.keys(auth).sort()).toEqual(["nkey", "sig"]);
    expect(auth.nkey).toBe(user.getPublicKey());
    expect(auth.sig).toMatch(/^[\w-]{86}$/);
    expect(nkeys.fromPublic(user.getPublicKey()).verify(text.encode(NONCE), signatureIn(auth))).toBe(true);
  });

  it("SEC-NKEY-4: takes the seed as bytes, as text, and from an async function; the caller's bytes are not changed", async () => {
    const user = nkeys.createUser();
    const seed = user.getSeed();
    const copy = seed.slice();
    const asText = new TextDecoder().decode(seed);
    const sigs = [
      await ask(nkeyAuthenticator(seed)),
      await ask(nkeyAuthenticator(asText)),
      await ask(nkeyAuthenticator(async () => seed)),
    ].map(({ sig }) => sig);
    expect(new Set(sigs).size).toBe(1);
    expect(seed).toEqual(copy);
  });

  it("SEC-NKEY-4: a plain function from nonce to signature is an authenticator too", async () => {
    const user = nkeys.createUser();
    const own: Authenticator = (nonce) => ({
      nkey: user.getPublicKey(),
      sig: Buffer.from(user.sign(text.encode(nonce))).toString("base64url"),
    });
    expect(signatureIn(await ask(own))).toHaveLength(64);
  });

  it("SEC-NKEY-3: the seed is in nothing that is sent", async () => {
    const user = nkeys.createUser();
    const seed = new TextDecoder().decode(user.getSeed());
    expect(JSON.stringify(await ask(nkeyAuthenticator(seed)))).not.toContain(seed.slice(2, 20));
    expect(JSON.stringify(await ask(credsAuthenticator(credsOf(seed))))).not.toContain(seed.slice(2, 20));
  });

  it("SEC-NKEY-5: a bad checksum, prefix or length is refused without showing the seed", async () => {
    const good = new TextDecoder().decode(nkeys.createUser().getSeed());
    const flipped = `${good.slice(0, 30)}${good[30] === "A" ? "B" : "A"}${good.slice(31)}`;
    for (const bad of [flipped, `X${good.slice(1)}`, good.slice(0, -4), `${good}AAAA`, "", "nonsense!"]) {
      await expect(ask(nkeyAuthenticator(bad))).rejects.toMatchObject({ code: "BAD_SEED" });
      await ask(nkeyAuthenticator(bad)).catch((error: Error) => {
        expect(`${error.stack}${String(error.cause)}`).not.toContain(good.slice(4, 20));
      });
    }
  });

  it("SEC-NKEY-6: a server without nonce is a clear error that names it", async () => {
    await expect(nkeyAuthenticator("SU")(undefined, contextOf(undefined))).rejects.toMatchObject({
      code: "NO_NONCE",
      message: expect.stringContaining("nats://127.0.0.1:4222") as string,
    });
  });

  it("SEC-NKEY-7: another nonce has another signature", async () => {
    const authenticator = nkeyAuthenticator(nkeys.createUser().getSeed());
    const one = await ask(authenticator, "nonce one");
    const two = await ask(authenticator, "nonce two");
    expect(one.sig).not.toBe(two.sig);
  });
});

describe("JWT and creds", () => {
  it("SEC-CREDS-2: sends JWT and signature, and no nkey", async () => {
    const user = nkeys.createUser();
    const auth = await ask(credsAuthenticator(credsOf(new TextDecoder().decode(user.getSeed()))));
    expect(Object.keys(auth).sort()).toEqual(["jwt", "sig"]);
    expect(auth.jwt).toBe(JWT);
    expect(user.verify(text.encode(NONCE), signatureIn(auth))).toBe(true);
  });

  it("SEC-CREDS-6: a bearer JWT goes without signature", async () => {
    expect(await ask(jwtAuthenticator(JWT))).toEqual({ jwt: JWT });
    expect(await ask(jwtAuthenticator(async () => JWT))).toEqual({ jwt: JWT });
  });

  it("SEC-CREDS-4: bytes, text, a function or a file, read anew at every attempt", async () => {
    const folder = await mkdtemp(join(tmpdir(), "creds-"));
    try {
      const path = join(folder, "user.creds");
      const [one, two] = [nkeys.createUser(), nkeys.createUser()];
      const file = credsFileAuthenticator(path);
      await expect(ask(file)).rejects.toMatchObject({ code: "CREDS_FILE_UNREADABLE" });
      for (const user of [one, two]) {
        const creds = credsOf(new TextDecoder().decode(user.getSeed()));
        await writeFile(path, creds);
        for (const source of [file, credsAuthenticator(text.encode(creds)), credsAuthenticator(() => creds)]) {
          expect(user.verify(text.encode(NONCE), signatureIn(await ask(source)))).toBe(true);
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("buildAuthenticator", () => {
  it("merges everything, later ones winning, and needs a nonce when one of them does", async () => {
    const own: Authenticator = () => ({ user: "later" });
    const merged = buildAuthenticator({ user: "ann", pass: "p", authenticator: [own, jwtAuthenticator(JWT)] });
    expect(merged.needsNonce).toBe(false);
    expect(await ask(merged)).toEqual({ user: "later", pass: "p", jwt: JWT });
    expect(buildAuthenticator({ token: "t", authenticator: nkeyAuthenticator("SU") }).needsNonce).toBe(true);
  });
});
