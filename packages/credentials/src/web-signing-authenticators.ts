// The names of signing-authenticators.ts for browsers: they sign with the browser's own Ed25519. Wiring only: how they sign is signing.ts.

import type { Authenticator } from "@myelin/contracts";
import type { Source } from "./authenticators.js";
import { signedWithCreds, signedWithCredsFile, signedWithJwt, signedWithNkey } from "./signing.js";
import { readWebSeed } from "./web-key.js";

/**
 * Signs the server's nonce with an nkey. The seed does not leave the process.
 *
 * @param seed ASCII bytes of the seed (`SU…`); a function may fetch it. It is not changed and not kept
 * @throws (rejects with) CredentialsError BAD_SEED, or NO_NONCE when the server wants no signature
 */
export function nkeyAuthenticator(seed: Source<Uint8Array | string>): Authenticator {
  return signedWithNkey(readWebSeed, seed);
}

/**
 * Sends a user JWT and, with `seed`, the server's nonce signed for it. Without a seed the JWT must be a bearer token; it is then
 * fetched before dialling.
 */
export function jwtAuthenticator(jwt: Source<string>, seed?: Source<Uint8Array | string>): Authenticator {
  return signedWithJwt(readWebSeed, jwt, seed);
}

/**
 * Sends the JWT of a `.creds` and signs with its seed.
 *
 * @param creds the text or bytes of the file, or a function that reads it anew at every attempt
 * @throws (rejects with) CredentialsError that tells what is wrong with them
 */
export function credsAuthenticator(creds: Source<Uint8Array | string>): Authenticator {
  return signedWithCreds(readWebSeed, creds);
}

/**
 * {@link credsAuthenticator} on a file that is read again at every attempt. Where the runtime has files: Node, Deno, Bun.
 *
 * @throws (rejects with) CredentialsError CREDS_FILE_UNREADABLE
 */
export function credsFileAuthenticator(path: string): Authenticator {
  return signedWithCredsFile(readWebSeed, path);
}
