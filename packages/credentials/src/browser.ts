// The entry for browsers, which sign by themselves. That of Node, Deno and Bun is index.ts, with the same names.

// First, for it refuses siblings that do not fit.
export * from "./names.js";

// From here on they fit.

export {
  credsAuthenticator,
  credsFileAuthenticator,
  jwtAuthenticator,
  nkeyAuthenticator,
} from "./web-signing-authenticators.js";
