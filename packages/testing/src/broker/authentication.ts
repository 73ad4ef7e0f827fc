// Who a client is, by what it sent in CONNECT: user and password, token, nkey, or a JWT of a trusted account. No connection
// here, and no answer to the client. Source: nats-server's authorization configuration, ADR-14.

import type { ConnectOptions } from "@myelin/protocol";
import { fromPublic } from "@nats-io/nkeys";
import type { BrokerPermissions } from "./permissions.js";

/** Somebody a broker lets in: with a password, or with an nkey. */
export interface BrokerUser {
  /** Name, with `pass`. */
  readonly user?: string | undefined;
  /** Password of `user`. */
  readonly pass?: string | undefined;
  /** Public user nkey, `U…`. */
  readonly nkey?: string | undefined;
  /** Default: everything is allowed. */
  readonly permissions?: BrokerPermissions | undefined;
}

/** Who is let in. Several kinds may be given at once; without any of them everybody is. */
export interface BrokerAuthorization {
  /** Users with passwords or nkeys. */
  readonly users?: readonly BrokerUser[] | undefined;
  /** A token that lets anybody in. */
  readonly token?: string | undefined;
  /** Public keys of accounts (`A…`) whose user JWTs are trusted. */
  readonly accounts?: readonly string[] | undefined;
}

/** A client that was let in. */
export interface Identity {
  readonly permissions: BrokerPermissions | undefined;
  /** Unix seconds at which its JWT ends. */
  readonly expires: number | undefined;
}

const ANYBODY: Identity = { permissions: undefined, expires: undefined };

/** Whether anybody has to say who they are. */
export function authRequired({ users, token, accounts }: BrokerAuthorization): boolean {
  return (users?.length ?? 0) > 0 || token !== undefined || (accounts?.length ?? 0) > 0;
}

/** Whether a client may need something to sign. */
export function nonceRequired({ users, accounts }: BrokerAuthorization): boolean {
  return (accounts?.length ?? 0) > 0 || (users?.some(({ nkey }) => nkey !== undefined) ?? false);
}

/** Who this is, or `undefined` when nobody we know. */
export function identify(
  authorization: BrokerAuthorization,
  sent: ConnectOptions,
  nonce: string | undefined,
): Identity | undefined {
  if (!authRequired(authorization)) return ANYBODY;
  if (sent.jwt !== undefined && authorization.accounts !== undefined) {
    return identifyJwt(authorization.accounts, sent.jwt, sent.sig, nonce);
  }
  if (sent.nkey !== undefined) {
    const known = authorization.users?.find(({ nkey }) => nkey === sent.nkey);
    const proven = known !== undefined && hasSigned(sent.nkey, nonce, sent.sig);
    return proven ? { permissions: known.permissions, expires: undefined } : undefined;
  }
  const known = authorization.users?.find(({ user }) => user !== undefined && user === sent.user);
  if (known !== undefined) {
    return known.pass === sent.pass ? { permissions: known.permissions, expires: undefined } : undefined;
  }
  const { token } = authorization;
  return token !== undefined && sent.auth_token === token ? ANYBODY : undefined;
}

interface UserClaims {
  readonly sub: string;
  readonly iss: string;
  readonly exp?: number;
  readonly nats?: {
    readonly type?: string;
    readonly issuer_account?: string;
    readonly pub?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
    readonly sub?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  };
}

function identifyJwt(
  accounts: readonly string[],
  jwt: string,
  sig: string | undefined,
  nonce: string | undefined,
): Identity | undefined {
  const [head, body, seal, ...more] = jwt.split(".");
  if (head === undefined || body === undefined || seal === undefined || more.length > 0) return undefined;
  const claims = parsed(body);
  if (claims === undefined || claims.nats?.type !== "user") return undefined;
  // A signing key speaks for its account; which keys those are is the account's JWT to say, which nobody gives us.
  const account = claims.nats.issuer_account ?? claims.iss;
  if (!accounts.includes(account) || account !== claims.iss) return undefined;
  if (!verified(claims.iss, Buffer.from(`${head}.${body}`), seal)) return undefined;
  if (!hasSigned(claims.sub, nonce, sig)) return undefined;
  const { pub, sub } = claims.nats;
  const rules = (list: typeof pub): { allow?: readonly string[]; deny?: readonly string[] } => ({
    ...((list?.allow?.length ?? 0) > 0 && { allow: list?.allow ?? [] }),
    ...((list?.deny?.length ?? 0) > 0 && { deny: list?.deny ?? [] }),
  });
  return { permissions: { publish: rules(pub), subscribe: rules(sub) }, expires: claims.exp };
}

function parsed(body: string): UserClaims | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(body, "base64url").toString());
    return typeof claims === "object" && claims !== null ? (claims as UserClaims) : undefined;
  } catch {
    return undefined;
  }
}

function hasSigned(nkey: string, nonce: string | undefined, sig: string | undefined): boolean {
  return nonce !== undefined && sig !== undefined && verified(nkey, Buffer.from(nonce), sig);
}

/** @param signature base64, with either alphabet, as servers take it */
function verified(publicKey: string, data: Uint8Array, signature: string): boolean {
  try {
    return fromPublic(publicKey).verify(data, Buffer.from(signature, "base64"));
  } catch {
    return false; // not a key, or not of a length that can be a signature
  }
}
