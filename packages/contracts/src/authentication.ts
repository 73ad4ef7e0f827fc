// What yields credentials, and what it is told. Words only: who signs and how is the business of @myelin/credentials, when it
// is called that of the client.

/** The fields of CONNECT an authenticator may set; all secret but `user` and `nkey`. */
export interface Auth {
  /** A token. */
  readonly auth_token?: string | undefined;
  /** User name. */
  readonly user?: string | undefined;
  /** Password of `user`. */
  readonly pass?: string | undefined;
  /** Public user nkey, `U…`. */
  readonly nkey?: string | undefined;
  /** User JWT. */
  readonly jwt?: string | undefined;
  /** The server's nonce, signed; base64url without padding. */
  readonly sig?: string | undefined;
  /**
   * When these credentials end, in milliseconds since the Unix epoch. Not sent: with it the connection moves to a link with
   * fresh ones in time (`refreshBefore`).
   */
  readonly expiresAt?: number | undefined;
}

/** No credentials, as in nats.js. */
// biome-ignore lint/suspicious/noConfusingVoidType: an authenticator may return nothing
export type NoAuth = void;

/** What an authenticator is told about the attempt it is called for. */
export interface AuthenticationContext {
  /** 1 for the first attempt of this connection, then counting on. */
  readonly attempt: number;
  /** URL of the server to be dialled, without credentials and without the values of its query. */
  readonly server: string;
  /** What the server wants signed; `undefined` before dialling, and when it sent none. */
  readonly nonce: string | undefined;
  /** Why this server refused our credentials last time, if that is how the last attempt on it ended. */
  readonly lastError: Error | undefined;
}

/**
 * Yields credentials; called once for every attempt, never cached, and may be async. A throw or rejection fails that attempt
 * only.
 *
 * One that needs the server's nonce is called after INFO, and the server then waits for it no longer than its own
 * authentication time-out (2 s by default). One that does not is called before dialling, within the attempt's `timeout`, so
 * that it may take its time. Which of the two it is, `needsNonce` says; without it, a function declared without parameters
 * cannot want the nonce, and every other is assumed to.
 */
export interface Authenticator {
  (nonce: string | undefined, context: AuthenticationContext): Auth | NoAuth | Promise<Auth | NoAuth>;
  /** `false`: called before dialling, without a nonce. `true`: called after INFO. Default: see above. */
  readonly needsNonce?: boolean | undefined;
}
