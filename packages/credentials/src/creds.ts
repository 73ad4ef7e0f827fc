// The `.creds` format: two armoured blocks in a text, the first a user JWT, the second the seed that signs for it. Lines around
// the blocks and blank lines within them mean nothing. Source: docs.nats.io, "Authenticating with a Credentials File".

import { CredentialsError } from "./credentials-error.js";

/** What a `.creds` holds; both are secret. */
export interface Creds {
  /** User JWT. */
  readonly jwt: string;
  /** Seed of the user's nkey, as ASCII bytes `SU…`; the caller may overwrite them after use. */
  readonly seed: Uint8Array;
}

// Whatever stands between two lines of at least three dashes, the first of which names what follows.
const BLOCK = /-{3,}[^\r\n]*?BEGIN[^\r\n]*?-{3,}[ \t]*\r?\n([\s\S]*?)\r?\n[ \t]*-{3,}/g;

/**
 * Reads a `.creds`.
 *
 * @param creds its text, or the text's bytes
 * @throws CredentialsError NO_USER_JWT_IN_CREDS, NO_SEED_IN_CREDS or BAD_SEED (not a user's seed)
 */
export function parseCreds(creds: Uint8Array | string): Creds {
  const text = typeof creds === "string" ? creds : new TextDecoder().decode(creds);
  const [jwt, seed] = [...text.matchAll(BLOCK)].map(([, body = ""]) => contentOf(body));
  if (jwt === undefined || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(jwt)) {
    const hint = text.includes("-----")
      ? "their first block must be one"
      : "for a path there is credsFileAuthenticator()";
    throw new CredentialsError("NO_USER_JWT_IN_CREDS", `the creds hold no user JWT; ${hint}`);
  }
  if (seed === undefined || seed === "") {
    throw new CredentialsError("NO_SEED_IN_CREDS", "the creds hold no seed; their second block must be one");
  }
  if (!seed.startsWith("SU")) {
    throw new CredentialsError("BAD_SEED", "the seed in the creds is not that of a user; it must begin with SU");
  }
  return { jwt, seed: new TextEncoder().encode(seed) };
}

// Blank lines and comments within a block mean nothing; a value that was wrapped is joined again.
function contentOf(body: string): string {
  return body
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("");
}
