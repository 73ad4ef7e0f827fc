// The entry of Node, Deno and Bun. That of browsers is browser.ts, with the same names.

// First, for it refuses siblings that do not fit.
export * from "./names.js";

// From here on they fit.

export {
  credsAuthenticator,
  credsFileAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
} from "./signing-authenticators.js";
