// From what the caller and the URL say about credentials to the fields of CONNECT, once for every attempt. Nothing is
// cached, so that rotated credentials are picked up, and nothing secret is kept longer than the attempt.

import type { Auth, AuthenticationContext, Authenticator } from "@myelin/contracts";
import type { ServerUrl, ServerView } from "@myelin/server-pool";
import { errorOf } from "../errors.js";

/** The caller's own credentials, of options; they beat those of a URL (D4). */
export interface CredentialOptions {
  readonly user: string | undefined;
  readonly pass: string | undefined;
  readonly token: string | undefined;
  readonly authenticators: readonly Authenticator[];
}

/** An authenticator threw or rejected. Never the server's own refusal. */
export class AuthenticatorFailure extends Error {}

/** The credentials of one attempt: first those that need no nonce, then, with the server's INFO, the rest. */
export class AttemptCredentials {
  readonly #options: CredentialOptions;
  readonly #server: ServerView;
  readonly #context: Omit<AuthenticationContext, "nonce">;
  readonly #signal: AbortSignal;
  // Answers of authenticators by their place in the list: they are merged in that order, whenever they were given.
  readonly #answers: Auth[] = [];

  /** @param signal aborts with the attempt; no authenticator is called after that */
  constructor(options: CredentialOptions, server: ServerView, attempt: number, signal: AbortSignal) {
    this.#options = options;
    this.#server = server;
    this.#signal = signal;
    this.#context = {
      attempt,
      server: server.url.href,
      lastError: server.lastFailure?.kind === "auth" ? server.lastFailure.error : undefined,
    };
  }

  /** True when {@link prepare} has something to ask. */
  get needsPreparation(): boolean {
    return this.#options.authenticators.some((one) => !needsNonce(one));
  }

  /** Asks the authenticators that need no nonce. To be called before dialling; rejects with AuthenticatorFailure. */
  async prepare(): Promise<void> {
    await this.#ask((one) => !needsNonce(one), undefined);
  }

  /** All there is where nobody has to be asked; `undefined` = {@link complete} knows. */
  get plain(): Auth | undefined {
    if (this.#options.authenticators.length > 0) return undefined;
    return staticCredentials(this.#options) ?? urlCredentials(this.#server.url);
  }

  /** Asks the others and merges everything: the options, then the authenticators as listed, later ones winning. */
  async complete(nonce: string | undefined): Promise<Auth> {
    await this.#ask(needsNonce, nonce);
    return Object.assign({}, staticCredentials(this.#options), ...this.#answers) as Auth;
  }

  async #ask(chosen: (authenticator: Authenticator) => boolean, nonce: string | undefined): Promise<void> {
    const context: AuthenticationContext = { ...this.#context, nonce };
    for (const [index, authenticate] of this.#options.authenticators.entries()) {
      if (!chosen(authenticate)) continue;
      // The one before may have answered after the attempt was over.
      this.#signal.throwIfAborted();
      try {
        // Copied in here, where what it throws when read is known to be its own.
        this.#answers[index] = { ...(await authenticate(nonce, context)) };
      } catch (cause) {
        throw new AuthenticatorFailure(errorOf(cause).message, { cause });
      }
    }
  }
}

function needsNonce(authenticator: Authenticator): boolean {
  return authenticator.needsNonce ?? authenticator.length > 0;
}

function staticCredentials(options: CredentialOptions): Auth | undefined {
  if (options.token !== undefined) return { auth_token: options.token };
  if (options.user !== undefined) return { user: options.user, pass: options.pass ?? "" };
  return undefined;
}

function urlCredentials(url: ServerUrl): Auth {
  if (url.token !== undefined) return { auth_token: url.token };
  if (url.user !== undefined) return { user: url.user, pass: url.pass ?? "" };
  return {};
}

/**
 * Why a server that refuses these credentials may do so; never the credentials themselves.
 *
 * @param expireAt when they end, in milliseconds since the Unix epoch like `now`
 */
export function lackingIn(
  auth: Auth,
  nonce: string | undefined,
  expireAt: number | undefined,
  now: number,
): string | undefined {
  if (Object.values(auth).every((value) => value === undefined)) {
    return nonce === undefined
      ? "no credentials were given: set user and pass, token or authenticator"
      : "no credentials were given, and it sent a nonce to sign: set authenticator to that of an nkey or of .creds";
  }
  if (nonce !== undefined && auth.sig === undefined && (auth.jwt !== undefined || auth.nkey !== undefined)) {
    return "its nonce was not signed: give the authenticator the seed too";
  }
  if (expireAt === undefined || expireAt > now) return undefined;
  return `the credentials ended on ${new Date(expireAt).toUTCString()}: renew them, or check the clock of this machine`;
}

/** Which kinds of credentials are sent, in words, and nothing of them. */
export function credentialsShown(auth: Auth): string[] {
  const { auth_token: token, jwt, nkey, pass, sig, user } = auth;
  const kinds = Object.entries({ user, pass, token, nkey, jwt, sig }).flatMap(([name, value]) => (value ? [name] : []));
  return kinds.length === 0 ? ["without credentials"] : ["with", kinds.join(", ")];
}
