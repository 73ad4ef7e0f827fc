// Authenticators that sign with the field's own library of keys. Names and meanings are those of @nats-io/nats-core v3; sources may be async
// here. Wiring only: how they sign is signing.ts.

import type { Authenticator } from "@myelin/contracts";
import type { Source } from "./authenticators.js";
import { readLibrarySeed } from "./library-key.js";
import { signedWithCreds, signedWithCredsFile, signedWithJwt, signedWithNkey } from "./signing.js";

/**
 * Signs the server's nonce with an nkey. The seed does not leave the process.
 *
 * @param seed ASCII bytes of the seed (`SU…`); a function may fetch it. It is not changed and not kept
 * @throws (rejects with) CredentialsError BAD_SEED, or NO_NONCE when the server wants no signature
 */
export function nkeyAuthenticator(seed: Source<Uint8Array | string>): Authenticator {
  return signedWithNkey(readLibrarySeed, seed);
}

/**
 * Sends a user JWT and, with `seed`, the server's nonce signed for it. Without a seed the JWT must be a bearer token; it is then
 * fetched before dialling.
 */
export function jwtAuthenticator(jwt: Source<string>, seed?: Source<Uint8Array | string>): Authenticator {
  return signedWithJwt(readLibrarySeed, jwt, seed);
}

/**
 * Sends the JWT of a `.creds` and signs with its seed.
 *
 * @param creds the text or bytes of the file, or a function that reads it anew at every attempt
 * @throws (rejects with) CredentialsError that tells what is wrong with them
 */
export function credsAuthenticator(creds: Source<Uint8Array | string>): Authenticator {
  return signedWithCreds(readLibrarySeed, creds);
}

/**
 * {@link credsAuthenticator} on a file that is read again at every attempt. Where the runtime has files: Node, Deno, Bun.
 *
 * @throws (rejects with) CredentialsError CREDS_FILE_UNREADABLE
 */
export function credsFileAuthenticator(path: string): Authenticator {
  return signedWithCredsFile(readLibrarySeed, path);
}
