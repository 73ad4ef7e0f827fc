// Authenticators for credentials that are sent as they are, and one made of several. Each asks its sources anew at every attempt and keeps
// nothing of what they gave. Those that sign are signing-authenticators.ts, apart from these so that nobody bundles keys for a token.
// Names and meanings are those of @nats-io/nats-core v3; sources may be async here.

import type { Auth, AuthenticationContext, Authenticator } from "@myelin/contracts";

/** A value, or a function asked for it at every attempt, which may be async. */
export type Source<T> = T | ((context: AuthenticationContext) => T | Promise<T>);

/** Sends user and password, in plain text as the protocol has it; also for servers that store them as bcrypt. */
export function usernamePasswordAuthenticator(user: Source<string>, pass?: Source<string>): Authenticator {
  return withoutNonce(async (context) => ({
    user: await ask(user, context),
    pass: pass === undefined ? "" : await ask(pass, context),
  }));
}

/** Sends a token. */
export function tokenAuthenticator(token: Source<string>): Authenticator {
  return withoutNonce(async (context) => ({ auth_token: await ask(token, context) }));
}

/** What {@link buildAuthenticator} reads of connection options. */
export interface AuthenticatorOptions {
  /** As `user` of `connect()`. */
  readonly user?: string | undefined;
  /** As `pass` of `connect()`. */
  readonly pass?: string | undefined;
  /** As `token` of `connect()`. */
  readonly token?: string | undefined;
  /** One or several; later ones win where they set the same field. */
  readonly authenticator?: Authenticator | readonly Authenticator[] | undefined;
}

/** One authenticator for all credentials of some options; those of `authenticator` win, later ones over earlier ones. */
export function buildAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { authenticator, pass, token, user } = options;
  const all: Authenticator[] = [];
  if (token !== undefined) all.push(tokenAuthenticator(token));
  if (user !== undefined) all.push(usernamePasswordAuthenticator(user, pass));
  if (typeof authenticator === "function") all.push(authenticator);
  else if (authenticator !== undefined) all.push(...authenticator);
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  return Object.assign(
    async (nonce: string | undefined, context: AuthenticationContext): Promise<Auth> => {
      let merged: Auth = {};
      for (const one of all) merged = { ...merged, ...(await one(nonce, context)) };
      return merged;
    },
    { needsNonce: all.some((one) => one.needsNonce ?? one.length > 0) },
  );
}

/** One that is asked before dialling. */
export function withoutNonce(authenticate: (context: AuthenticationContext) => Promise<Auth>): Authenticator {
  return Object.assign(
    (_nonce: string | undefined, context: AuthenticationContext): Promise<Auth> => authenticate(context),
    { needsNonce: false },
  );
}

/** What the source gives for this attempt. */
export async function ask<T extends string | Uint8Array>(
  source: Source<T>,
  context: AuthenticationContext,
): Promise<T> {
  return typeof source === "function" ? source(context) : source;
}
