// From what the caller and the URL say about credentials to the fields of CONNECT, once for every attempt. Nothing is
// cached, so that rotated credentials are picked up, and nothing secret is kept in a field of an object.

import type { Auth, Authenticator } from "@myelin/contracts";
import type { ServerInfo } from "@myelin/protocol";
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

/** Merges URL credentials, options and authenticators, in this order, later ones winning. */
export async function credentialsFor(
  options: CredentialOptions,
  server: ServerView,
  info: ServerInfo,
  attempt: number,
): Promise<Auth> {
  const given = staticCredentials(options);
  if (options.authenticators.length === 0) return given ?? urlCredentials(server.url);
  const context = {
    attempt,
    server: server.url.href,
    nonce: info.nonce,
    lastError: server.lastFailure?.kind === "auth" ? server.lastFailure.error : undefined,
  };
  let merged: Auth = given ?? {};
  for (const authenticate of options.authenticators) {
    try {
      merged = { ...merged, ...(await authenticate(info.nonce, context)) };
    } catch (cause) {
      throw new AuthenticatorFailure(errorOf(cause).message, { cause });
    }
  }
  return merged;
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
