// How authenticators sign the server's nonce: an nkey, a user JWT with its seed, a `.creds`. Each asks its sources anew at every attempt and
// keeps nothing of what they gave. Who does the arithmetic is given: the library's authenticators are signing-authenticators.ts, the
// browser's web-signing-authenticators.ts.

import {
  type Auth,
  type AuthenticationContext,
  type Authenticator,
  InvalidArgumentError,
  type NoAuth,
} from "@myelin/contracts";
import { ask, type Source, withoutNonce } from "./authenticators.js";
import { CredentialsError } from "./credentials-error.js";
import { parseCreds } from "./creds.js";
import { expiryOf } from "./jwt.js";

/** A key pair that signs. */
export interface SigningKey {
  /** Public nkey, such as `U…`. */
  readonly publicKey: string;
  /** Ed25519, 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** To be used no more: what can be overwritten of it is. */
  clear(): void;
}

/** Reads the ASCII bytes of a seed, which are its own; `undefined` when they are none. */
export type ReadSeed = (seed: Uint8Array) => SigningKey | undefined | Promise<SigningKey | undefined>;

export function signedWithNkey(read: ReadSeed, seed: Source<Uint8Array | string>): Authenticator {
  return withNonce(async (nonce, context) => {
    if (nonce === undefined) {
      throw new CredentialsError(
        "NO_NONCE",
        `${context.server} sent no nonce to sign; configure nkey users on it, or use other credentials`,
      );
    }
    return signing(read, await ask(seed, context), nonce, ({ publicKey }, sig) => ({ nkey: publicKey, sig }));
  });
}

export function signedWithJwt(
  read: ReadSeed,
  jwt: Source<string>,
  seed: Source<Uint8Array | string> | undefined,
): Authenticator {
  if (seed === undefined) {
    return withoutNonce(async (context) => {
      const token = await ask(jwt, context);
      return { jwt: token, ...ending(token) };
    });
  }
  return withNonce(async (nonce, context) => signed(read, await ask(jwt, context), await ask(seed, context), nonce));
}

export function signedWithCreds(read: ReadSeed, creds: Source<Uint8Array | string>): Authenticator {
  return withNonce(async (nonce, context) => {
    const { jwt, seed } = parseCreds(await ask(creds, context));
    try {
      return await signed(read, jwt, seed, nonce);
    } finally {
      seed.fill(0);
    }
  });
}

export function signedWithCredsFile(read: ReadSeed, path: string): Authenticator {
  if (path === "") throw new InvalidArgumentError("path", "is empty; give the path of a .creds file");
  return signedWithCreds(read, () => readFile(path));
}

function withNonce(
  authenticate: (nonce: string | undefined, context: AuthenticationContext) => Promise<Auth | NoAuth>,
): Authenticator {
  return Object.assign(authenticate, { needsNonce: true });
}

// A server that sends no nonce asks for no signature; it may still know the user of the JWT.
async function signed(
  read: ReadSeed,
  jwt: string,
  seed: Uint8Array | string,
  nonce: string | undefined,
): Promise<Auth> {
  if (nonce === undefined) return { jwt, ...ending(jwt) };
  return signing(read, seed, nonce, (_key, sig) => ({ jwt, sig, ...ending(jwt) }));
}

// The nonce as the server wrote it, byte by byte; the signature as base64url without padding.
async function signing(
  read: ReadSeed,
  seed: Uint8Array | string,
  nonce: string,
  auth: (key: SigningKey, sig: string) => Auth,
): Promise<Auth> {
  // A copy, because clearing the key may overwrite what it was made of.
  const key = await read(typeof seed === "string" ? new TextEncoder().encode(seed.trim()) : seed.slice());
  // Without a cause: nobody knows how much of the seed its message shows.
  if (key === undefined) {
    throw new CredentialsError("BAD_SEED", "the seed is not one: it must be a whole nkey seed, such as SU…");
  }
  try {
    const signature = await key.sign(new TextEncoder().encode(nonce));
    const base64 = btoa(String.fromCharCode(...signature));
    return auth(key, base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""));
  } finally {
    key.clear();
  }
}

function ending(jwt: string): Pick<Auth, "expiresAt"> {
  const expiresAt = expiryOf(jwt);
  return expiresAt === undefined ? {} : { expiresAt };
}

interface Files {
  readFile(path: string): Promise<Uint8Array>;
}

// Asked of the runtime instead of imported: this package is bundled for browsers too.
async function readFile(path: string): Promise<Uint8Array> {
  const { process } = globalThis as {
    readonly process?: { readonly getBuiltinModule?: (name: string) => Files | undefined };
  };
  const files = process?.getBuiltinModule?.("node:fs/promises");
  if (files === undefined) {
    throw new CredentialsError(
      "CREDS_FILE_UNREADABLE",
      "this runtime has no files; give credsAuthenticator the bytes, or a function that fetches them",
    );
  }
  try {
    return await files.readFile(path);
  } catch (cause) {
    throw new CredentialsError("CREDS_FILE_UNREADABLE", `the credentials file ${path} cannot be read`, { cause });
  }
}
