// Authenticators that sign the server's nonce: an nkey, a user JWT with its seed, a `.creds`. Each asks its sources anew at every attempt and
// keeps nothing of what they gave. Names and meanings are those of @nats-io/nats-core v3; sources may be async here.

import {
  type Auth,
  type AuthenticationContext,
  type Authenticator,
  InvalidArgumentError,
  type NoAuth,
} from "@myelin/contracts";
import { fromSeed, type KeyPair } from "@nats-io/nkeys";
import { ask, type Source, withoutNonce } from "./authenticators.js";
import { CredentialsError } from "./credentials-error.js";
import { parseCreds } from "./creds.js";
import { expiryOf } from "./jwt.js";

/**
 * Signs the server's nonce with an nkey. The seed does not leave the process.
 *
 * @param seed ASCII bytes of the seed (`SU…`); a function may fetch it. It is not changed and not kept
 * @throws (rejects with) CredentialsError BAD_SEED, or NO_NONCE when the server wants no signature
 */
export function nkeyAuthenticator(seed: Source<Uint8Array | string>): Authenticator {
  return withNonce(async (nonce, context) => {
    if (nonce === undefined) {
      throw new CredentialsError(
        "NO_NONCE",
        `${context.server} sent no nonce to sign; configure nkey users on it, or use other credentials`,
      );
    }
    const pair = keyPairOf(await ask(seed, context));
    try {
      return { nkey: pair.getPublicKey(), sig: signatureOf(pair, nonce) };
    } finally {
      pair.clear();
    }
  });
}

/**
 * Sends a user JWT and, with `seed`, the server's nonce signed for it. Without a seed the JWT must be a bearer token; it is then
 * fetched before dialling.
 */
export function jwtAuthenticator(jwt: Source<string>, seed?: Source<Uint8Array | string>): Authenticator {
  if (seed === undefined) {
    return withoutNonce(async (context) => {
      const token = await ask(jwt, context);
      return { jwt: token, ...ending(token) };
    });
  }
  return withNonce(async (nonce, context) => signed(await ask(jwt, context), await ask(seed, context), nonce));
}

/**
 * Sends the JWT of a `.creds` and signs with its seed.
 *
 * @param creds the text or bytes of the file, or a function that reads it anew at every attempt
 * @throws (rejects with) CredentialsError that tells what is wrong with them
 */
export function credsAuthenticator(creds: Source<Uint8Array | string>): Authenticator {
  return withNonce(async (nonce, context) => {
    const { jwt, seed } = parseCreds(await ask(creds, context));
    try {
      return signed(jwt, seed, nonce);
    } finally {
      seed.fill(0);
    }
  });
}

/**
 * {@link credsAuthenticator} on a file that is read again at every attempt. Where the runtime has files: Node, Deno, Bun.
 *
 * @throws (rejects with) CredentialsError CREDS_FILE_UNREADABLE
 */
export function credsFileAuthenticator(path: string): Authenticator {
  if (path === "") throw new InvalidArgumentError("path", "is empty; give the path of a .creds file");
  return credsAuthenticator(() => readFile(path));
}

function withNonce(
  authenticate: (nonce: string | undefined, context: AuthenticationContext) => Promise<Auth | NoAuth>,
): Authenticator {
  return Object.assign(
    (nonce: string | undefined, context: AuthenticationContext): Promise<Auth | NoAuth> => authenticate(nonce, context),
    { needsNonce: true },
  );
}

// A server that sends no nonce asks for no signature; it may still know the user of the JWT.
function signed(jwt: string, seed: Uint8Array | string, nonce: string | undefined): Auth {
  if (nonce === undefined) return { jwt, ...ending(jwt) };
  const pair = keyPairOf(seed);
  try {
    return { jwt, sig: signatureOf(pair, nonce), ...ending(jwt) };
  } finally {
    pair.clear();
  }
}

function ending(jwt: string): Pick<Auth, "expiresAt"> {
  const expiresAt = expiryOf(jwt);
  return expiresAt === undefined ? {} : { expiresAt };
}

function keyPairOf(seed: Uint8Array | string): KeyPair {
  // A copy, because clearing the pair may overwrite what it was made of.
  const bytes = typeof seed === "string" ? new TextEncoder().encode(seed.trim()) : seed.slice();
  try {
    return fromSeed(bytes);
  } catch {
    // The cause is left out: nobody knows how much of the seed its message shows.
    throw new CredentialsError("BAD_SEED", "the seed is not one: it must be a whole nkey seed, such as SU…");
  }
}

// The nonce as the server wrote it, byte by byte; base64url without padding.
function signatureOf(pair: KeyPair, nonce: string): string {
  const signature = pair.sign(new TextEncoder().encode(nonce));
  return btoa(String.fromCharCode(...signature))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
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
