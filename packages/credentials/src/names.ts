// What every entry of this package exports beside the authenticators that sign, which browsers have of their own.

// First, for it refuses siblings that do not fit.
export { version } from "./siblings.js";

// From here on they fit.

export type { Auth, AuthenticationContext, Authenticator, NoAuth } from "@myelin/contracts";
export {
  type AuthenticatorOptions,
  buildAuthenticator,
  type Source,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "./authenticators.js";
export { CredentialsError, type CredentialsErrorCode } from "./credentials-error.js";
export { type Creds, parseCreds } from "./creds.js";
export { nkeys } from "./nkeys.js";
